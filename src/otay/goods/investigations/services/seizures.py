"""Seizing goods and what happens to them: each step an entry of the custody chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from otay.core.custody import Holding
from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.declarations import queries as declarations
from otay.goods.investigations import sharing
from otay.goods.investigations.domain import seizures as rules
from otay.goods.investigations.domain.cases import EntryKind, LinkType
from otay.goods.investigations.domain.seizures import State, Step
from otay.goods.investigations.models import Case, SeizedItem, Seizure, SeizureCustody
from otay.goods.investigations.queries import seizures as queries
from otay.goods.investigations.services import cases
from otay.node import audit, clock, custody
from otay.node.actors import Actor
from otay.places.queries import ports

SEIZE = "investigations.seize"
MAX_ITEMS = 200


@dataclass(frozen=True, slots=True)
class Item:
    """Goods that are seized."""

    hs6: str
    description: str
    quantity: Decimal
    unit: str
    value: Decimal
    currency: str


@transaction.atomic
def seize(
    *, actor: Actor, port: str, items: Sequence[Item], ground: str, place: str, held_from: str = "",
    number: str = "", case: str = "", at: datetime | None = None,
) -> Seizure:  # fmt: skip
    """Enter goods into the register; who seizes holds them first.

    Raises:
        Forbidden: unless ``actor`` seizes at ``port``.
        NotFound: for a declaration or case that ``actor`` may not see.
        Refused: with every finding.
    """
    actor.require(SEIZE, port=port)
    now = clock.now()
    moment = at or now
    if findings := _findings(port, items, ground, place, moment, now):
        raise Refused(N_("The seizure cannot be registered"), findings=findings)
    row_case = cases.locked(actor, case) if case else None
    declaration = declarations.declaration(actor, number) if number else None
    row = Seizure.objects.create(
        reference=cases.next_reference("S", settings.OTAY.country, now.year), case=row_case, declaration=declaration,
        port=port, state=State.SEIZED, at=moment, ground=ground.strip()[:300], held_from=held_from.strip()[:150],
        holder=actor.name, place=place.strip()[:150],
    )  # fmt: skip
    SeizedItem.objects.bulk_create(
        SeizedItem(
            seizure=row, number=position, hs6=item.hs6, description=item.description.strip()[:200],
            quantity=item.quantity, unit=item.unit, value=item.value, currency=item.currency,
        )
        for position, item in enumerate(items, start=1)
    )  # fmt: skip
    detail = {
        "ground": row.ground,
        "items": [[item.hs6, f"{item.quantity:f}", item.unit, f"{item.value:f}", item.currency] for item in items],
    }
    _extend(actor, row, Step.SEIZE, row.holder, row.place, moment, detail)
    if row_case:
        _tell_case(actor, row_case, row, Step.SEIZE)
    audit.record(actor=actor, action="investigations.seized", subject=f"seizure:{row.reference}", reason=row.ground)
    return row


def _findings(port: str, items: Sequence[Item], ground: str, place: str, at: datetime, now: datetime) -> list[Finding]:
    found = []
    if port not in {one.code for one in ports()}:
        found.append(error("/port", "seizure.port", N_("There is no such port of entry"), port))
    if not ground.strip():
        found.append(error("/ground", "custody.ground", N_("Name the decision or law that this rests on")))
    if not place.strip():
        found.append(error("/place", "custody.place", N_("Say where the goods are from now on")))
    if at > now:
        found.append(error("/at", "seizure.at", N_("It cannot happen in the future"), at))
    if not 1 <= len(items) <= MAX_ITEMS:
        found.append(
            error("/items", "seizure.items", N_("A seizure has 1 to %(most)s items"), len(items), most=MAX_ITEMS)
        )
    for position, item in enumerate(items):
        found += _item_findings(f"/items/{position}", item)
    return found


def _item_findings(place: str, item: Item) -> list[Finding]:
    found = []
    if not (len(item.hs6) == 6 and item.hs6.isascii() and item.hs6.isdigit()):
        found.append(error(f"{place}/hs6", "seizure.hs6", N_("Expected six digits of the Harmonised System"), item.hs6))
    if not item.description.strip():
        found.append(error(f"{place}/description", "seizure.description", N_("Describe the goods")))
    if not item.quantity.is_finite() or not 0 < item.quantity < Decimal(10) ** 12:
        found.append(
            error(f"{place}/quantity", "seizure.quantity", N_("Expected a quantity above zero"), item.quantity)
        )
    if item.unit not in rules.UNITS:
        known = ", ".join(rules.UNITS)
        found.append(error(f"{place}/unit", "seizure.unit", N_("Expected one of %(known)s"), item.unit, known=known))
    if not item.value.is_finite() or not 0 <= item.value < Decimal(10) ** 15:
        found.append(error(f"{place}/value", "seizure.value", N_("Expected an amount of zero or more"), item.value))
    if not (len(item.currency) == 3 and item.currency.isascii() and item.currency.isupper()):
        found.append(
            error(
                f"{place}/currency", "seizure.currency", N_("An amount needs its currency, three letters"),
                item.currency,
            )
        )  # fmt: skip
    return found


@transaction.atomic
def take_step(
    *, actor: Actor, reference: str, step: str, holder: str, place: str = "", detail: Mapping[str, Any] | None = None
) -> Seizure:
    """Record what happens to seized goods.

    Raises:
        NotFound: when ``actor`` may not see the seizure.
        Forbidden: unless ``actor`` seizes at its port.
        Conflict: when its state does not allow the step.
        Refused: when the step lacks what it must say.
    """
    queries.seizure(actor, reference)
    row = Seizure.objects.select_for_update(of=("self",)).get(reference=reference)
    actor.require(SEIZE, port=row.port)
    told = {key: value for key, value in (detail or {}).items() if value}
    state = rules.after(row.state, step, reference=reference)
    rules.check_step(Step(step), actor=actor.name, holder=holder, place=place, detail=told)
    now = clock.now()
    row.state, row.holder, row.place = state, holder.strip()[:150], place.strip()[:150]
    if state in rules.FINAL:
        row.disposition, row.disposed_at = str(step), now
    row.save()
    _extend(actor, row, Step(step), row.holder, row.place, now, told)
    if row.case:
        locked = Case.objects.select_for_update().get(pk=row.case.pk)
        _tell_case(actor, locked, row, Step(step))
    audit.record(
        actor=actor, action=f"investigations.seizure_{step}", subject=f"seizure:{reference}",
        reason=str(told.get("ground", "")),
    )  # fmt: skip
    return row


def _extend(
    actor: Actor, row: Seizure, step: Step, holder: str, place: str, at: datetime, detail: Mapping[str, Any]
) -> None:
    item = f"seizure:{row.reference}"
    custody.extend(SeizureCustody, {item: [Holding(str(step), at, actor.key, holder, place, detail)]})
    row.entries_count += 1
    row.save(update_fields=["entries_count"])


def _tell_case(actor: Actor, case: Case, row: Seizure, step: Step) -> None:
    """The case's timeline and, where the case is shared, the neighbour hear of it."""
    if step is Step.SEIZE:
        case.links.create(type=LinkType.SEIZURE, identifier=row.reference, added_by=actor.key, added_at=clock.now())
    body = {"seizure": row.reference, "step": str(step), "state": row.state}
    cases.write(actor, case, [cases.Draft(EntryKind.SEIZURE, body, shared=True)])
    row.case = case
    sharing.publish_seizure(actor=actor, row=row)
