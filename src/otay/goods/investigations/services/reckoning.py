"""Pairs compared anew when the node's rates or tariff change: a rate that comes late, a correction, another duty.

Each change of a table starts a round over the matched pairs of the last months, some at a time.
"""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q

from otay.goods.declarations.tariff.queries import version_of
from otay.goods.investigations.models import MirrorCursor, MirrorPair
from otay.goods.investigations.services import pairs
from otay.goods.investigations.services.matching import LOOK_BACK, cursor
from otay.node import clock

TABLES, PLACE, DONE = "tables", "reckoned", -1
BATCH = 500


def reckon(limit: int = 4 * BATCH) -> dict[str, int]:
    """Compare up to ``limit`` pairs anew where a round is due; how many rows and findings that touched."""
    told = {"pairs": 0, "findings": 0}
    for _step in range(max(1, limit // BATCH)):
        done = _round()
        if done is None:
            break
        told = {name: told[name] + count for name, count in done.items()}
    return told


@transaction.atomic
def _round() -> dict[str, int] | None:
    tables, place = cursor(TABLES), cursor(PLACE)
    changes = version_of("rates") + version_of("lines")
    if tables.last != changes:
        _move(tables, changes)
        place.last = 0
    elif place.last == DONE:
        return None
    since = (clock.now() - LOOK_BACK).date()
    matched = MirrorPair.objects.filter(state=MirrorPair.State.MATCHED, day__gte=since)
    found = list(matched.filter(pk__gt=place.last).order_by("pk").values_list("pk", "peer", "number")[:BATCH])
    _move(place, found[-1][0] if found else DONE)
    if not found:
        return None
    touched = _again({pairs.Key(peer, number) for _pk, peer, number in found})
    return {"pairs": touched[0], "findings": touched[1]}


def _move(row: MirrorCursor, last: int) -> None:
    row.last = last
    row.save(update_fields=["last"])


def _again(keys: set[pairs.Key]) -> tuple[int, int]:
    """Compare the groups whose first record ``keys`` name; those that a new version breaks are left to matching."""
    groups: dict[pairs.Key, list[MirrorPair]] = {}
    rows = MirrorPair.objects.filter(pairs.named(keys), ~Q(declaration=None)).select_related("declaration")
    for pair in rows.prefetch_related("further").order_by("declaration"):
        if (key := pairs.Key(pair.peer, pair.number)) in keys:
            groups.setdefault(key, []).append(pair)
    records = {
        pairs.key_of(one[0]): one
        for one in pairs.records_named({key for group in groups.values() for key in pairs.covered(group[0])})
    }
    declarations = [pair.declaration for group in groups.values() for pair in group if pair.declaration]
    cores = {one[0].pk: one for one in pairs.ours_of(declarations)}
    by = pairs.tables_for(cores.values(), records.values())
    made: list[MirrorPair] = []
    for group in groups.values():
        theirs = [records[key] for key in pairs.covered(group[0]) if key in records]
        ours = [cores[pair.declaration_id] for pair in group if pair.declaration_id]
        if theirs and bytes(group[0].inputs) == pairs.inputs_of(ours, theirs):
            made += pairs.matched(ours, theirs, method=group[0].method, score=group[0].score, by=by)
    return pairs.keep(made)
