"""Lists in force made searchable: one index a list and process, brought up to date when a version changes.

A small change is an index of its own beside the one it corrects, so that a list of 100,000 entries need not be read
again for one of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from otay.node.prepared import prepared
from otay.screening.watchlists.models import EntryChange, EntryVersion, ListVersion, Watchlist

if TYPE_CHECKING:
    from otay.screening.watchlists.matching import Index

REBUILT_FROM = 0.05  # share of changed entries from which on the whole index is made again
LOOKED_BACK = 20  # versions


@dataclass(frozen=True, slots=True)
class Loaded:
    """A list as it stands: ``whole`` without the entries in ``corrected``, and ``corrections`` in their place."""

    stamp: UUID
    whole: Index
    corrections: Index | None = None
    corrected: frozenset[str] = frozenset()


_loaded: dict[int, Loaded] = {}
_held: dict[str, tuple[tuple[UUID, ...], list[Watchlist]]] = {}
_lock = threading.Lock()


def current(watchlists: Iterable[Watchlist]) -> list[tuple[Watchlist, Loaded]]:
    """Each list (with its ``active`` version) and its index; a query or three for a list whose version changed."""
    found = []
    for watchlist in watchlists:
        assert watchlist.active is not None  # noqa: S101 - the caller asked for such lists
        held = _loaded.get(watchlist.pk)
        if held is None or held.stamp != watchlist.active.stamp:
            with _lock:
                held = _loaded.get(watchlist.pk)
                if held is None or held.stamp != watchlist.active.stamp:
                    held = _refreshed(watchlist, watchlist.active, held)
                    _loaded[watchlist.pk] = held
        found.append((watchlist, held))
    return found


def in_force() -> list[Watchlist]:
    """The lists that have a version in force. What is said of a list when it is opened never changes, so that it is
    read again only when another version is in force."""
    stamps = tuple(_stamps())
    held, rows = _held.get("in_force", ((), []))
    if held != stamps:
        rows = list(_having().select_related("active"))
        _held["in_force"] = tuple(row.active.stamp for row in rows if row.active), rows
    return list(rows)


def _having() -> QuerySet[Watchlist]:
    return Watchlist.objects.filter(active__isnull=False).order_by("pk")


@prepared
def _stamps() -> QuerySet[Watchlist, UUID]:
    return _having().values_list("active__stamp", flat=True)


def forget() -> None:
    """Drop all indexes of this process."""
    _loaded.clear()
    _held.clear()


def _refreshed(watchlist: Watchlist, active: ListVersion, held: Loaded | None) -> Loaded:
    from otay.screening.watchlists.matching import Index

    corrected = _changed_since(active, held) if held else None
    if held is None or corrected is None or len(corrected) > max(100, REBUILT_FROM * len(held.whole.entries)):
        return Loaded(active.stamp, Index(listed(watchlist.pk)))
    return Loaded(active.stamp, held.whole, Index(listed(watchlist.pk, corrected)), corrected)


def _changed_since(active: ListVersion, held: Loaded) -> frozenset[str] | None:
    """Keys of the entries that differ from ``held.whole``; None where the way back is too long."""
    version: ListVersion | None = active
    between: list[int] = []
    while version is not None and version.stamp != held.stamp:
        between.append(version.pk)
        if len(between) > LOOKED_BACK:
            return None
        version = version.base
    if version is None:
        return None
    changed = EntryChange.objects.filter(version__in=between).values_list("key", flat=True)
    return held.corrected | frozenset(changed)


def listed(watchlist: int, keys: Iterable[str] | None = None) -> Sequence[EntryVersion]:
    """The entries of a list that are in force, or those of ``keys``."""
    found = EntryVersion.objects.filter(listed__watchlist=watchlist).order_by("pk")
    return list(found if keys is None else found.filter(key__in=list(keys)))
