"""Asks a time-stamping authority, where node.toml names one. Evidence never waits for it longer than a moment."""

from __future__ import annotations

import logging
from typing import Any

import httpx
from django.conf import settings

from otay.exchange.domain import stamps

log = logging.getLogger(__name__)
PATIENCE_SECONDS = 5.0
MOST_BYTES = 64 * 1024


def stamped(evidence: dict[str, Any]) -> dict[str, Any]:
    """``evidence`` with a time stamp; without one where no authority is named, or where it does not answer in time."""
    if not settings.OTAY.timestamps:
        return evidence
    try:
        answer = httpx.post(
            settings.OTAY.timestamps,
            content=stamps.question(evidence),
            headers={"Content-Type": stamps.CONTENT_TYPE},
            timeout=PATIENCE_SECONDS,
        )
        answer.raise_for_status()
        return {**evidence, stamps.STAMP: stamps.answered(answer.content[:MOST_BYTES])}
    except (httpx.HTTPError, ValueError, ImportError) as problem:
        log.warning("no time stamp: %s", type(problem).__name__)
        return evidence
