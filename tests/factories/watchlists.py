"""Invented lists, entries and parties for tests of watchlists."""

from __future__ import annotations

from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.node import clock, task_queue
from otay.node.actors import EVERYWHERE, Actor, Kind
from otay.screening.watchlists.models import EntryVersion, ListedEntry, ListVersion, Watchlist

PERMISSIONS = (
    "screening.view_watchlists", "screening.propose_entries", "screening.activate_entries", "screening.review_hits",
    "screening.record_redress",
)  # fmt: skip


def officer(key: str = "officer:1", *permissions: str, port: str = "*") -> Actor:
    """An officer who holds ``permissions`` (all of watchlists when none are named) at ``port``."""
    ports = EVERYWHERE if port == "*" else frozenset({port})
    return Actor(Kind.OFFICER, key, f"Officer {key[-1]}", dict.fromkeys(permissions or PERMISSIONS, ports))


def body(**facts: Any) -> dict[str, Any]:
    """The body of an entry: a person of whom nothing is known but what ``facts`` say."""
    return {
        "names": [], "birth_dates": [], "sex": "", "nationalities": [], "documents": [], "reference": "",
        "remarks": "", "action": "", "extras": {}, **facts,
    }  # fmt: skip


def name(given: str = "", surnames: str = "", full_name: str = "") -> dict[str, str]:
    """A name as an entry keeps it."""
    return {"given": given, "surnames": surnames, "full_name": full_name}


def document(number: str, type: str = "", issuer: str = "") -> dict[str, str]:
    """A document as an entry keeps it."""
    return {"number": number, "type": type, "issuer": issuer}


def work_off_jobs() -> None:
    """What the node's background does: every job that is queued runs to its end."""
    while task_queue.step() == 0.0:
        pass


def watchlist(key: str = "alerts", **columns: Any) -> Watchlist:
    """An empty list without a version."""
    return Watchlist.objects.create(
        **{
            "key": key, "title": key.title(), "category": "wanted", "source": "Test", "basis": "Test",
            "contact": "Test", "invented": True, "created_at": clock.now(), "created_by": "system", **columns,
        }
    )  # fmt: skip


def in_force(held: Watchlist, *entries: dict[str, Any]) -> list[EntryVersion]:
    """Put ``entries`` (columns of entry versions; ``body`` and ``key`` at least) in force, past all services."""
    version = ListVersion.objects.create(
        watchlist=held, number=1, state=ListVersion.State.ACTIVE, mode="replace", format="json", digest=bytes(32),
        why="Test", total=len(entries), added=len(entries), changed=0, removed=0, proposed_by="officer:1",
        proposed_by_name="One", proposed_at=clock.now(), decided_by="officer:2", decided_by_name="Two",
        decided_at=clock.now(),
    )  # fmt: skip
    rows = [
        EntryVersion.objects.create(
            **{
                "watchlist": held, "number": 1, "kind": "person", "category": held.category,
                "name": columns["key"], "digest": digest(canonical_json(columns["body"])), **columns,
            }
        )
        for columns in entries
    ]  # fmt: skip
    ListedEntry.objects.bulk_create(ListedEntry(watchlist=held, key=row.key, entry=row) for row in rows)
    Watchlist.objects.filter(pk=held.pk).update(active=version)
    return rows
