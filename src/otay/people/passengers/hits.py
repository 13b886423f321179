"""Travellers against the watchlists: what screening is asked, and what of its answer is kept beside the traveller."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from django.urls import reverse

from otay.node import clock
from otay.node.actors import Actor
from otay.people.passengers.domain.answers import Match
from otay.people.passengers.models import Hit, Traveller
from otay.screening import watchlists
from otay.screening.watchlists import Document, Party
from otay.screening.watchlists import Hit as Found
from otay.screening.watchlists.models import ListHit

SUBJECT = "traveller"


def subject(traveller: Traveller) -> str:
    """How audit, screening and intake name a traveller."""
    return f"{SUBJECT}:{traveller.uid}"


def party(traveller: Traveller) -> Party:
    """The traveller as screening wants it. ``facts`` before ``booking``: advance information is read from documents."""
    said = traveller.facts or traveller.booking or {}
    papers = [*(traveller.facts.get("documents") or ()), *((traveller.booking or {}).get("documents") or ())]
    documents = {
        (paper.get("number") or "", paper.get("type") or "", paper.get("issuer") or ""): None
        for paper in papers
        if paper.get("number")
    }
    return Party(
        key=subject(traveller),
        given=said.get("given") or "",
        surnames=said.get("surnames") or "",
        full_name=said.get("full_name") or "",
        birth_date=said.get("birth_date") or "",
        sex=said.get("sex") or "",
        nationality=said.get("nationality") or "",
        documents=tuple(Document(*paper) for paper in documents),
        label=f"{traveller.full_name} · {traveller.flight.name} {traveller.flight.day}",
        url=reverse("passengers:traveller", args=[traveller.uid]),
        port=traveller.flight.office,
    )


def screen(travellers: Sequence[Traveller], *, actor: Actor | None) -> list[list[Found]]:
    """The hits of each of ``travellers``, in order."""
    return watchlists.screen([party(traveller) for traveller in travellers], actor=actor) if travellers else []


def matches(found: Sequence[Found]) -> list[Match]:
    """What the answer depends on."""
    confirmed = _confirmed([found])
    return [Match(str(hit.band), hit.category, hit.cleared, hit.id in confirmed) for hit in found]


def kept_matches(hits: Iterable[Hit]) -> list[Match]:
    """The same of hits found earlier."""
    states = Hit.State
    return [
        Match(hit.band, hit.category, hit.state == states.CLEARED, hit.state == states.CONFIRMED)
        for hit in hits
        if hit.state != states.GONE
    ]


def _confirmed(found: Iterable[Sequence[Found]]) -> set[int]:
    """Those rows of the review queue that officers confirmed."""
    rows = [hit.id for hits in found for hit in hits]
    if not rows:
        return set()
    return set(ListHit.objects.filter(pk__in=rows, state=ListHit.State.CONFIRMED).values_list("pk", flat=True))


def keep(found: Mapping[int, Sequence[Found]]) -> None:
    """Bring the hits kept of the travellers (by id) in line with ``found``, all that there are of them."""
    if not found:
        return
    held = {(row.traveller_id, row.entry_id): row for row in Hit.objects.filter(traveller_id__in=list(found))}
    confirmed = _confirmed(found.values())
    fresh, changed, now = [], [], clock.now()
    for traveller, hits in found.items():
        for hit in hits:
            row = held.pop((traveller, hit.entry_id), None)
            state = Hit.State.CLEARED if hit.cleared else Hit.State.OPEN
            state = Hit.State.CONFIRMED if hit.id in confirmed else state
            if row is None:
                fresh.append(_row(traveller, hit, state, now))
                continue
            row.state, row.band, row.review = state, str(hit.band), hit.id
            changed.append(row)
    gone = [row for row in held.values() if row.state != Hit.State.GONE]
    for row in gone:
        row.state = Hit.State.GONE
    Hit.objects.bulk_create(fresh)
    Hit.objects.bulk_update([*changed, *gone], ["state", "band", "review"])


def _row(traveller: int, hit: Found, state: str, now: datetime) -> Hit:
    return Hit(
        traveller_id=traveller, review=hit.id, entry_id=hit.entry_id, list_key=hit.list, list_title=hit.list_title,
        entry_name=hit.entry_name, category=hit.category, band=str(hit.band), score=Decimal(str(hit.score)),
        reasons=[reason.as_record() for reason in hit.reasons], state=state, found_at=now,
    )  # fmt: skip
