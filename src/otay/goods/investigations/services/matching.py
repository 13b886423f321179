"""The mirror: our declarations against the neighbour's records, as both come in.

A run looks at what is new on either side since the last one, and at whatever shares its consignment reference: a late
record or a correction has its pair compared anew. The same input leaves the same rows, however often it is run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max

from otay.core.canonical import canonical_json, digest
from otay.goods.declarations.domain import State as DeclarationState
from otay.goods.declarations.models import Declaration, DeclarationVersion, NeighbourDeclaration
from otay.goods.investigations.domain import mirroring as rules
from otay.goods.investigations.domain.mirroring import Compared, Kind
from otay.goods.investigations.models import MirrorCursor, MirrorFinding, MirrorPair
from otay.node import clock
from otay.node.bulk import update_many

BATCH = 1000
_PAIR = ("peer", "number", "state", "method", "score", "port", "day", "lines", "causes", "differing", "value_ratio",
         "inputs", "matched_at")  # fmt: skip


@dataclass(slots=True)
class Side:
    """Our declarations or the neighbour's records under one consignment reference."""

    rows: list[Any]
    cores: list[Mapping[str, Any]]


def match(limit: int = 4 * BATCH) -> dict[str, int]:
    """Look at up to ``limit`` new records of each side; how many pairs and findings that touched."""
    told = {"looked_at": 0, "pairs": 0, "findings": 0}
    while told["looked_at"] < limit:
        done = _step(min(BATCH, limit - told["looked_at"]))
        if done is None:
            break
        for name, count in done.items():
            told[name] += count
    told["findings"] += overdue()
    return told


@transaction.atomic
def _step(size: int) -> dict[str, int] | None:
    ours, theirs = _cursor("ours"), _cursor("theirs")
    versions = list(DeclarationVersion.objects.filter(pk__gt=ours.last).order_by("pk")[:size])
    records = list(NeighbourDeclaration.objects.filter(pk__gt=theirs.last).order_by("pk")[:size])
    if not versions and not records:
        return None
    touched = {version.declaration_id for version in versions}
    ucrs = {record.ucr for record in records if record.ucr}
    ucrs |= set(Declaration.objects.filter(pk__in=touched).exclude(ucr="").values_list("ucr", flat=True))
    pairs, findings = _match_references(ucrs)
    alone = Declaration.objects.filter(pk__in=touched, ucr="").exclude(empty=True)
    pairs += _keep_pairs([_one_sided(row) for row in alone])
    _move(ours, versions)
    _move(theirs, records)
    return {"looked_at": max(len(versions), len(records)), "pairs": pairs, "findings": findings}


def _cursor(name: str) -> MirrorCursor:
    MirrorCursor.objects.get_or_create(name=name)
    return MirrorCursor.objects.select_for_update().get(name=name)


def _move(cursor: MirrorCursor, rows: Sequence[Any]) -> None:
    if rows:
        cursor.last = rows[-1].pk
        cursor.save(update_fields=["last"])


def _match_references(ucrs: set[str]) -> tuple[int, int]:
    """Compare all that stands under ``ucrs``; returns how many pairs and findings were written."""
    ours = _our_sides(ucrs)
    theirs = _their_sides(ucrs)
    pairs: list[MirrorPair] = []
    for ucr in sorted(ucrs):
        left, right = ours.get(ucr), theirs.get(ucr)
        if left is None and right is not None:
            pairs += [_theirs_alone(record) for record in right.rows]
        elif left is not None:
            pairs += _paired(left, right)
    kept = _keep_pairs(pairs)
    return kept, _keep_findings(pairs)


def _our_sides(ucrs: Iterable[str]) -> dict[str, Side]:
    rows = list(
        Declaration.objects.filter(ucr__in=ucrs, empty=False)
        .exclude(state__in=[DeclarationState.WITHDRAWN, DeclarationState.REFUSED])
        .order_by("pk")
    )
    latest = DeclarationVersion.objects.filter(declaration__in=rows).values("declaration").annotate(last=Max("pk"))
    cores = dict(
        DeclarationVersion.objects.filter(pk__in=[one["last"] for one in latest]).values_list("declaration_id", "core")
    )
    sides: dict[str, Side] = {}
    for row in rows:
        side = sides.setdefault(row.ucr, Side([], []))
        side.rows.append(row)
        side.cores.append(cores[row.pk])
    return sides


def _their_sides(ucrs: Iterable[str]) -> dict[str, Side]:
    latest: dict[tuple[str, str], NeighbourDeclaration] = {}
    for record in NeighbourDeclaration.objects.filter(ucr__in=ucrs).order_by("version", "pk"):
        latest[record.peer, record.number] = record
    sides: dict[str, Side] = {}
    for record in sorted(latest.values(), key=lambda one: one.pk):
        if _is_empty(record.body):
            continue
        side = sides.setdefault(record.ucr, Side([], []))
        side.rows.append(record)
        side.cores.append(record.body)
    return sides


def _is_empty(body: Mapping[str, Any]) -> bool:
    """True for an empty trailer or container: nothing to compare."""
    items = body.get("items") or ()
    return bool(items) and all(str(item.get("hs", "")).startswith("8609") for item in items)


def _paired(left: Side, right: Side | None) -> list[MirrorPair]:
    made = []
    for kind in sorted({row.type for row in left.rows}):
        ours = [(row, core) for row, core in zip(left.rows, left.cores, strict=True) if row.type == kind]
        theirs = [
            (record, core)
            for record, core in (zip(right.rows, right.cores, strict=True) if right else ())
            if rules.is_counterpart(kind, str(core.get("type", "")))
        ]
        made += _compared(ours, theirs, kind) if theirs else [_one_sided(row) for row, _core in ours]
    return made


def _compared(ours: list[tuple[Any, Any]], theirs: list[tuple[Any, Any]], kind: str) -> list[MirrorPair]:
    found = rules.compare_books(
        [core for _row, core in ours], [core for _row, core in theirs], we_export=kind == "export",
        our_day=ours[0][0].lodged_at.date(), their_day=rules.day_of(theirs[0][1]),
    )  # fmt: skip
    first = theirs[0][0]
    inputs = _inputs(ours, theirs)
    return [
        MirrorPair(
            declaration=row, peer=first.peer, number=first.number, state=MirrorPair.State.MATCHED, method="reference",
            port=row.port, day=row.lodged_at.date(), lines=[line.as_record() for line in found.lines],
            causes=list(found.causes), differing=found.differing, value_ratio=found.value_ratio, inputs=inputs,
        )
        for row, _core in ours
    ]  # fmt: skip


def _inputs(ours: Iterable[tuple[Any, Any]], theirs: Iterable[tuple[Any, Any]]) -> bytes:
    return digest(
        canonical_json(
            [
                [[row.number, row.version] for row, _core in ours],
                [[record.peer, record.number, record.version] for record, _core in theirs],
            ]
        )
    )


def _one_sided(row: Declaration) -> MirrorPair:
    return MirrorPair(
        declaration=row, state=MirrorPair.State.OURS_ONLY, port=row.port, day=row.lodged_at.date(),
        inputs=_inputs([(row, None)], []),
    )  # fmt: skip


def _theirs_alone(record: NeighbourDeclaration) -> MirrorPair:
    return MirrorPair(
        peer=record.peer, number=record.number, state=MirrorPair.State.THEIRS_ONLY,
        port=str(record.body.get("port", ""))[:8], day=rules.day_of(record.body) or record.received_at.date(),
        inputs=_inputs([], [(record, None)]),
    )  # fmt: skip


def _keep_pairs(pairs: Sequence[MirrorPair]) -> int:
    """Write what is new or rests on other versions than before; how many rows."""
    if not pairs:
        return 0
    now = clock.now()
    ours = {
        row.declaration_id: row
        for row in MirrorPair.objects.filter(
            declaration__in=[one.declaration_id for one in pairs if one.declaration_id]
        )
    }
    theirs = {
        (row.peer, row.number): row
        for row in MirrorPair.objects.filter(declaration=None, number__in=[one.number for one in pairs if one.number])
    }
    fresh, changed = [], []
    for pair in pairs:
        pair.matched_at = now
        held = ours.get(pair.declaration_id) if pair.declaration_id else theirs.get((pair.peer, pair.number))
        if held is None:
            fresh.append(pair)
        elif bytes(held.inputs) != pair.inputs:
            for name in _PAIR:
                setattr(held, name, getattr(pair, name))
            changed.append(held)
    MirrorPair.objects.bulk_create(fresh)
    update_many(changed, _PAIR)
    # what stood alone on their side and has found its counterpart is alone no more
    found = {(pair.peer, pair.number) for pair in pairs if pair.state == MirrorPair.State.MATCHED}
    gone = [row.pk for key, row in theirs.items() if key in found]
    MirrorPair.objects.filter(pk__in=gone).delete()
    return len(fresh) + len(changed)


def _keep_findings(pairs: Sequence[MirrorPair]) -> int:
    wanted: dict[str, MirrorFinding] = {}
    for pair in pairs:
        if pair.state == MirrorPair.State.MATCHED:
            compared = Compared(tuple(_line(raw) for raw in pair.lines), tuple(pair.causes), pair.value_ratio)
            for one in rules.suspicions(compared):
                finding = _finding(one.kind, one.weight, one.facts, pair)
                wanted[finding.key] = finding
    numbers = [pair.declaration_id for pair in pairs if pair.declaration_id]
    held = {row.key: row for row in MirrorFinding.objects.filter(declaration__in=numbers, key__startswith="mirror:")}
    theirs = [f"mirror:{pair.peer}:{pair.number}:{Kind.THEIRS_ONLY}" for pair in pairs if pair.number]
    held |= {row.key: row for row in MirrorFinding.objects.filter(key__in=theirs)}
    for pair in pairs:  # still alone: what was said of that still holds
        if pair.state == MirrorPair.State.OURS_ONLY and pair.declaration:
            held.pop(f"mirror:{pair.declaration.number}:{Kind.OURS_ONLY}", None)
        elif pair.state == MirrorPair.State.THEIRS_ONLY:
            held.pop(f"mirror:{pair.peer}:{pair.number}:{Kind.THEIRS_ONLY}", None)
    return keep_findings(wanted, held)


def _line(raw: Mapping[str, Any]) -> rules.Line:
    from decimal import Decimal

    ratio = raw["ratio"]
    return rules.Line(
        raw["element"], raw["ours"], raw["theirs"], raw["verdict"], None if ratio is None else Decimal(ratio),
        tuple(raw["causes"]),
    )  # fmt: skip


def _finding(kind: Kind, weight: int, facts: Mapping[str, str], pair: MirrorPair) -> MirrorFinding:
    row = pair.declaration
    who = row.number if row else f"{pair.peer}:{pair.number}"
    return MirrorFinding(
        key=f"mirror:{who}:{kind}", kind=kind, declaration=row, peer=pair.peer, number=pair.number, port=pair.port,
        trader=(row.importer or row.exporter) if row else "", hs6=row.hs6 if row else "", weight=weight,
        facts=dict(facts), causes=list(pair.causes), day=pair.day, found_at=clock.now(),
    )  # fmt: skip


def keep_findings(wanted: Mapping[str, MirrorFinding], held: Mapping[str, MirrorFinding]) -> int:
    """Write new findings, renew those that hold still, and mark as gone the open ones of ``held`` that do not."""
    fresh = [finding for key, finding in wanted.items() if key not in held]
    changed = []
    for key, row in held.items():
        new = wanted.get(key)
        if new is None and row.state == MirrorFinding.State.OPEN:
            row.state = MirrorFinding.State.GONE
        elif new is not None and (row.facts != new.facts or row.state == MirrorFinding.State.GONE):
            row.facts, row.causes, row.weight = new.facts, new.causes, new.weight
            row.state, row.reviewed_by, row.reviewed_at = MirrorFinding.State.OPEN, "", None
        else:
            continue
        changed.append(row)
    MirrorFinding.objects.bulk_create(fresh)
    update_many(changed, ["facts", "causes", "weight", "state", "reviewed_by", "reviewed_at"])
    return len(fresh) + len(changed)


@transaction.atomic
def overdue(limit: int = 2 * BATCH) -> int:
    """Findings about records whose counterpart has been outstanding for too long; how many were added.

    An export of the neighbour without an import of ours, after five days, may be a phantom or goods that entered
    undeclared. A record of ours without the neighbour's counts only where the neighbour tells us of that kind at all.
    """
    today = clock.now().date()
    added = 0
    for state, kind in (
        (MirrorPair.State.THEIRS_ONLY, Kind.THEIRS_ONLY),
        (MirrorPair.State.OURS_ONLY, Kind.OURS_ONLY),
    ):
        if kind is Kind.OURS_ONLY and not NeighbourDeclaration.objects.exists():
            continue
        before = today - timedelta(days=rules.GRACE_DAYS[kind])
        rows = _overdue_rows(state, before, limit)
        wanted = {}
        for pair in rows:
            finding = _finding(kind, rules.WEIGHTS[kind], _alone_facts(pair, today), pair)
            wanted[finding.key] = finding
        held = {row.key for row in MirrorFinding.objects.filter(key__in=list(wanted))}
        added += len(MirrorFinding.objects.bulk_create(one for key, one in wanted.items() if key not in held))
        MirrorPair.objects.filter(pk__in=[pair.pk for pair in rows]).update(method="overdue")
    return added


def _overdue_rows(state: str, before: date, limit: int) -> list[MirrorPair]:
    rows = MirrorPair.objects.filter(state=state, day__lt=before, method="").select_related("declaration")
    if state == MirrorPair.State.OURS_ONLY:
        crossed = [DeclarationState.AT_PORT, DeclarationState.INSPECTED, DeclarationState.RELEASED]
        rows = rows.filter(declaration__state__in=crossed)
    return list(rows.order_by("pk")[:limit])


def _alone_facts(pair: MirrorPair, today: date) -> dict[str, str]:
    facts = {"days": str((today - pair.day).days)}
    if pair.state == MirrorPair.State.THEIRS_ONLY:
        record = NeighbourDeclaration.objects.filter(peer=pair.peer, number=pair.number).order_by("-version").first()
        body = record.body if record else {}
        amount = (body.get("invoice") or {}).get("amount") or {}
        items = body.get("items") or [{}]
        facts |= {
            "theirs": f"{amount.get('amount', '')} {amount.get('currency', '')}".strip(),
            "hs6": str(items[0].get("hs", ""))[:6],
        }
        if str(body.get("destination_country", settings.OTAY.country)) != settings.OTAY.country:
            facts["destination"] = str(body["destination_country"])
    return facts
