"""What can happen to a movement, in the words of officers, and the message of the procedure that each step is.

The states and their order are :mod:`otay.engines.transit.procedure`; this module only names the ways through them.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from stdnum.iso7064 import mod_11_10

from otay.core.errors import Conflict
from otay.core.i18n import N_, Term
from otay.engines.transit.procedure import PROCEDURES, Standing, State, advance

#: Record types shared with the neighbour.
MOVEMENT = "goods.transit"
EVENT = "goods.transit_event"


class Step(StrEnum):
    """A verb of the procedure."""

    LODGE = "lodge"
    PRE_LODGE = "pre_lodge"
    PRESENT = "present"
    ACCEPT = "accept"
    REJECT = "reject"
    GUARANTEE_INVALID = "guarantee_invalid"
    ASK_AMENDMENT = "ask_amendment"
    AMEND = "amend"
    CONTROL = "control"
    RELEASE = "release"
    REFUSE_RELEASE = "refuse_release"
    DEPART = "depart"
    INCIDENT = "incident"
    CONTINUE = "continue"
    ARRIVE = "arrive"
    PERMIT_UNLOADING = "permit_unloading"
    UNLOAD = "unload"
    NOTE_DISCREPANCIES = "note_discrepancies"
    RELEASE_GOODS = "release_goods"
    OPEN_ENQUIRY = "open_enquiry"
    RECOVER = "recover"
    DISCHARGE = "discharge"
    ASK_CANCELLATION = "ask_cancellation"
    CANCEL = "cancel"


S = Step
MESSAGES: Mapping[str, Mapping[Step, str]] = MappingProxyType(
    {
        "ncts": {
            S.LODGE: "IE015", S.PRE_LODGE: "IE015-D", S.PRESENT: "IE170", S.ACCEPT: "IE028", S.REJECT: "IE056",
            S.GUARANTEE_INVALID: "IE055", S.ASK_AMENDMENT: "IE013", S.AMEND: "IE004", S.CONTROL: "IE060",
            S.RELEASE: "IE029", S.REFUSE_RELEASE: "IE051", S.DEPART: "depart", S.INCIDENT: "IE182",
            S.CONTINUE: "continue", S.ARRIVE: "IE007", S.PERMIT_UNLOADING: "IE043", S.UNLOAD: "IE044",
            S.NOTE_DISCREPANCIES: "IE019", S.RELEASE_GOODS: "IE025", S.OPEN_ENQUIRY: "IE140", S.RECOVER: "IE035",
            S.DISCHARGE: "IE045", S.ASK_CANCELLATION: "IE014", S.CANCEL: "IE009",
        },
        "tir": {
            S.LODGE: "declare", S.ACCEPT: "accept", S.REJECT: "reject", S.REFUSE_RELEASE: "refuse", S.DEPART: "start",
            S.INCIDENT: "incident", S.CONTINUE: "continue", S.ARRIVE: "terminate", S.NOTE_DISCREPANCIES: "reserve",
            S.OPEN_ENQUIRY: "enquire", S.RECOVER: "claim", S.DISCHARGE: "discharge", S.CANCEL: "cancel",
        },
    }
)  # fmt: skip

#: Steps that the neighbour hears of.
SHARED = (
    S.DEPART, S.INCIDENT, S.CONTINUE, S.ARRIVE, S.PERMIT_UNLOADING, S.UNLOAD, S.NOTE_DISCREPANCIES, S.RELEASE_GOODS,
    S.OPEN_ENQUIRY, S.RECOVER, S.DISCHARGE, S.CANCEL,
)  # fmt: skip
#: Steps of the office at the far end; of the side that the goods left only the others are asked.
AT_DESTINATION = (S.ARRIVE, S.PERMIT_UNLOADING, S.UNLOAD, S.NOTE_DISCREPANCIES, S.RELEASE_GOODS)
AT_DEPARTURE = (
    S.PRESENT, S.ACCEPT, S.REJECT, S.AMEND, S.CONTROL, S.RELEASE, S.REFUSE_RELEASE, S.DEPART, S.OPEN_ENQUIRY,
    S.RECOVER, S.CANCEL,
)  # fmt: skip
#: States in which the goods are on the road and their seals are watched.
WATCHED = (State.RELEASED, State.IN_TRANSIT, State.INCIDENT, State.ENQUIRY)
ARRIVED = (State.ARRIVED, State.UNLOADING, State.UNLOADED, State.DISCREPANCIES, State.TERMINATED)
DONE = (State.GOODS_RELEASED, State.DISCHARGED)

WORDS = {
    code: Term(word)
    for code, word in {
        "draft": N_("a draft"), "pre_lodged": N_("pre-lodged"), "submitted": N_("submitted"),
        "accepted": N_("accepted"), "guarantee_invalid": N_("without a valid guarantee"),
        "under_control": N_("under control"), "released": N_("released for transit"), "in_transit": N_("in transit"),
        "incident": N_("stopped by an incident"), "arrived": N_("arrived"), "unloading": N_("unloading"),
        "unloaded": N_("unloaded"), "discrepancies": N_("unloaded with discrepancies"),
        "goods_released": N_("released at destination"), "enquiry": N_("under enquiry"),
        "recovery": N_("in recovery of the debt"), "discharged": N_("discharged"),
        "not_released": N_("not released for transit"), "rejected": N_("rejected"), "cancelled": N_("cancelled"),
        "terminated": N_("terminated"),
    }.items()
}  # fmt: skip


def neighbour_may(step: str, *, ours: bool, state: str) -> bool:
    """Whether the neighbour's word takes ``step``. Of a movement that began here (``ours``) it tells what happens on
    the road and at the far end, and the discharge once the goods were released there; enquiry, recovery, cancellation
    and what they do to the guarantee stay with the office of departure."""
    if not ours:
        return True
    told = step in (*AT_DESTINATION, Step.INCIDENT, Step.CONTINUE)
    return told or (step == Step.DISCHARGE and state == State.GOODS_RELEASED)


def message_of(procedure: str, step: Step) -> str:
    """The message of the procedure that ``step`` is; empty where the procedure has no such step."""
    return MESSAGES[procedure].get(step, "")


def after(procedure: str, state: str, incidents: int, step: Step, *, mrn: str = "") -> Standing:
    """The movement after ``step``.

    Raises:
        Conflict: when the step is out of sequence, or it would be the tenth incident.
    """
    message = message_of(procedure, step)
    standing = Standing(procedure, State(state), incidents)
    if not message or State(state) not in PROCEDURES[procedure].get(message, {}):
        possible = ", ".join(possible_steps(procedure, state, incidents)) or "-"
        text = N_("Movement %(mrn)s is %(state)s: the step %(step)s is out of sequence. Possible now: %(possible)s.")
        raise Conflict(text, mrn=mrn, state=WORDS[state], step=step.value, possible=possible)
    return advance(standing, message)


def possible_steps(procedure: str, state: str, incidents: int) -> list[Step]:
    """The steps that may come next."""
    table = PROCEDURES[procedure]
    return [
        step
        for step, message in MESSAGES[procedure].items()
        if State(state) in table[message] and not (step is Step.INCIDENT and incidents >= 9)
    ]


def movement_number(country: str, year: int, serial: int) -> str:
    """A movement reference number of this node: year, country, twelve digits, ``J`` for transit, and a check digit
    (ISO 7064 MOD 11-10 over the digits), in the shape of NCTS phase 5 (an18)."""
    digits = f"{year % 100:02d}{serial:012d}"
    return f"{digits[:2]}{country}{digits[2:]}J{mod_11_10.calc_check_digit(digits)}"
