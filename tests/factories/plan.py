"""An indicator for tests of the plan, taken out of the registry again afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.cache import cache

from otay.node import registry
from otay.node.registry import Indicator, Measure


@contextmanager
def indicator(compute: Callable[[], Measure], *points: int) -> Iterator[Indicator]:
    """An indicator ``test.waits`` for ``points`` while the block runs."""
    made = Indicator("test.waits", points, "Waits", "minutes", "The mean of all waits.", compute)
    items = registry.indicators._items
    cache.clear()
    items[made.key] = made
    try:
        yield made
    finally:
        del items[made.key]
        cache.clear()
