"""The mirror: our declarations against the neighbour's records by their shared reference, as both come in.

A run looks at what is new on either side since the last one, and at whatever shares its consignment reference: a late
record or a correction has its pair compared anew. What has no reference in common is for
:mod:`otay.goods.investigations.services.assigning`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from otay.goods.declarations.models import Declaration, DeclarationVersion, NeighbourDeclaration
from otay.goods.investigations.domain import mirroring as rules
from otay.goods.investigations.models import MirrorCursor, MirrorPair
from otay.goods.investigations.services import pairs
from otay.goods.investigations.services.pairs import REFERENCE, Ours, Theirs
from otay.node import clock

BATCH = 1000
LOOK_BACK = timedelta(days=90)


def match(limit: int = 4 * BATCH) -> dict[str, int]:
    """Look at up to ``limit`` new records of each side; how many pairs and findings that touched."""
    told = {"looked_at": 0, "pairs": 0, "findings": 0}
    while told["looked_at"] < limit:
        done = _step(min(BATCH, limit - told["looked_at"]))
        if done is None:
            break
        for name, count in done.items():
            told[name] += count
    return told


@transaction.atomic
def _step(size: int) -> dict[str, int] | None:
    ours, theirs = cursor("ours"), cursor("theirs")
    versions = list(DeclarationVersion.objects.filter(pk__gt=ours.last).order_by("pk")[:size])
    records = list(NeighbourDeclaration.objects.filter(pk__gt=theirs.last).order_by("pk")[:size])
    if not versions and not records:
        return None
    touched = {version.declaration_id for version in versions}
    ucrs = {record.ucr for record in records if record.ucr}
    ucrs |= set(Declaration.objects.filter(pk__in=touched).exclude(ucr="").values_list("ucr", flat=True))
    without = Declaration.objects.filter(pk__in=touched, ucr="", empty=False).exclude(state__in=pairs.GONE)
    told = match_references(ucrs, list(without), [record for record in records if not record.ucr])
    _move(ours, versions)
    _move(theirs, records)
    return {"looked_at": max(len(versions), len(records)), "pairs": told[0], "findings": told[1]}


def cursor(name: str) -> MirrorCursor:
    """How far a step has come, locked."""
    MirrorCursor.objects.get_or_create(name=name)
    return MirrorCursor.objects.select_for_update().get(name=name)


def _move(cursor: MirrorCursor, rows: Sequence[Any]) -> None:
    if rows:
        cursor.last = rows[-1].pk
        cursor.save(update_fields=["last"])


@transaction.atomic
def catch_up(limit: int = BATCH) -> dict[str, int]:
    """Look again at references under which both sides have something and ours stands alone or was never looked at.

    On a database where transactions end in another order than they began, a row may appear after a later one was read.
    """
    told = Exists(NeighbourDeclaration.objects.filter(ucr=OuterRef("ucr")))
    waiting = Q(mirror=None) | Q(mirror__state=MirrorPair.State.OURS_ONLY)
    recent = Declaration.objects.filter(lodged_at__gt=clock.now() - LOOK_BACK, empty=False).exclude(ucr="")
    ucrs = recent.filter(told, waiting).exclude(state__in=pairs.GONE).values_list("ucr", flat=True).distinct()[:limit]
    touched = match_references(list(ucrs))
    return {"pairs": touched[0], "findings": touched[1]}


def match_references(
    ucrs: Iterable[str], without: Sequence[Declaration] = (), nameless: Sequence[NeighbourDeclaration] = ()
) -> tuple[int, int]:
    """Compare all that stands under ``ucrs``; how many pairs and findings were written.

    ``without`` and ``nameless``: our declarations and the neighbour's records that carry no reference at all.
    """
    ours, theirs = _our_sides(ucrs), _their_sides(ucrs)
    by = pairs.tables_for((one for side in ours.values() for one in side), (one for s in theirs.values() for one in s))
    made: list[MirrorPair] = []
    alone: list[Declaration] = list(without)
    left_over: list[Theirs] = pairs.latest_of(nameless)
    for ucr in sorted({*ours, *theirs}):
        mine, other = ours.get(ucr, []), theirs.get(ucr, [])
        used: set[int] = set()
        for kind in sorted({row.type for row, _core in mine}):
            group = [one for one in mine if one[0].type == kind]
            answers = [one for one in other if rules.is_counterpart(kind, str(one[1].get("type", "")))]
            if answers:
                made += pairs.matched(group, answers, method=REFERENCE, by=by)
                used |= {record.pk for record, _body in answers}
            else:
                alone += [row for row, _core in group]
        left_over += [one for one in other if one[0].pk not in used]
    standing = pairs.still_scored(alone, [pairs.key_of(record) for record, _body in left_over])
    paired = {pair.declaration_id for pair in made}
    lonely = {row.pk: row for row in (*standing.broken, *alone) if row.pk not in paired}
    made += [pairs.ours_alone(row) for pk, row in lonely.items() if pk not in standing.declarations]
    made += [pairs.theirs_alone(one) for one, _body in left_over if pairs.key_of(one) not in standing.records]
    return pairs.keep(made)


def _our_sides(ucrs: Iterable[str]) -> dict[str, list[Ours]]:
    rows = list(Declaration.objects.filter(ucr__in=ucrs, empty=False).exclude(state__in=pairs.GONE).order_by("pk"))
    sides: dict[str, list[Ours]] = {}
    for row, core in pairs.ours_of(rows):
        sides.setdefault(row.ucr, []).append((row, core))
    return sides


def _their_sides(ucrs: Iterable[str]) -> dict[str, list[Theirs]]:
    sides: dict[str, list[Theirs]] = {}
    for record, body in pairs.latest_of(NeighbourDeclaration.objects.filter(ucr__in=ucrs)):
        sides.setdefault(record.ucr, []).append((record, body))
    return sides
