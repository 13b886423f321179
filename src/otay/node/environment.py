"""Environment variables by which the server tells its worker processes how they run."""

from __future__ import annotations

WORKERS = "OTAY_WORKERS"
BACKGROUND = "OTAY_BACKGROUND"
