"""The life of a case: what may happen in which state, and what each step must say.

A case belongs to the node that opened it; only its members change its state. The neighbour's members add entries.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from otay.core.errors import Conflict, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_, Term

CASE = "goods.case"
CASE_ENTRY = "goods.case_entry"


class State(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    SUSPENDED = "suspended"
    REFERRED = "referred"
    DECIDED = "decided"
    APPEALED = "appealed"
    CLOSED = "closed"


class Step(StrEnum):
    """What changes the state of a case."""

    SUSPEND = "suspend"
    RESUME = "resume"
    REFER = "refer"
    DECIDE = "decide"
    APPEAL = "appeal"
    RULE = "rule"
    CLOSE = "close"
    REOPEN = "reopen"


#: (state, step) -> state. What is not in the table cannot happen.
TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.OPEN, Step.SUSPEND): State.SUSPENDED,
    (State.SUSPENDED, Step.RESUME): State.OPEN,
    (State.OPEN, Step.REFER): State.REFERRED,
    (State.REFERRED, Step.DECIDE): State.DECIDED,
    (State.REFERRED, Step.RESUME): State.OPEN,
    (State.OPEN, Step.DECIDE): State.DECIDED,
    (State.OPEN, Step.CLOSE): State.CLOSED,
    (State.DECIDED, Step.APPEAL): State.APPEALED,
    (State.DECIDED, Step.CLOSE): State.CLOSED,
    (State.APPEALED, Step.RULE): State.DECIDED,
    (State.CLOSED, Step.REOPEN): State.OPEN,
}


class Outcome(StrEnum):
    """What a decision says."""

    INFRINGEMENT = "infringement"
    NO_INFRINGEMENT = "no_infringement"
    SETTLED = "settled"


class Ruling(StrEnum):
    """What the appeal body says of a decision."""

    UPHELD = "upheld"
    REDUCED = "reduced"
    ANNULLED = "annulled"


class Kind(StrEnum):
    """What a case is about."""

    VALUATION = "valuation"
    CLASSIFICATION = "classification"
    ORIGIN = "origin"
    PHANTOM = "phantom"
    CONCEALMENT = "concealment"
    OTHER = "other"


class EntryKind(StrEnum):
    """What can stand on a case's timeline."""

    OPENED = "opened"
    NOTE = "note"
    LINK = "link"
    UNLINK = "unlink"
    EVIDENCE = "evidence"
    REQUEST = "request"
    ANSWER = "answer"
    TASK = "task"
    TASK_DONE = "task_done"
    MEMBER = "member"
    STEP = "step"
    SEIZURE = "seizure"
    SHARED = "shared"
    WITHDRAWN = "withdrawn"


class LinkType(StrEnum):
    """What a case can be linked to."""

    DECLARATION = "declaration"
    NEIGHBOUR = "neighbour_declaration"
    MOVEMENT = "movement"
    TRADER = "trader"
    PERSON = "person"
    FINDING = "finding"
    SEIZURE = "seizure"


#: Links that name a person or a firm: shared only where the agreement names the field for it.
PERSONAL_LINKS = frozenset({LinkType.TRADER, LinkType.PERSON})
#: Entries that members write by hand.
WRITTEN = frozenset({EntryKind.NOTE, EntryKind.REQUEST, EntryKind.ANSWER})

STATE_WORDS = {
    State.OPEN: Term(N_("open")),
    State.SUSPENDED: Term(N_("suspended")),
    State.REFERRED: Term(N_("referred to the prosecutor")),
    State.DECIDED: Term(N_("decided")),
    State.APPEALED: Term(N_("under appeal")),
    State.CLOSED: Term(N_("closed")),
}
STEP_WORDS = {
    Step.SUSPEND: Term(N_("suspended")),
    Step.RESUME: Term(N_("resumed")),
    Step.REFER: Term(N_("referred to the prosecutor")),
    Step.DECIDE: Term(N_("decided")),
    Step.APPEAL: Term(N_("appealed")),
    Step.RULE: Term(N_("ruled upon")),
    Step.CLOSE: Term(N_("closed")),
    Step.REOPEN: Term(N_("reopened")),
}


def after(state: str, step: str, *, reference: str = "") -> State:
    """The state that follows when ``step`` is taken in ``state``.

    Raises:
        Conflict: when the table has no such step.
    """
    try:
        return TRANSITIONS[State(state), Step(step)]
    except (KeyError, ValueError):
        raise Conflict(
            N_("Case %(reference)s is %(state)s: it cannot be %(step)s now."),
            reference=reference,
            state=STATE_WORDS.get(State(state), state) if state in set(State) else state,
            step=STEP_WORDS.get(Step(step), step) if step in set(Step) else step,
        ) from None


def possible(state: str) -> list[Step]:
    """The steps that ``state`` allows, in the order of the enumeration."""
    return [step for step in Step if (state, step) in TRANSITIONS]


def check_step(step: Step, detail: Mapping[str, Any]) -> None:
    """Each step says why; a decision its outcome (and its penalty, if any, with a currency); a ruling its result.

    Raises:
        Refused: with every finding.
    """
    findings: list[Finding] = []
    if not str(detail.get("reason", "")).strip():
        findings.append(error("/reason", "case.reason", N_("Say why, in words that the file can be read by later")))
    if step is Step.DECIDE and detail.get("outcome") not in set(Outcome):
        findings.append(_one_of("/outcome", "case.outcome", Outcome, detail.get("outcome")))
    if step is Step.RULE and detail.get("ruling") not in set(Ruling):
        findings.append(_one_of("/ruling", "case.ruling", Ruling, detail.get("ruling")))
    for name in ("penalty", "duty"):
        findings += _amount(name, detail)
    if step is Step.RULE and detail.get("ruling") == Ruling.REDUCED and not detail.get("penalty"):
        findings.append(error("/penalty", "case.penalty", N_("Say what the penalty was reduced to")))
    if findings:
        raise Refused(N_("The step cannot be taken"), findings=findings)


def _one_of(place: str, rule: str, known: type[StrEnum], value: object) -> Finding:
    return error(place, rule, N_("Expected one of %(known)s"), value or "", known=", ".join(known))


def _amount(name: str, detail: Mapping[str, Any]) -> list[Finding]:
    raw = detail.get(name)
    if raw in (None, ""):
        return []
    try:
        amount = Decimal(str(raw))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 <= amount < Decimal(10) ** 15:
        return [error(f"/{name}", "case.amount", N_("Expected an amount of zero or more"), raw)]
    currency = str(detail.get("currency", ""))
    if not (len(currency) == 3 and currency.isascii() and currency.isupper()):
        return [error("/currency", "case.currency", N_("An amount needs its currency, three letters"), currency)]
    return []


@dataclass(frozen=True, slots=True)
class Standing:
    """What is decided: ``outcome`` and the penalty that holds after appeal."""

    outcome: str = ""
    penalty: Decimal | None = None
    currency: str = ""
    ruling: str = ""


def standing(steps: list[tuple[str, Mapping[str, Any]]]) -> Standing:
    """What the steps of a case, oldest first, come to: the last decision as the last ruling left it."""
    now = Standing()
    for step, detail in steps:
        if step == Step.DECIDE:
            raw = detail.get("penalty")
            penalty = Decimal(str(raw)) if raw not in (None, "") else None
            now = Standing(str(detail["outcome"]), penalty, str(detail.get("currency", "")) if penalty else "")
        elif step == Step.RULE:
            now = _ruled(now, detail)
        elif step == Step.REOPEN:
            now = Standing()
    return now


def _ruled(now: Standing, detail: Mapping[str, Any]) -> Standing:
    ruling = str(detail["ruling"])
    if ruling == Ruling.ANNULLED:
        return Standing(Outcome.NO_INFRINGEMENT, None, "", ruling)
    if ruling == Ruling.REDUCED:
        return Standing(now.outcome, Decimal(str(detail["penalty"])), str(detail.get("currency", "")), ruling)
    return Standing(now.outcome, now.penalty, now.currency, ruling)
