"""The life of an alarm: raised, acknowledged, assigned, action, closed with a finding. Who does not act is passed over.

The judgement decides whether an alarm stands at all; people decide what is done about it. Neither overwrites the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from otay.core.errors import Conflict
from otay.core.i18n import N_, Term


class State(StrEnum):
    """Where an alarm stands in the hands of the control room."""

    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    ASSIGNED = "assigned"
    ACTION = "action"
    CLOSED = "closed"


class Act(StrEnum):
    """What people, the judgement and the clock do with an alarm."""

    RAISED = "raised"
    CHANGED = "changed"
    WITHDRAWN = "withdrawn"
    RETURNED = "returned"
    ACKNOWLEDGE = "acknowledge"
    ASSIGN = "assign"
    ACTION = "action"
    CLOSE = "close"
    REOPEN = "reopen"
    ESCALATED = "escalated"


class Finding(StrEnum):
    """What an alarm turned out to be."""

    OFFENCE = "offence"
    INCIDENT = "incident"
    EXPLAINED = "explained"
    FALSE = "false"


_OPEN = (State.RAISED, State.ACKNOWLEDGED, State.ASSIGNED, State.ACTION)
TRANSITIONS: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.RAISED, Act.ACKNOWLEDGE): State.ACKNOWLEDGED,
        **{(state, Act.ASSIGN): State.ASSIGNED for state in _OPEN},
        **{(state, Act.ACTION): State.ACTION for state in _OPEN},
        **{(state, Act.CLOSE): State.CLOSED for state in _OPEN},
        (State.CLOSED, Act.REOPEN): State.RAISED,
    }
)
HUMAN = (Act.ACKNOWLEDGE, Act.ASSIGN, Act.ACTION, Act.CLOSE, Act.REOPEN)
ESCALATE_AFTER: Mapping[str, timedelta] = MappingProxyType(
    {"high": timedelta(minutes=10), "medium": timedelta(minutes=30), "low": timedelta(hours=4)}
)
"""So long without an act of a person before the next one is told; again after as long, up to :data:`TOP_LEVEL`."""
TOP_LEVEL = 3
_STATES = {
    "raised": Term(N_("raised")),
    "acknowledged": Term(N_("acknowledged")),
    "assigned": Term(N_("assigned")),
    "action": Term(N_("being acted on")),
    "closed": Term(N_("closed")),
}


def after(state: str, act: Act) -> State:
    """The state after ``act``.

    Raises:
        Conflict: when that cannot be done with the alarm now.
    """
    try:
        return TRANSITIONS[State(state), act]
    except KeyError:
        text = N_("The alarm is %(state)s: %(act)s is not possible now.")
        raise Conflict(text, state=_STATES[state], act=act.value) from None


def check_words(act: Act, *, text: str, assignee: str, finding: str) -> None:
    """An assignment says to whom, an action what is done, a closing what was found and why.

    Raises:
        Conflict: when the words are missing.
    """
    if act is Act.ASSIGN and not assignee.strip():
        raise Conflict(N_("Say to whom the alarm is assigned."))
    if act is Act.ACTION and not text.strip():
        raise Conflict(N_("Say what is being done."))
    if act is Act.CLOSE and finding not in set(Finding):
        raise Conflict(N_("Say what was found: %(known)s."), known=", ".join(Finding))
    if act in (Act.CLOSE, Act.REOPEN) and not text.strip():
        raise Conflict(N_("Say in a few words why."))


def escalation_due(severity: str, level: int, last_act: datetime, now: datetime) -> bool:
    """True when nobody acted for so long that the next level must hear of it."""
    return level < TOP_LEVEL and now - last_act >= ESCALATE_AFTER[severity]
