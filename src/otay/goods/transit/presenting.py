"""Words for codes: states, steps, alarms, seals. Kept apart from the rules, which know no language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from otay.engines.transit.alarms import KINDS as ENGINE_KINDS
from otay.engines.transit.procedure import State
from otay.goods.transit.domain.incidents import SITUATIONS as _SITUATIONS
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Journey

Words = dict[str, str | Promise]
STATES: Words = {
    State.DRAFT: _("Draft"),
    State.PRE_LODGED: _("Pre-lodged"),
    State.SUBMITTED: _("Submitted"),
    State.ACCEPTED: pgettext_lazy("state of a movement", "Accepted"),
    State.GUARANTEE_INVALID: _("Guarantee not valid"),
    State.UNDER_CONTROL: _("Under control"),
    State.RELEASED: _("Released for transit"),
    State.IN_TRANSIT: _("In transit"),
    State.INCIDENT: _("Incident"),
    State.ARRIVED: pgettext_lazy("state of a movement", "Arrived"),
    State.UNLOADING: _("Unloading"),
    State.UNLOADED: _("Unloaded"),
    State.DISCREPANCIES: _("Discrepancies"),
    State.GOODS_RELEASED: _("Released at destination"),
    State.ENQUIRY: _("Enquiry"),
    State.RECOVERY: _("Recovery"),
    State.DISCHARGED: _("Discharged"),
    State.NOT_RELEASED: _("Not released for transit"),
    State.REJECTED: _("Rejected"),
    State.CANCELLED: _("Cancelled"),
    State.TERMINATED: _("Terminated"),
}
STATE_TAGS = {
    State.INCIDENT: "error", State.ENQUIRY: "error", State.RECOVERY: "error", State.DISCREPANCIES: "error",
    State.GUARANTEE_INVALID: "warning", State.UNDER_CONTROL: "warning", State.IN_TRANSIT: "info",
    State.RELEASED: "info", State.ARRIVED: "warning", State.DISCHARGED: "success", State.GOODS_RELEASED: "success",
}  # fmt: skip
STEPS: Words = {
    Step.LODGE: _("Declaration lodged"),
    Step.PRE_LODGE: _("Declaration lodged before the goods are presented"),
    Step.PRESENT: _("Goods presented"),
    Step.ACCEPT: _("Declaration accepted"),
    Step.REJECT: _("Declaration rejected"),
    Step.GUARANTEE_INVALID: _("Guarantee found not valid"),
    Step.ASK_AMENDMENT: _("Amendment asked for"),
    Step.AMEND: _("Declaration amended"),
    Step.CONTROL: _("Put under control"),
    Step.RELEASE: _("Released for transit"),
    Step.REFUSE_RELEASE: _("Release for transit refused"),
    Step.DEPART: _("Departed under seal"),
    Step.INCIDENT: _("Incident on the way"),
    Step.CONTINUE: _("Allowed to go on"),
    Step.ARRIVE: _("Arrived at the office"),
    Step.PERMIT_UNLOADING: _("Unloading permitted"),
    Step.UNLOAD: _("Unloaded, remarks recorded"),
    Step.NOTE_DISCREPANCIES: _("Discrepancies noted"),
    Step.RELEASE_GOODS: _("Goods released at destination"),
    Step.OPEN_ENQUIRY: _("Enquiry opened"),
    Step.RECOVER: _("Recovery of the debt begun"),
    Step.DISCHARGE: _("Discharged"),
    Step.ASK_CANCELLATION: _("Cancellation asked for"),
    Step.CANCEL: _("Cancelled"),
}
VERBS: Words = {
    Step.PRESENT: _("Goods are presented"),
    Step.REJECT: _("Reject"),
    Step.CONTROL: _("Put under control"),
    Step.RELEASE: _("Release for transit"),
    Step.REFUSE_RELEASE: _("Refuse release"),
    Step.DEPART: _("Departs"),
    Step.INCIDENT: _("Report an incident"),
    Step.CONTINUE: _("Let it go on"),
    Step.ARRIVE: _("Record arrival"),
    Step.PERMIT_UNLOADING: _("Permit unloading"),
    Step.UNLOAD: _("Record unloading"),
    Step.NOTE_DISCREPANCIES: _("Note discrepancies"),
    Step.RELEASE_GOODS: _("Release goods"),
    Step.OPEN_ENQUIRY: _("Open enquiry"),
    Step.RECOVER: _("Begin recovery"),
    Step.DISCHARGE: _("Discharge"),
    Step.ASK_CANCELLATION: _("Ask for cancellation"),
    Step.CANCEL: _("Cancel the movement"),
}
KINDS: Words = {
    "cut": _("Seal cut"),
    "opened": _("Seal opened"),
    "cover_open": _("Cover opened"),
    "tampered": _("Tampering"),
    "wrong_code": _("Wrong code"),
    "low_battery": _("Battery low"),
    "device_fault": _("Device fault"),
    "device_swap": _("Other device"),
    "device_clock": _("Device clock wrong"),
    "silence": _("Silence"),
    "gps_jump": _("Position jumped"),
    "gps_jam": _("No satellites"),
    "off_route": _("Off route"),
    "wrong_direction": _("Wrong direction"),
    "unplanned_stop": _("Unplanned stop"),
    "over_time_limit": _("Over time limit"),
    "predicted_late": _("Predicted late"),
    "meeting": _("Meeting"),
}
SENTENCES = {kind: sentence for kind, (_severity, sentence) in ENGINE_KINDS.items()}
SEVERITIES: Words = {"high": _("high"), "medium": _("medium"), "low": _("low")}
SEVERITY_TAGS = {"high": "error", "medium": "warning", "low": "info"}
ALARM_STATES: Words = {
    "raised": _("New"),
    "acknowledged": _("Acknowledged"),
    "assigned": _("Assigned"),
    "action": _("Being acted on"),
    "closed": pgettext_lazy("state of an alarm", "Closed"),
}
ALARM_ACTS: Words = {
    "raised": _("Raised"),
    "changed": _("Judged anew: the time changed"),
    "withdrawn": _("Withdrawn: late reports took its ground away"),
    "returned": _("Back: late reports gave it ground again"),
    "acknowledge": _("Acknowledged"),
    "assign": _("Assigned"),
    "action": _("Acted on"),
    "close": pgettext_lazy("state of an alarm", "Closed"),
    "reopen": _("Re-opened"),
    "escalated": _("Passed on: nobody acted"),
}
ALARM_FINDINGS: Words = {
    "offence": _("Offence"),
    "incident": _("Incident"),
    "explained": _("Explained"),
    "false": _("False alarm"),
}
SEAL_STATES: Words = {
    "registered": _("In store"),
    "affixed": _("Affixed"),
    "broken": _("Broken"),
    "removed": _("Removed"),
    "retired": _("Retired"),
}
SEAL_STATE_TAGS = {"affixed": "info", "broken": "error", "retired": "neutral"}
SEAL_KINDS: Words = {
    "mechanical": _("Mechanical"),
    "electronic": _("Electronic"),
    "foreign": _("Of the neighbour"),
}
SEAL_ACTS: Words = {
    "registered": _("Registered"),
    "handed_over": _("Handed over"),
    "affixed": _("Affixed"),
    "verified": _("Verified: intact"),
    "failed": _("Verified: not intact"),
    "reported": _("Another seal was found"),
    "removed": _("Removed"),
    "retired": _("Retired"),
}
SEAL_CLASSES: Words = {"H": _("H: high security"), "S": _("S: security"), "I": _("I: indicative")}
PROCEDURES: Words = {"ncts": _("Transit (NCTS)"), "tir": _("TIR operation")}
SITUATIONS = dict(_SITUATIONS)


def expected_from(journey: Journey | None) -> str:
    """What the expected arrival of a movement rests on; nothing where none is expected, or the neighbour told it."""
    if journey is None or journey.likely is None or journey.earlier_journeys is None:
        return ""
    count = journey.earlier_journeys
    if not count:
        return gettext("this journey's pace alone")
    return ngettext("%(count)s earlier journey", "%(count)s earlier journeys", count) % {"count": count}
