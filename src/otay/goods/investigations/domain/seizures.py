"""The life of seized goods, from the moment they are taken to their disposition."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from otay.core.errors import Conflict, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_, Term

SEIZURE = "goods.seizure"


class State(StrEnum):
    """Where a seizure stands."""

    SEIZED = "seized"
    STORED = "stored"
    FORFEITED = "forfeited"
    RETURNED = "returned"
    DESTROYED = "destroyed"
    AUCTIONED = "auctioned"
    DONATED = "donated"


class Step(StrEnum):
    """What can happen to seized goods; every one is an entry of their custody chain."""

    SEIZE = "seize"
    STORE = "store"
    MOVE = "move"
    EXAMINE = "examine"
    FORFEIT = "forfeit"
    RETURN = "return"
    DESTROY = "destroy"
    AUCTION = "auction"
    DONATE = "donate"


TRANSITIONS: dict[tuple[State, Step], State] = {
    (State.SEIZED, Step.STORE): State.STORED,
    (State.SEIZED, Step.MOVE): State.SEIZED,
    (State.SEIZED, Step.EXAMINE): State.SEIZED,
    (State.STORED, Step.MOVE): State.STORED,
    (State.STORED, Step.EXAMINE): State.STORED,
    (State.STORED, Step.FORFEIT): State.FORFEITED,
    (State.STORED, Step.RETURN): State.RETURNED,
    (State.FORFEITED, Step.MOVE): State.FORFEITED,
    (State.FORFEITED, Step.EXAMINE): State.FORFEITED,
    (State.FORFEITED, Step.RETURN): State.RETURNED,
    (State.FORFEITED, Step.DESTROY): State.DESTROYED,
    (State.FORFEITED, Step.AUCTION): State.AUCTIONED,
    (State.FORFEITED, Step.DONATE): State.DONATED,
}
FINAL = frozenset({State.RETURNED, State.DESTROYED, State.AUCTIONED, State.DONATED})
#: Steps after which the goods are gone: two witnesses, who are not the one that records it.
WITNESSED = frozenset({Step.RETURN, Step.DESTROY, Step.AUCTION, Step.DONATE})
STATE_WORDS = {
    State.SEIZED: Term(N_("seized")),
    State.STORED: Term(N_("in storage")),
    State.FORFEITED: Term(N_("forfeited")),
    State.RETURNED: Term(N_("returned")),
    State.DESTROYED: Term(N_("destroyed")),
    State.AUCTIONED: Term(N_("auctioned")),
    State.DONATED: Term(N_("donated")),
}
#: Units of quantity (UN/ECE Recommendation 20): kilogram, litre, piece, pair, metre, square metre, package.
UNITS = ("KGM", "LTR", "C62", "PR", "MTR", "MTK", "PK")


def after(state: str, step: str, *, reference: str = "") -> State:
    """The state that follows.

    Raises:
        Conflict: when the table has no such step.
    """
    try:
        return TRANSITIONS[State(state), Step(step)]
    except (KeyError, ValueError):
        raise Conflict(
            N_("Seizure %(reference)s is %(state)s: this cannot happen to it now."),
            reference=reference,
            state=STATE_WORDS[State(state)] if state in set(State) else state,
        ) from None


def possible(state: str) -> list[Step]:
    """The steps that ``state`` allows."""
    return [step for step in Step if (state, step) in TRANSITIONS]


def check_step(step: Step, *, actor: str, holder: str, place: str, detail: Mapping[str, Any]) -> None:
    """Whoever takes goods over has a name; goods that stay have a place; a disposition has a legal ground and two
    witnesses.

    Raises:
        Refused: with every finding.
    """
    findings: list[Finding] = []
    if not holder.strip():
        findings.append(error("/holder", "custody.holder", N_("Say who holds the goods from now on")))
    if step not in WITNESSED and not place.strip():
        findings.append(error("/place", "custody.place", N_("Say where the goods are from now on")))
    if step in WITNESSED | {Step.FORFEIT} and not str(detail.get("ground", "")).strip():
        findings.append(error("/ground", "custody.ground", N_("Name the decision or law that this rests on")))
    if step in WITNESSED:
        named = {name.strip().casefold() for name in detail.get("witnesses", ()) if name.strip()}
        if len(named - {actor.casefold()}) < 2:
            findings.append(
                error("/witnesses", "custody.witnesses", N_("Two witnesses are needed, other than who records it"))
            )
    if findings:
        raise Refused(N_("The step cannot be recorded"), findings=findings)
