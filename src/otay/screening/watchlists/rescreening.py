"""A list changed: everybody whom a room still expects is screened again, against what changed.

Only the entries that changed are compared with all parties. For the few that one of them names, as it was or as it is,
all hits are found anew and given to the room. This gives what screening everybody again against all lists would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from otay.node import clock, jobs
from otay.node.actors import Actor
from otay.node.models import JobRun
from otay.screening.registry import Rescreener, rescreeners
from otay.screening.watchlists.domain import Party
from otay.screening.watchlists.models import Clearance, EntryChange, EntryVersion
from otay.screening.watchlists.queue import screen_and_keep

LOOKED_BACK = timedelta(days=7)  # of the daily run: a node that was down for less misses nothing
Report = Callable[[int, int, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Rescreened:
    """How many parties were looked at, and for how many something may have changed."""

    parties: int = 0
    affected: int = 0


def run_job(run: JobRun, actor: Actor) -> dict[str, Any]:
    """The job that follows the activation of a version; goes on where it stopped."""
    done = rescreen(
        changed_entries(int(run.arguments["version"])),
        resume=run.resume_state,
        report=lambda done, total, state: jobs.progress(run, done, total, state=state),
    )
    return {"parties": done.parties, "affected": done.affected}


def changed_entries(version: int) -> list[EntryVersion]:
    """The entries that a version touched, as they were and as they are."""
    changes = EntryChange.objects.filter(version=version).select_related("before", "after").order_by("pk")
    return [entry for change in changes for entry in (change.before, change.after) if entry is not None]


def due_today() -> Rescreened:
    """Daily: entries that began or ceased to be valid, and cleared matches that expired, within the last days."""
    today, since = clock.now().date(), (clock.now() - LOOKED_BACK).date()
    edges = Q(valid_from__gte=since, valid_from__lte=today) | Q(valid_until__gte=since, valid_until__lt=today)
    expired = Clearance.objects.filter(expires_at__lte=clock.now(), expires_at__gt=clock.now() - LOOKED_BACK)
    entries = EntryVersion.objects.filter(listed__isnull=False)
    return rescreen(list(entries.filter(edges | Q(pk__in=expired.values("entry")))))


def rescreen(
    entries: Sequence[EntryVersion], *, resume: dict[str, Any] | None = None, report: Report | None = None
) -> Rescreened:
    """Screen the parties of every room against ``entries``; those named are screened against all lists again.

    ``resume`` is the last state that ``report`` was given.
    """
    from otay.screening.watchlists.matching import Index

    if not entries:
        return Rescreened()
    index = Index(entries)
    state = {"parties": 0, "affected": 0, "rooms": 0, "batches": 0, **(resume or {})}
    total = sum(room.count() for room in rescreeners)
    for number, room in enumerate(rescreeners):
        if number < state["rooms"]:
            continue
        for place, batch in enumerate(room.batches()):
            if place < state["batches"]:
                continue
            affected = [batch[one] for one in sorted({match.party for match in index.match(batch, None)})]
            _tell(room, affected)
            state |= {
                "parties": state["parties"] + len(batch), "affected": state["affected"] + len(affected),
                "batches": place + 1,
            }  # fmt: skip
            if report:
                report(min(state["parties"], total), total, dict(state))
        state |= {"rooms": number + 1, "batches": 0}
    return Rescreened(state["parties"], state["affected"])


@transaction.atomic
def _tell(room: Rescreener, parties: Sequence[Party]) -> None:
    if parties:
        room.take(parties, screen_and_keep(parties))


def tell_rooms(parties: Iterable[Party]) -> None:
    """An officer decided on hits of ``parties``: the rooms hear how each stands now. In the caller's transaction."""
    by_room: dict[str, list[Party]] = {}
    for party in parties:
        by_room.setdefault(party.key.partition(":")[0], []).append(party)
    for key, some in sorted(by_room.items()):
        if key in rescreeners:
            rescreeners[key].take(some, screen_and_keep(some))
