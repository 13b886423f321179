"""The transit procedure as data: which message leads from which state to which.

NCTS phase 5 after the public technical interface specification (HMRC's, Apache-2.0, after DDNTA of DG TAXUD); a TIR
operation after the TIR Convention's start, termination and discharge in each customs territory.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from otay.core.errors import Conflict
from otay.core.i18n import N_

MAX_INCIDENTS = 9


class State(StrEnum):
    """Where a movement stands."""

    DRAFT = "draft"
    PRE_LODGED = "pre_lodged"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    GUARANTEE_INVALID = "guarantee_invalid"
    UNDER_CONTROL = "under_control"
    RELEASED = "released"
    IN_TRANSIT = "in_transit"
    INCIDENT = "incident"
    ARRIVED = "arrived"
    UNLOADING = "unloading"
    UNLOADED = "unloaded"
    DISCREPANCIES = "discrepancies"
    GOODS_RELEASED = "goods_released"
    ENQUIRY = "enquiry"
    RECOVERY = "recovery"
    DISCHARGED = "discharged"
    NOT_RELEASED = "not_released"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    TERMINATED = "terminated"


S = State
FINAL = frozenset({S.DISCHARGED, S.NOT_RELEASED, S.REJECTED, S.CANCELLED})
BEFORE_RELEASE = (S.PRE_LODGED, S.SUBMITTED, S.ACCEPTED, S.GUARANTEE_INVALID, S.UNDER_CONTROL)
UNDER_WAY = (S.RELEASED, S.IN_TRANSIT)
Table = Mapping[str, Mapping[State, State]]


def _to(target: State, *sources: State) -> dict[State, State]:
    return dict.fromkeys(sources, target)


def _same(*sources: State) -> dict[State, State]:
    return {source: source for source in sources}


NCTS: Table = MappingProxyType(
    {
        "IE015": _to(S.SUBMITTED, S.DRAFT),
        "IE015-D": _to(S.PRE_LODGED, S.DRAFT),
        "IE170": _to(S.ACCEPTED, S.PRE_LODGED),
        "IE028": _to(S.ACCEPTED, S.SUBMITTED),
        "IE056": _to(S.REJECTED, S.SUBMITTED, S.PRE_LODGED),
        "IE013": _same(S.PRE_LODGED, S.ACCEPTED, S.GUARANTEE_INVALID),
        "IE004": _same(S.PRE_LODGED, S.ACCEPTED) | _to(S.ACCEPTED, S.GUARANTEE_INVALID),
        "IE014": _same(*BEFORE_RELEASE),
        "IE009": _to(S.CANCELLED, *BEFORE_RELEASE, *UNDER_WAY),
        "IE055": _to(S.GUARANTEE_INVALID, S.ACCEPTED),
        "IE060": _to(S.UNDER_CONTROL, S.ACCEPTED),
        "IE051": _to(S.NOT_RELEASED, S.ACCEPTED, S.UNDER_CONTROL, S.GUARANTEE_INVALID),
        "IE029": _to(S.RELEASED, S.ACCEPTED, S.UNDER_CONTROL),
        "depart": _to(S.IN_TRANSIT, S.RELEASED),
        "IE182": _to(S.INCIDENT, *UNDER_WAY, S.INCIDENT),
        "continue": _to(S.IN_TRANSIT, S.INCIDENT),
        "IE007": _to(S.ARRIVED, *UNDER_WAY, S.INCIDENT, S.ENQUIRY),
        "IE057": _to(S.IN_TRANSIT, S.ARRIVED) | _to(S.UNLOADING, S.UNLOADED),
        "IE043": _to(S.UNLOADING, S.ARRIVED, S.UNLOADING, S.UNLOADED),
        "IE044": _to(S.UNLOADED, S.UNLOADING),
        "IE025": _to(S.GOODS_RELEASED, S.ARRIVED, S.UNLOADED, S.DISCREPANCIES),
        "IE019": _to(S.DISCREPANCIES, S.UNLOADED),
        "IE140": _to(S.ENQUIRY, *UNDER_WAY, S.INCIDENT),
        "IE141": _same(S.ENQUIRY),
        "IE035": _to(S.RECOVERY, *UNDER_WAY, S.INCIDENT, S.ENQUIRY, S.DISCREPANCIES),
        "IE045": _to(S.DISCHARGED, S.GOODS_RELEASED, S.DISCREPANCIES, S.ENQUIRY, S.RECOVERY),
    }
)
"""``IE015-D`` is a declaration lodged before the goods are presented; ``depart`` is the truck leaving the
office after the release (IE029), which no message of NCTS tells; ``continue`` is the office's leave to go on."""

TIR: Table = MappingProxyType(
    {
        "declare": _to(S.SUBMITTED, S.DRAFT),
        "accept": _to(S.ACCEPTED, S.SUBMITTED),
        "reject": _to(S.REJECTED, S.SUBMITTED),
        "cancel": _to(S.CANCELLED, S.SUBMITTED, S.ACCEPTED),
        "refuse": _to(S.NOT_RELEASED, S.ACCEPTED),
        "start": _to(S.IN_TRANSIT, S.ACCEPTED),
        "incident": _to(S.INCIDENT, S.IN_TRANSIT, S.INCIDENT),
        "continue": _to(S.IN_TRANSIT, S.INCIDENT),
        "terminate": _to(S.TERMINATED, S.IN_TRANSIT, S.INCIDENT),
        "reserve": _to(S.DISCREPANCIES, S.TERMINATED),
        "enquire": _to(S.ENQUIRY, S.IN_TRANSIT, S.INCIDENT),
        "claim": _to(S.RECOVERY, S.IN_TRANSIT, S.INCIDENT, S.ENQUIRY, S.DISCREPANCIES),
        "discharge": _to(S.DISCHARGED, S.TERMINATED, S.DISCREPANCIES, S.ENQUIRY, S.RECOVERY),
    }
)
"""One TIR operation, that is, one customs territory. Proof found during an enquiry leads to ``discharge`` at once."""

PROCEDURES: Mapping[str, Table] = MappingProxyType({"ncts": NCTS, "tir": TIR})


@dataclass(frozen=True, slots=True)
class Standing:
    """A movement's state, how many incidents it had, and under which procedure."""

    procedure: str = "ncts"
    state: State = State.DRAFT
    incidents: int = 0


def allowed(standing: Standing) -> tuple[str, ...]:
    """The messages that may come next."""
    table = PROCEDURES[standing.procedure]
    return tuple(
        name
        for name, steps in table.items()
        if standing.state in steps and not (_is_incident(name) and standing.incidents >= MAX_INCIDENTS)
    )


def advance(standing: Standing, message: str) -> Standing:
    """The movement after ``message``.

    Raises:
        Conflict: when the message is out of sequence (NCTS error 92) or there were nine incidents already.
    """
    steps = PROCEDURES[standing.procedure].get(message, {})
    target = steps.get(standing.state)
    if target is None:
        text = N_("%(name)s is out of sequence: the movement is in the state %(state)s. Possible now: %(allowed)s.")
        possible = ", ".join(allowed(standing)) or "-"
        raise Conflict(text, name=message, state=standing.state.value, allowed=possible)
    incidents = standing.incidents + _is_incident(message)
    if incidents > MAX_INCIDENTS:
        raise Conflict(N_("A movement has at most %(most)s incidents."), most=MAX_INCIDENTS)
    return Standing(standing.procedure, target, incidents)


def _is_incident(message: str) -> bool:
    return message in ("IE182", "incident")
