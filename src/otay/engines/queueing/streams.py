"""Random streams by name, so that two scenarios that differ in staffing share their arrivals and services."""

from __future__ import annotations

import hashlib

import numpy as np


def stream(seed: int, *key: str | int) -> np.random.Generator:
    """A generator for ``key`` (replication, crossing, traffic, purpose): independent of every other key.

    The same seed and key always give the same numbers, whatever else is drawn.
    """
    digest = hashlib.sha256("\x1f".join(map(str, key)).encode()).digest()
    words = [int.from_bytes(digest[start : start + 4], "big") for start in range(0, 16, 4)]
    return np.random.Generator(np.random.SFC64(np.random.SeedSequence([seed, *words])))
