"""How rates and lines come in: a file or a request is read whole, compared with what stands, and applied or refused.

The same rows twice change nothing. A row that stands is never rewritten: a correction marks it as replaced, puts the
new one beside it, and the audit log tells both.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import transaction

from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.declarations.tariff import queries, reading
from otay.goods.declarations.tariff.domain import Line, Rate, overlaps, plain
from otay.goods.declarations.tariff.models import CURRENT, ExchangeRate, TableFile, TableState, TariffLine
from otay.goods.declarations.tariff.reading import Read, Row
from otay.node import audit, clock
from otay.node.actors import Actor

IMPORT = "tariff.import"
RATES, LINES = "rates", "lines"
TABLES = (RATES, LINES)
CHANGED = N_("The table was changed meanwhile. Look at what the file changes now.")
Item = Rate | Line


@dataclass(frozen=True)
class Plan:
    """What rows would change in a table, or what is wrong with them."""

    table: str
    fresh: tuple[Item, ...] = ()
    changed: tuple[tuple[Item, Item], ...] = ()
    same: int = 0
    findings: tuple[Finding, ...] = ()
    version: int = 0

    @property
    def empty(self) -> bool:
        """True where nothing would change."""
        return not self.fresh and not self.changed


def plan_csv(table: str, content: bytes, source: str = "") -> Plan:
    """What a file would change."""
    rows, findings = reading.rows_of_csv(content, reading.COLUMNS[table], reading.NEEDED[table])
    return Plan(table, findings=tuple(findings)) if findings else _plan(table, rows, source)


def _plan(table: str, rows: Sequence[Row], source: str) -> Plan:
    version, today = queries.version_of(table), clock.now().date()
    read: Read[Any] = (
        reading.read_rates(rows, base=queries.base(), source=source, today=today)
        if table == RATES
        else reading.read_lines(rows, source=source, today=today)
    )
    held = _held(table, [item for _row, item in read.items])
    fresh, changed, same = [], [], 0
    for _row, item in read.items:
        before = held.get(identity(item))
        if before is None:
            fresh.append(item)
        elif _differs(before, item):
            changed.append((before, item))
        else:
            same += 1
    if table == LINES:
        read.findings += _overlapping(read, held)
    if read.findings:
        return Plan(table, same=same, findings=tuple(read.findings), version=version)
    return Plan(table, tuple(fresh), tuple(changed), same, (), version)


def identity(item: Item) -> tuple[Any, ...]:
    """What makes two rows tell of the same thing."""
    return (item.currency, item.since) if isinstance(item, Rate) else (item.hs, item.origin, item.start)


def _differs(before: Item, after: Item) -> bool:
    """A new name for the source alone is no change of a rate or a duty, and changes nothing."""
    return replace(before, source="") != replace(after, source="")


def _held(table: str, items: Sequence[Item]) -> dict[tuple[Any, ...], Item]:
    """What stands of the currencies, or of the codes and origins, that ``items`` speak of."""
    if table == RATES:
        rates = queries.current_rates().filter(currency__in={item.currency for item in items})
        return {identity(one): one for one in map(queries.rate_of, rates)}
    lines = TariffLine.objects.filter(CURRENT)
    if len(items) <= 500:
        lines = lines.filter(hs__in={item.hs for item in items if isinstance(item, Line)})
    return {identity(one): one for one in map(queries.line_of, lines)}


def _overlapping(read: Read[Line], held: Mapping[tuple[Any, ...], Item]) -> list[Finding]:
    given = {identity(item): row for row, item in read.items}
    told = {identity(item): item for _row, item in read.items}
    final = {key: item for key, item in held.items() if isinstance(item, Line)} | told
    found = []
    for earlier, later in overlaps(final.values()):
        row = given.get(identity(later)) or given.get(identity(earlier))
        if row is not None:
            found.append(
                error(
                    row.place("start"), "tariff.overlap",
                    N_("Two lines of %(hs)s for %(origin)s hold on the same day: the one from %(first)s and the one"
                       " from %(second)s"),
                    later.start, N_("Give the earlier line too, with its last day."),
                    hs=earlier.hs, origin=earlier.origin or "*", first=earlier.start, second=later.start,
                )
            )  # fmt: skip
    return found


def upload(*, actor: Actor, table: str, name: str, content: bytes, source: str) -> TableFile:
    """Keep a file to be looked at before it is applied; it takes the place of the actor's last one left lying.

    Raises:
        Refused: when it is too large to be kept, or empty.
    """
    actor.require(IMPORT)
    if not 0 < len(content) <= reading.MOST_BYTES:
        found = error("/file", "table.size", N_("Expected a file of at most 8 MB that is not empty"), len(content))
        raise Refused(N_("The file cannot be taken"), findings=[found])
    with transaction.atomic():
        TableFile.objects.filter(table=table, uploaded_by=actor.key, applied_at=None).delete()
        row = TableFile.objects.create(
            table=table, name=name[:120], content=content, source=source.strip()[:200], uploaded_at=clock.now(),
            uploaded_by=actor.key,
        )  # fmt: skip
        audit.record(
            actor=actor, action="tariff.uploaded", subject=f"tariff:{table}", reason=source, file=row.name,
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    return row


def uploaded(actor: Actor, number: int) -> TableFile:
    """A file that was uploaded.

    Raises:
        NotFound: when there is none, or it is another one's and not applied.
    """
    row = TableFile.objects.filter(pk=number).first()
    if row is None or (row.applied_at is None and row.uploaded_by != actor.key):
        raise NotFound(N_("There is no such file."))
    return row


def plan_file(row: TableFile) -> Plan:
    """What an uploaded file would change now."""
    return plan_csv(row.table, bytes(row.content), row.source)


@transaction.atomic
def apply_file(*, actor: Actor, number: int, version: int) -> Plan:
    """Apply an uploaded file as it was shown. ``version``: that of the table when it was.

    Raises:
        Conflict: when it is applied already, or the table was changed since it was shown.
        Refused: with every finding.
    """
    actor.require(IMPORT)
    row = uploaded(actor, number)
    state = _locked(row.table)
    row = TableFile.objects.select_for_update().get(pk=number)
    if row.applied_at is not None:
        raise Conflict(N_("This file is applied already."))
    if state.version != version:
        raise Conflict(CHANGED)
    plan = _accepted(plan_file(row))
    _apply(actor, state, plan, row.name)
    row.applied_at, row.fresh, row.changed = clock.now(), len(plan.fresh), len(plan.changed)
    row.save(update_fields=["applied_at", "fresh", "changed"])
    return plan


@transaction.atomic
def put_csv(*, actor: Actor, table: str, content: bytes, name: str, source: str) -> Plan:
    """Apply a file at once.

    Raises:
        Refused: with every finding; nothing is written then.
    """
    actor.require(IMPORT)
    state = _locked(table)
    plan = _accepted(plan_csv(table, content, source))
    _apply(actor, state, plan, name)
    return plan


@transaction.atomic
def put_records(*, actor: Actor, table: str, records: Sequence[Mapping[str, Any]], source: str = "") -> Plan:
    """Apply rows of a request at once.

    Raises:
        Refused: with every finding; nothing is written then.
    """
    actor.require(IMPORT)
    state = _locked(table)
    plan = _accepted(_plan(table, reading.rows_of_json(records, table), source))
    _apply(actor, state, plan, "")
    return plan


def _accepted(plan: Plan) -> Plan:
    if plan.findings:
        raise Refused(N_("Nothing was changed: the table has findings"), findings=plan.findings)
    return plan


def _locked(table: str) -> TableState:
    TableState.objects.get_or_create(key=table)
    return TableState.objects.select_for_update().get(key=table)


def _apply(actor: Actor, state: TableState, plan: Plan, name: str) -> None:
    if plan.empty:
        return
    now = clock.now()
    for before, _after in plan.changed:
        _standing(before).update(replaced_at=now)
    items = [*plan.fresh, *(after for _before, after in plan.changed)]
    kept = {"recorded_at": now, "recorded_by": actor.key}
    if state.key == RATES:
        ExchangeRate.objects.bulk_create(ExchangeRate(base=queries.base(), **_values(one), **kept) for one in items)
    else:
        TariffLine.objects.bulk_create(TariffLine(**_values(one), **kept) for one in items)
    state.version, state.changed_at = state.version + 1, now
    state.save(update_fields=["version", "changed_at"])
    events = [
        audit.Event(
            f"tariff.{state.key}_corrected", f"tariff:{state.key}:{_named(after)}", after.source,
            {"before": _told(before), "after": _told(after)},
        )
        for before, after in plan.changed
    ]  # fmt: skip
    summary = {"file": name, "new": len(plan.fresh), "corrected": len(plan.changed), "version": state.version}
    audit.record_many(
        actor=actor, events=[audit.Event(f"tariff.{state.key}_imported", f"tariff:{state.key}", "", summary), *events]
    )


def _standing(item: Item) -> Any:
    if isinstance(item, Rate):
        return queries.current_rates().filter(currency=item.currency, since=item.since)
    return TariffLine.objects.filter(CURRENT, hs=item.hs, origin=item.origin, start=item.start)


def _values(item: Item) -> dict[str, Any]:
    return {one.name: getattr(item, one.name) for one in fields(item)}


def _named(item: Item) -> str:
    return ":".join(str(part) for part in identity(item) if part)


def _told(item: Item) -> dict[str, str]:
    return {name: _text(value) for name, value in asdict(item).items() if value not in (None, "")}


def _text(value: Decimal | date | str) -> str:
    return str(plain(value)) if isinstance(value, Decimal) else str(value)
