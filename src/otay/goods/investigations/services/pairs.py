"""Pairs of both books and what they find, as rows: made, kept when anything is new, dissolved when it no longer holds.

A row for each of our declarations that was looked at, and one for each record of the neighbour that none of ours
answers to. The same input leaves the same rows, however often it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import Max, Q

from otay.core.canonical import canonical_json, digest
from otay.goods.declarations.domain import State as DeclarationState
from otay.goods.declarations.models import Declaration, DeclarationVersion, NeighbourDeclaration
from otay.goods.declarations.tariff import queries as tables
from otay.goods.declarations.tariff.domain import Tables
from otay.goods.declarations.tariff.items import code_of
from otay.goods.declarations.valuing import reckoning_day
from otay.goods.investigations.domain import mirroring as rules
from otay.goods.investigations.domain.mirroring import Compared, Kind
from otay.goods.investigations.domain.recovering import difference_of, recoverable
from otay.goods.investigations.domain.worth import DOLLARS, currencies_of
from otay.goods.investigations.models import MirrorFinding, MirrorPair, PairedRecord
from otay.node import clock
from otay.node.bulk import update_many

REFERENCE, SCORED, OVERDUE = "reference", "scored", "overdue"
GONE = (DeclarationState.WITHDRAWN, DeclarationState.REFUSED)
_PAIR = ("peer", "number", "state", "method", "score", "port", "day", "lines", "causes", "differing",
         "value_ratio", "duty", "inputs", "matched_at")  # fmt: skip

#: One of our declarations with its latest core record; a record of the neighbour with its body.
Ours = tuple[Declaration, Mapping[str, Any]]
Theirs = tuple[NeighbourDeclaration, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Key:
    """How the neighbour's records are named here."""

    peer: str
    number: str


def key_of(record: NeighbourDeclaration) -> Key:
    """The name of a record."""
    return Key(record.peer, record.number)


def ours_of(rows: Sequence[Declaration]) -> list[Ours]:
    """Our declarations with their latest core records."""
    latest = DeclarationVersion.objects.filter(declaration__in=rows).values("declaration").annotate(last=Max("pk"))
    cores = dict(
        DeclarationVersion.objects.filter(pk__in=[one["last"] for one in latest]).values_list("declaration_id", "core")
    )
    return [(row, cores[row.pk]) for row in rows]


def latest_of(records: Iterable[NeighbourDeclaration]) -> list[Theirs]:
    """The latest version of each record of the neighbour, without empty conveyances; in the order they came."""
    latest: dict[Key, NeighbourDeclaration] = {}
    for record in sorted(records, key=lambda one: (one.version, one.pk)):
        latest[key_of(record)] = record
    return [(record, record.body) for record in sorted(latest.values(), key=lambda one: one.pk) if not _empty(record)]


def named(keys: Iterable[Key], *, by: str = "") -> Q:
    """A condition on ``peer`` and ``number`` that an index answers; it lets through the same number of another peer."""
    wanted = set(keys)
    return Q(**{f"{by}peer__in": {key.peer for key in wanted}, f"{by}number__in": {key.number for key in wanted}})


def records_named(keys: Iterable[Key]) -> list[Theirs]:
    """The latest versions of the records that ``keys`` name."""
    wanted = set(keys)
    found = NeighbourDeclaration.objects.filter(named(wanted))
    return [one for one in latest_of(found) if key_of(one[0]) in wanted]


def _empty(record: NeighbourDeclaration) -> bool:
    """True for an empty trailer or container: nothing to compare."""
    items = record.body.get("items") or ()
    return bool(items) and all(str(item.get("hs", "")).startswith("8609") for item in items)


def tables_for(ours: Iterable[Ours], theirs: Iterable[Theirs]) -> Tables:
    """The rates and tariff lines that pairs of these records may need."""
    mine, other = list(ours), list(theirs)
    days = [*(row.lodged_at.date() for row, _core in mine), *(reckoning_day(record) for record, _body in other)]
    cores = [*(core for _row, core in mine), *(body for _record, body in other)]
    dutiable = [core for row, core in mine if row.type == "import"]
    codes = {code_of(item) for core in cores for item in core.get("items") or ()} if dutiable else set()
    codes |= {code[:6] for code in codes}  # of the neighbour's code six digits count
    return tables.tables_for({DOLLARS, *(currency for core in cores for currency in currencies_of(core))}, codes, days)


def matched(
    ours: Sequence[Ours], theirs: Sequence[Theirs], *, method: str, by: Tables, score: Decimal | None = None
) -> list[MirrorPair]:
    """A row for each of ``ours``, which together are the goods of ``theirs``. Both hold at least one.

    What is told twice is compared once, and is a finding of its own: it is no part of a split consignment.
    """
    kind = ours[0][0].type
    cores, bodies = [core for _row, core in ours], [body for _record, body in theirs]
    ours_again, theirs_again = rules.copies(cores, bodies), rules.copies(bodies, cores)
    first, *others = [record for record, _body in theirs]
    our_day = ours[0][0].lodged_at.date()
    own_cores = [core for at, core in enumerate(cores) if at not in ours_again]
    found = rules.compare_books(
        own_cores, [body for at, body in enumerate(bodies) if at not in theirs_again], we_export=kind == "export",
        our_day=our_day, their_day=reckoning_day(first), rates=by.rates,
    )  # fmt: skip
    missing = recoverable(own_cores, difference_of(found.lines), day=our_day, tables=by) if kind == "import" else None
    told_again = [
        rules.copied(theirs[earlier][0].number, theirs=theirs[at][0].number) for at, earlier in theirs_again.items()
    ]
    made = []
    for at, (row, _core) in enumerate(ours):
        own = [rules.copied(ours[ours_again[at]][0].number, ours=row.number)] if at in ours_again else []
        whole = replace(found, lines=(*found.lines, *told_again, *own))
        pair = MirrorPair(
            declaration=row, peer=first.peer, number=first.number, state=MirrorPair.State.MATCHED, method=method,
            score=score, port=row.port, day=row.lodged_at.date(), lines=[line.as_record() for line in whole.lines],
            causes=list(found.causes), differing=whole.differing, value_ratio=found.value_ratio,
            duty=missing.as_record() if missing else {},
            inputs=inputs_of(ours, theirs),
        )  # fmt: skip
        pair.beside = [key_of(one) for one in others]
        made.append(pair)
    return made


def ours_alone(row: Declaration) -> MirrorPair:
    """A declaration of ours that no record of the neighbour answers to so far."""
    return MirrorPair(
        declaration=row, state=MirrorPair.State.OURS_ONLY, port=row.port, day=row.lodged_at.date(),
        inputs=inputs_of([(row, {})], []),
    )  # fmt: skip


def theirs_alone(record: NeighbourDeclaration) -> MirrorPair:
    """A record of the neighbour that no declaration of ours answers to so far."""
    pair = MirrorPair(
        peer=record.peer, number=record.number, state=MirrorPair.State.THEIRS_ONLY,
        port=str(record.body.get("port", ""))[:8], day=rules.day_of(record.body) or record.received_at.date(),
        inputs=inputs_of([], [(record, {})]),
    )  # fmt: skip
    pair.beside = []
    return pair


def inputs_of(ours: Iterable[Ours], theirs: Iterable[Theirs]) -> bytes:
    """A digest of the versions that a row rests on: with the same ones it needs no second comparison."""
    return digest(
        canonical_json(
            [
                [[row.number, row.version] for row, _core in ours],
                [[record.peer, record.number, record.version] for record, _body in theirs],
            ]
        )
    )


def covered(pair: MirrorPair) -> list[Key]:
    """The neighbour's records that a row speaks of, the first one first."""
    if not pair.number:
        return []
    beside = pair.beside if pair.beside is not None else [Key(one.peer, one.number) for one in pair.further.all()]
    return [Key(pair.peer, pair.number), *beside]


@dataclass(slots=True)
class Standing:
    """Pairs by evidence among some rows: those that rest on the versions that stand now, and our side of the others."""

    declarations: set[int]
    records: set[Key]
    broken: list[Declaration]


def still_scored(rows: Iterable[Declaration], keys: Iterable[Key]) -> Standing:
    """Which of ``rows`` and of the records ``keys`` were paired by evidence, and whether that still holds."""
    wanted = set(keys)
    held = MirrorPair.objects.filter(method=SCORED)
    first: set[Key] = set()
    for found in (Q(declaration__in=list(rows)), named(wanted), named(wanted, by="further__")):
        first |= {Key(*one) for one in held.filter(found).values_list("peer", "number")}
    groups: dict[Key, list[MirrorPair]] = {}
    together = held.filter(named(first)).select_related("declaration").prefetch_related("further")
    for pair in together.order_by("declaration"):
        if (key := Key(pair.peer, pair.number)) in first:
            groups.setdefault(key, []).append(pair)
    spoken_of = _all_covered(pair for group in groups.values() for pair in group)
    records = {key_of(one[0]): one for one in records_named(spoken_of)}
    standing = Standing(set(), set(), [])
    for group in groups.values():
        names = covered(group[0])
        theirs = [records[key] for key in names if key in records]
        ours: list[Ours] = [(pair.declaration, {}) for pair in group if pair.declaration is not None]
        whole = len(theirs) == len(names) and not any(row.state in GONE for row, _core in ours)
        if whole and bytes(group[0].inputs) == inputs_of(ours, theirs):
            standing.declarations |= {row.pk for row, _core in ours}
            standing.records |= set(names)
        else:
            standing.broken += [row for row, _core in ours]
    return standing


def _all_covered(pairs: Iterable[MirrorPair]) -> set[Key]:
    return {key for pair in pairs for key in covered(pair)}


def keep(pairs: Sequence[MirrorPair]) -> tuple[int, int]:
    """Write what is new or rests on other versions than before, and its findings; how many rows of each.

    A record that a changed row no longer speaks of stands alone again; one that was found is alone no more.
    """
    if not pairs:
        return 0, 0
    now = clock.now()
    numbers = [one.declaration_id for one in pairs if one.declaration_id]
    held_rows = MirrorPair.objects.filter(declaration__in=numbers).prefetch_related("further")
    ours = {row.declaration_id: row for row in held_rows}
    theirs = _alone_now(pairs)
    fresh, changed = [], []
    released: set[Key] = set()
    for pair in pairs:
        pair.matched_at = now
        held = ours.get(pair.declaration_id) if pair.declaration_id else theirs.get(Key(pair.peer, pair.number))
        if held is None:
            fresh.append(pair)
        elif bytes(held.inputs) != pair.inputs or (held.declaration_id and _differ(held, pair)):
            released |= set(covered(held)) - set(covered(pair)) if held.declaration_id else set()
            for name in _PAIR:
                setattr(held, name, getattr(pair, name))
            held.beside = pair.beside
            changed.append(held)
    MirrorPair.objects.bulk_create(fresh)
    update_many(changed, _PAIR)
    _keep_further(fresh, changed)
    found = _all_covered(pair for pair in pairs if pair.state == MirrorPair.State.MATCHED)
    gone = [row.pk for key, row in theirs.items() if key in found]
    MirrorPair.objects.filter(pk__in=gone).delete()
    again = _release(released - found)
    return len(fresh) + len(changed) + len(again), _keep_findings([*pairs, *again])


def _differ(held: MirrorPair, pair: MirrorPair) -> bool:
    """True where the same versions are paired otherwise: by a reference now, with parts told of later, or compared by
    other rates or another tariff."""
    by_reference = (held.method, pair.method) == (SCORED, REFERENCE)
    by_tables = pair.state == MirrorPair.State.MATCHED and (held.lines, held.duty) != (pair.lines, pair.duty)
    return by_reference or by_tables or covered(held) != covered(pair)


def _keep_further(fresh: Sequence[MirrorPair], changed: Sequence[MirrorPair]) -> None:
    PairedRecord.objects.filter(pair__in=changed).delete()
    PairedRecord.objects.bulk_create(
        PairedRecord(pair=pair, peer=key.peer, number=key.number)
        for pair in (*fresh, *changed)
        for key in pair.beside or ()
    )


def _alone_now(pairs: Sequence[MirrorPair]) -> dict[Key, MirrorPair]:
    rows = MirrorPair.objects.filter(named(_all_covered(pairs)), declaration=None)
    return {Key(row.peer, row.number): row for row in rows}


def _release(keys: set[Key]) -> list[MirrorPair]:
    """Rows of records that nothing speaks of any more."""
    if not keys:
        return []
    taken: set[Key] = set()
    for rows in (MirrorPair.objects, PairedRecord.objects):
        taken |= {Key(*one) for one in rows.filter(named(keys)).values_list("peer", "number")}
    made = [theirs_alone(record) for record, _body in records_named(keys - taken)]
    for pair in made:
        pair.matched_at = clock.now()
    return MirrorPair.objects.bulk_create(made)


def _keep_findings(pairs: Sequence[MirrorPair]) -> int:
    wanted: dict[str, MirrorFinding] = {}
    for pair in pairs:
        if pair.state == MirrorPair.State.MATCHED:
            lines = tuple(rules.Line.from_record(raw) for raw in pair.lines)
            compared = Compared(lines, tuple(pair.causes), pair.value_ratio)
            duties = {name: Decimal(part) for name, part in pair.duty.get("parts", {}).items()}
            for one in rules.suspicions(compared, duties):
                finding = finding_of(one.kind, one.weight, one.facts, pair)
                finding.duty = one.duty
                finding.duty_currency = pair.duty["currency"] if one.duty is not None else ""
                wanted[finding.key] = finding
    numbers = [pair.declaration_id for pair in pairs if pair.declaration_id]
    held = {row.key: row for row in MirrorFinding.objects.filter(declaration__in=numbers, key__startswith="mirror:")}
    theirs = [f"mirror:{key.peer}:{key.number}:{Kind.THEIRS_ONLY}" for key in _all_covered(pairs)]
    held |= {row.key: row for row in MirrorFinding.objects.filter(key__in=theirs)}
    for pair in pairs:  # still alone: what was said of that still holds
        if pair.state == MirrorPair.State.OURS_ONLY and pair.declaration:
            held.pop(f"mirror:{pair.declaration.number}:{Kind.OURS_ONLY}", None)
        elif pair.state == MirrorPair.State.THEIRS_ONLY:
            held.pop(f"mirror:{pair.peer}:{pair.number}:{Kind.THEIRS_ONLY}", None)
    return keep_findings(wanted, held)


def finding_of(kind: Kind, weight: int, facts: Mapping[str, str], pair: MirrorPair) -> MirrorFinding:
    """What a row speaks against its declaration, or against the neighbour's record where ours is missing."""
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
        elif new is None or (row.duty, row.weight) == (new.duty, new.weight):
            continue
        if new is not None:  # another rate or tariff alone opens no finding again that somebody has looked at
            row.weight, row.duty, row.duty_currency = new.weight, new.duty, new.duty_currency
        changed.append(row)
    MirrorFinding.objects.bulk_create(fresh)
    update_many(changed, ["facts", "causes", "weight", "duty", "duty_currency", "state", "reviewed_by", "reviewed_at"])
    return len(fresh) + len(changed)
