"""Words for codes: states, steps, elements, verdicts. Kept apart from the rules, which know no language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from otay.goods.declarations.domain import Kind, Result, State, Verdict
from otay.places.queries import ports

STATES: dict[str, str | Promise] = {
    State.LODGED: _("Lodged"),
    State.ACCEPTED: _("Accepted"),
    State.REFUSED: _("Refused"),
    State.ASSESSED: pgettext_lazy("state of a declaration", "Assessed"),
    State.AT_PORT: _("At the port"),
    State.INSPECTED: _("Inspected"),
    State.RELEASED: _("Released"),
    State.WITHDRAWN: _("Withdrawn"),
}
STATE_KINDS = {
    State.REFUSED: "error",
    State.RELEASED: "success",
    State.AT_PORT: "warning",
    State.INSPECTED: "warning",
    State.WITHDRAWN: "neutral",
}
STEPS: dict[str, str | Promise] = {
    Kind.ACCEPTED: _("Accepted by customs"),
    Kind.AMENDED: _("Amended by the declarant"),
    Kind.ASSESSED: _("Assessed and directed to a lane"),
    Kind.DIRECTED: _("Directed to another lane"),
    Kind.ARRIVED: _("Arrived at the port"),
    Kind.INSPECTED: _("Inspected"),
    Kind.RELEASED: _("Released"),
    Kind.REFUSED: _("Entry refused"),
    Kind.WITHDRAWN: _("Withdrawn by the declarant"),
}
TYPES: dict[str, str | Promise] = {"import": _("Import"), "export": _("Export"), "transit": _("Transit")}
RESULTS: dict[str, str | Promise] = {
    Result.CONFORMS: _("Conforms to the declaration"),
    Result.DISCREPANCY: _("Discrepancy"),
    Result.OFFENCE: _("Offence"),
}
ELEMENTS: dict[str, str | Promise] = {
    "ucr": _("Unique consignment reference"),
    "vehicle": _("Vehicle"),
    "containers": _("Containers"),
    "seals": _("Seals"),
    "hs6": _("Goods code, six digits"),
    "origin": _("Origin"),
    "gross_mass": _("Gross mass, kg"),
    "invoice": _("Invoice amount"),
}
VERDICTS: dict[str, tuple[str | Promise, str]] = {
    Verdict.EQUAL: (_("Equal"), "success"),
    Verdict.CLOSE: (_("Within tolerance"), "info"),
    Verdict.DIFFERENT: (_("Different"), "error"),
    Verdict.ONE_SIDED: (_("One side only"), "warning"),
    Verdict.NOT_COMPARED: (_("Not compared"), "neutral"),
}


def places() -> dict[str, dict[str, str]]:
    """Names and time zones of the ports, for pages that show a port's code otherwise."""
    known = ports()
    return {
        "port_names": {port.code: port.name for port in known},
        "zones": {port.code: port.time_zone for port in known},
    }
