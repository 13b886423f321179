"""What has no reference in common, paired by evidence: goods, parties, vehicle, container, seal, mass, value and time.

Both sides' records that stand alone go through the engine's assignment together, beside the last ones that are paired:
how much a common trader or vehicle says depends on how rare it is among all, not among the few that stand alone. A
record that carries a reference is given a day for its counterpart to come under it; what a reference pairs later takes
precedence over evidence. Nothing is computed while the same records stand alone as at the last run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import QuerySet

from otay.core.canonical import canonical_json, digest
from otay.goods.declarations.tariff.domain import Rates
from otay.goods.declarations.valuing import reckoning_day
from otay.goods.investigations.domain import book_rows
from otay.goods.investigations.domain import mirroring as rules
from otay.goods.investigations.domain.worth import DOLLARS, in_dollars
from otay.goods.investigations.models import MirrorPair
from otay.goods.investigations.services import pairs
from otay.goods.investigations.services.matching import LOOK_BACK, cursor
from otay.goods.investigations.services.pairs import SCORED, Ours, Theirs
from otay.node import clock

if TYPE_CHECKING:
    import polars as pl

CURSOR = "assigned"
PATIENCE = timedelta(days=1)
MOST = 20_000
#: Paired records beside those that stand alone.
CONTEXT = 2_000
#: Evidence of a pair over its best rival, as a probability. Less is no pair: a wrong one would hide two findings.
LEAST = 0.9


@dataclass(frozen=True, slots=True)
class Alone:
    """What stands alone on both sides, with the digests of the rows that say so."""

    ours: list[Ours]
    theirs: list[Theirs]
    seen: dict[int, bytes]

    @property
    def fingerprint(self) -> int:
        """The same number for the same records."""
        names = sorted(inputs.hex() for inputs in self.seen.values())
        return int.from_bytes(digest(canonical_json(names))[:7], "big")


def assign() -> dict[str, int]:
    """Pair what stands alone on both sides; how many rows and findings that touched."""
    alone = _alone()
    with transaction.atomic():
        if cursor(CURSOR).last == alone.fingerprint:
            return {"pairs": 0, "findings": 0}
    made: list[MirrorPair] = []
    for kind in ("import", "export"):
        made += _assigned(alone, kind, taken={key for pair in made for key in pairs.covered(pair)})
    return _keep(alone, made)


@transaction.atomic
def _keep(alone: Alone, made: list[MirrorPair]) -> dict[str, int]:
    """Write the pairs of which neither side was paired, amended or told anew meanwhile."""
    place = cursor(CURSOR)
    now = {row.pk: bytes(row.inputs) for row in MirrorPair.objects.filter(pk__in=list(alone.seen))}
    if now != alone.seen:
        return {"pairs": 0, "findings": 0}  # the next run sees what is new
    touched = pairs.keep(made)
    place.last = alone.fingerprint if not made else 0
    place.save(update_fields=["last"])
    return {"pairs": touched[0], "findings": touched[1]}


def _alone() -> Alone:
    now = clock.now()
    since = (now - LOOK_BACK).date()
    rows = MirrorPair.objects.filter(day__gte=since)
    mine = list(_newest(rows.filter(state=MirrorPair.State.OURS_ONLY).select_related("declaration")))
    others = list(_newest(rows.filter(state=MirrorPair.State.THEIRS_ONLY)))
    declarations = [row.declaration for row in mine if row.declaration is not None]
    ours = [one for one in pairs.ours_of(declarations) if _ripe(one[0].ucr, one[0].lodged_at, now)]
    records = pairs.records_named(pairs.Key(row.peer, row.number) for row in others)
    theirs = [one for one in records if _ripe(one[0].ucr, one[0].received_at, now)]
    ripe = {row.pk for row, _core in ours}
    keys = {pairs.key_of(record) for record, _body in theirs}
    seen = {row.pk: bytes(row.inputs) for row in mine if row.declaration_id in ripe}
    seen |= {row.pk: bytes(row.inputs) for row in others if pairs.Key(row.peer, row.number) in keys}
    return Alone(ours, theirs, seen)


def _newest(rows: QuerySet[MirrorPair]) -> QuerySet[MirrorPair]:
    return rows.order_by("-day", "-pk")[:MOST]


def _ripe(ucr: str, since: Any, now: Any) -> bool:
    return not ucr or since <= now - PATIENCE


def _assigned(alone: Alone, kind: str, *, taken: set[pairs.Key]) -> list[MirrorPair]:
    """Pairs of our declarations of ``kind`` with the neighbour's records of the other direction."""
    ours = [one for one in alone.ours if one[0].type == kind]
    theirs = [
        one for one in alone.theirs
        if pairs.key_of(one[0]) not in taken and rules.is_counterpart(kind, str(one[1].get("type", "")))
    ]  # fmt: skip
    if not ours or not theirs:
        return []
    lonely = len(ours), len(theirs)
    context = _context(kind)
    ours, theirs = [*ours, *context[0]], [*theirs, *context[1]]
    ids = book_rows.party_ids(core for _row, core in ours) & book_rows.party_ids(body for _record, body in theirs)
    by = pairs.tables_for(ours, theirs)
    mine = _frame([book_rows.row_of(core, row.lodged_at.date(), known_ids=ids) for row, core in ours], by.rates)
    other = _frame([book_rows.row_of(body, reckoning_day(record), known_ids=ids) for record, body in theirs], by.rates)
    made = []
    for lefts, rights, score in _found(mine, other, we_export=kind == "export"):
        if max(lefts) >= lonely[0] or max(rights) >= lonely[1]:
            continue
        group = sorted((ours[at] for at in lefts), key=lambda one: one[0].pk)
        answers = sorted((theirs[at] for at in rights), key=lambda one: one[0].pk)
        made += pairs.matched(group, answers, method=SCORED, score=score, by=by)
    return made


def _context(kind: str) -> tuple[list[Ours], list[Theirs]]:
    """The last declarations of ``kind`` that are paired, and the records that they are paired with."""
    rows = MirrorPair.objects.filter(state=MirrorPair.State.MATCHED, declaration__type=kind)
    found = list(rows.select_related("declaration").order_by("-pk")[:CONTEXT])
    declarations = [pair.declaration for pair in found if pair.declaration is not None]
    return pairs.ours_of(declarations), pairs.records_named(pairs.Key(pair.peer, pair.number) for pair in found)


def _frame(rows: Sequence[dict[str, Any]], rates: Rates) -> pl.DataFrame:
    """Rows of a book with all values in dollars; a value without a rate that may be used is no evidence."""
    import polars as pl

    for row in rows:
        row |= {"value": in_dollars(row["value"], row["currency"] or "", row["date"], rates), "currency": DOLLARS}
    kinds = {name: pl.Float64 if is_number else pl.String for name, is_number in book_rows.COLUMNS.items()}
    return pl.DataFrame(list(rows), schema={"date": pl.Date, **kinds})


def _found(
    mine: pl.DataFrame, other: pl.DataFrame, *, we_export: bool
) -> Iterator[tuple[list[int], list[int], Decimal]]:
    """Rows of ours and of theirs that belong together, and how sure that is."""
    from otay.engines.fraud.mirror.matching import find_pairs
    from otay.engines.fraud.mirror.records import books

    exports, imports = (mine, other) if we_export else (other, mine)
    found = find_pairs(*books(exports, imports))
    left, right = (found.left, found.right) if we_export else (found.right, found.left)
    groups: dict[int, list[int]] = {}
    for at, group in enumerate(found.group.tolist()):
        groups.setdefault(group, []).append(at)
    for places in groups.values():
        sure = min(float(found.confidence[at]) for at in places)
        if sure >= LEAST:
            lefts, rights = ({int(side[at]) for at in places} for side in (left, right))
            yield sorted(lefts), sorted(rights), Decimal(f"{sure:.3f}")
