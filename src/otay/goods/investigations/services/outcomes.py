"""What is found about declarations after their inspection: dated events that nobody changes afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.declarations import queries as declarations
from otay.goods.declarations.models import Declaration
from otay.goods.investigations.domain.outcomes import Fraud, Kind
from otay.goods.investigations.models import OutcomeEvent
from otay.node import audit, clock
from otay.node.actors import Actor

RECORD = "investigations.record_outcomes"


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that became known of a declaration."""

    number: str
    kind: str
    fraud: str = ""
    amount: Decimal | None = None
    currency: str = ""
    at: datetime | None = None
    remarks: str = ""


@transaction.atomic
def record(*, actor: Actor, found: Sequence[Found]) -> list[OutcomeEvent]:
    """Record findings, duty, penalties and clearances; all or none.

    Raises:
        Forbidden: unless ``actor`` records outcomes at the port of each declaration.
        NotFound: for a declaration that is not here, or that ``actor`` may not see.
        Refused: with every finding.
    """
    actor.require(RECORD)
    now = clock.now()
    rows = {number: declarations.declaration(actor, number) for number in sorted({one.number for one in found})}
    for row in rows.values():
        actor.require(RECORD, port=row.port)
    findings = [problem for place, one in enumerate(found) for problem in _problems(place, one, rows, now)]
    if findings:
        raise Refused(N_("The outcomes cannot be recorded"), findings=findings)
    return _keep(actor, [(rows[one.number], one) for one in found], now)


def _problems(place: int, one: Found, rows: dict[str, Declaration], now: datetime) -> list[Finding]:
    found = []
    kinds = [str(kind) for kind in Kind if kind is not Kind.INSPECTED]
    if one.kind not in kinds:
        found.append(
            error(f"/{place}/kind", "outcome.kind", N_("Expected one of %(known)s"), one.kind, known=", ".join(kinds))
        )
    if one.kind == Kind.FINDING and one.fraud not in set(Fraud):
        known = ", ".join(Fraud)
        found.append(error(f"/{place}/fraud", "outcome.fraud", N_("Expected one of %(known)s"), one.fraud, known=known))
    if one.kind in (Kind.DUTY, Kind.PENALTY) and one.amount is None:
        found.append(error(f"/{place}/amount", "outcome.amount", N_("An amount is needed")))
    if one.amount is not None:
        if not one.amount.is_finite() or not 0 <= one.amount < Decimal(10) ** 15:
            found.append(
                error(f"/{place}/amount", "outcome.amount", N_("Expected an amount of zero or more"), one.amount)
            )
        if not (len(one.currency) == 3 and one.currency.isascii() and one.currency.isupper()):
            found.append(
                error(
                    f"/{place}/currency", "outcome.currency", N_("An amount needs its currency, three letters"),
                    one.currency,
                )
            )  # fmt: skip
    if not one.remarks.strip():
        found.append(error(f"/{place}/remarks", "outcome.remarks", N_("Say in words what was found")))
    if one.at is not None and not rows[one.number].lodged_at <= one.at <= now:
        found.append(
            error(
                f"/{place}/at", "outcome.at", N_("It happened between the lodging of the declaration and now"), one.at
            )
        )
    return found


def _keep(
    actor: Actor, pairs: Sequence[tuple[Declaration, Found]], now: datetime, case: str = ""
) -> list[OutcomeEvent]:
    made = OutcomeEvent.objects.bulk_create(
        OutcomeEvent(
            declaration=row, kind=one.kind, fraud=one.fraud, at=one.at or now, recorded_at=now, actor=actor.key,
            amount=one.amount, currency=one.currency if one.amount is not None else "", case=case,
            remarks=one.remarks.strip()[:2000],
        )
        for row, one in pairs
    )  # fmt: skip
    audit.record_many(
        actor=actor,
        events=[
            audit.Event(f"investigations.outcome_{one.kind}", f"declaration:{row.number}", one.remarks[:300])
            for row, one in pairs
        ],
    )
    return made


_FRAUD_OF = {
    "valuation": Fraud.UNDERVALUATION,
    "classification": Fraud.MISCLASSIFICATION,
    "origin": Fraud.ORIGIN,
    "phantom": Fraud.PHANTOM,
    "concealment": Fraud.CONCEALMENT,
}


def of_decision(
    *, actor: Actor, case: str, kind: str, numbers: Sequence[str], infringement: bool, cleared: bool,
    penalty: Decimal | None, duty: Decimal | None, currency: str, remarks: str,
) -> list[OutcomeEvent]:  # fmt: skip
    """Events of the declarations that a case was decided about. Penalty and duty are the case's: they are recorded
    once, on the first of them. Called in the transaction of the decision, whose lead has the right to it."""
    rows = list(Declaration.objects.filter(number__in=numbers).order_by("pk"))
    if not rows or not (infringement or cleared):
        return []
    if cleared:
        pairs = [(row, Found(row.number, Kind.CLEARED, remarks=remarks)) for row in rows]
    else:
        fraud = _FRAUD_OF.get(kind, Fraud.OTHER)
        pairs = [(row, Found(row.number, Kind.FINDING, fraud, remarks=remarks)) for row in rows]
        if duty is not None:
            pairs.append((rows[0], Found(rows[0].number, Kind.DUTY, "", duty, currency, remarks=remarks)))
        if penalty is not None:
            pairs.append((rows[0], Found(rows[0].number, Kind.PENALTY, "", penalty, currency, remarks=remarks)))
    return _keep(actor, pairs, clock.now(), case)
