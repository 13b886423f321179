"""Parties screened against every list in force, and the review queue of what was found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from django.db import transaction
from django.db.models import QuerySet

from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.prepared import prepared
from otay.screening.watchlists import engine
from otay.screening.watchlists.domain import Band, Hit, Party
from otay.screening.watchlists.models import Clearance, ListHit, Watchlist

if TYPE_CHECKING:
    from otay.screening.watchlists.matching import Match

_T = TypeVar("_T")
_AT_ONCE = 5000  # parameters of one query
State = ListHit.State


def screen_and_keep(parties: Sequence[Party], *, actor: Actor | None = None) -> list[list[Hit]]:
    """The hits of each party, kept for review; see :func:`otay.screening.watchlists.screen`."""
    if not parties:
        return []
    return keep(parties, found_now(parties), actor=actor)


def found_now(parties: Sequence[Party]) -> list[list[Hit]]:
    """The hits of each party on the lists in force, best first; nothing is written."""
    matches: list[tuple[Watchlist, Match]] = []
    today = clock.now().date()
    for watchlist, loaded in engine.current(engine.in_force()):
        found = loaded.whole.match(parties, today, without=loaded.corrected)
        if loaded.corrections:
            found += loaded.corrections.match(parties, today)
        matches += [(watchlist, match) for match in found]
    return answered(parties, matches)


def answered(parties: Sequence[Party], matches: Iterable[tuple[Watchlist, Match]]) -> list[list[Hit]]:
    """``matches`` as hits by party, best first, those that were cleared marked."""
    found: list[list[Hit]] = [[] for _party in parties]
    for watchlist, match in matches:
        entry = match.entry
        found[match.party].append(
            Hit(
                list=watchlist.key, list_title=watchlist.title, entry=entry.key, version=entry.number,
                entry_id=entry.pk, entry_name=entry.name, category=entry.category, band=match.band,
                score=round(match.score, 4), reasons=match.reasons,
            )
        )  # fmt: skip
    cleared = _cleared({parties[place].fingerprint for place, hits in enumerate(found) if hits})
    bands = list(Band)
    for place, hits in enumerate(found):
        if not hits:
            continue
        mark = parties[place].fingerprint
        hits[:] = sorted(
            (replace(hit, cleared=(mark, hit.entry_id) in cleared) for hit in hits),
            key=lambda hit: (hit.cleared, bands.index(hit.band), -hit.score, hit.entry_id),
        )
    return found


def _cleared(fingerprints: Collection[str]) -> set[tuple[str, int]]:
    held = Clearance.objects.filter(expires_at__gt=clock.now(), revoked_at=None)
    return {
        pair
        for some in _portions(fingerprints)
        for pair in held.filter(fingerprint__in=some).values_list("fingerprint", "entry_id")
    }


def _portions(items: Iterable[_T]) -> Iterator[list[_T]]:
    following = iter(items)
    while some := list(islice(following, _AT_ONCE)):
        yield some


@transaction.atomic(savepoint=False)
def keep(parties: Sequence[Party], hits: Sequence[Sequence[Hit]], *, actor: Actor | None = None) -> list[list[Hit]]:
    """Bring the review queue in line with ``hits``, all that there are of ``parties``; answers them with their ids."""
    now = clock.now()
    wanted = {
        (party.key, party.fingerprint, hit.entry_id): (party, hit)
        for party, found in zip(parties, hits, strict=True)
        for hit in found
    }
    held = _held({party.key for party in parties})
    _settle([row for key, row in held.items() if key not in wanted], State.GONE, [State.OPEN, State.CLEARED])
    again = {key: row for key, row in held.items() if key in wanted}
    _settle([row for key, row in again.items() if not wanted[key][1].cleared], State.OPEN, [State.GONE, State.CLEARED])
    _settle([row for key, row in again.items() if wanted[key][1].cleared], State.CLEARED, [State.GONE, State.OPEN])
    fresh = [_row(*wanted[key], now) for key in sorted(set(wanted) - set(held))]
    ListHit.objects.bulk_create(fresh, ignore_conflicts=True, batch_size=1000)
    if actor is not None:
        counts = [(party, len(found)) for party, found in zip(parties, hits, strict=True) if found]
        audit.record_many(
            actor=actor,
            events=[audit.Event("screening.hits_found", party.key, detail={"hits": n}) for party, n in counts],
        )
    rows = held | (_held({row.party_key for row in fresh}) if fresh else {})
    return [
        [_numbered(hit, rows[party.key, party.fingerprint, hit.entry_id]) for hit in found] if found else []
        for party, found in zip(parties, hits, strict=True)
    ]


def _numbered(hit: Hit, row: ListHit) -> Hit:
    return replace(hit, id=row.pk, confirmed=row.state == State.CONFIRMED)


def _held(party_keys: Collection[str]) -> dict[tuple[str, str, int], ListHit]:
    return {
        (row.party_key, row.fingerprint, row.entry_id): row
        for some in _portions(sorted(party_keys))
        for row in _of_parties(keys=some)
    }


@prepared
def _of_parties(*, keys: Sequence[str]) -> QuerySet[ListHit]:
    return ListHit.objects.filter(party_key__in=keys).only("party_key", "fingerprint", "entry_id", "state")


def _settle(rows: Iterable[ListHit], state: str, leaving: Sequence[str]) -> None:
    keys = sorted(row.pk for row in rows if row.state in leaving)
    for some in _portions(keys):
        ListHit.objects.filter(pk__in=some, state__in=leaving).update(state=state)


def _row(party: Party, hit: Hit, now: datetime) -> ListHit:
    return ListHit(
        party_key=party.key, fingerprint=party.fingerprint, party=party.as_record(), label=party.shown[:300],
        url=party.url, port=party.port, entry_id=hit.entry_id, band=str(hit.band), score=Decimal(str(hit.score)),
        reasons=[reason.as_record() for reason in hit.reasons], found_at=now,
        state=State.CLEARED if hit.cleared else State.OPEN,
    )  # fmt: skip
