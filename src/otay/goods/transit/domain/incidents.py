"""The six situations in which a movement is stopped on its way, and what each of them must bring.

After the EU Transit Manual IV.3.3.1 and article 305 of the UCC implementing act; what goes with which code is condition
C0240 of NCTS phase 5. The code is the situation's place in that list, which fits C0240 but is not printed there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_

SITUATIONS: Mapping[str, str] = MappingProxyType(
    {
        "1": N_("The carrier has to leave the prescribed route for reasons beyond its control"),
        "2": N_("Seals were broken or tampered with for reasons beyond the carrier's control"),
        "3": N_("The goods are transferred to another means of transport"),
        "4": N_("Imminent danger makes it necessary to unload in part or in whole"),
        "5": N_("An accident may affect the carrier's duties"),
        "6": N_("The composition changes: a wagon or trailer is taken off"),
    }
)
NEW_EQUIPMENT = ("2", "4")
NEW_MEANS = ("3", "6")
MAX_TEXT = 512


def check(code: str, text: str, new_seals: Sequence[str], transhipment: Mapping[str, Any]) -> None:
    """An incident has a code, words, and exactly what its code asks for.

    Raises:
        Refused: with every finding at once.
    """
    findings = list(_findings(code, text, new_seals, transhipment))
    if findings:
        raise Refused(N_("The incident cannot be recorded."), findings=findings)


def _findings(code: str, text: str, new_seals: Sequence[str], transhipment: Mapping[str, Any]) -> list[Finding]:
    found: list[Finding] = []
    if code not in SITUATIONS:
        found.append(
            error("/code", "transit.incident", N_("An incident has one of the codes 1 to 6."), code, N_("Choose one."))
        )
    if not text.strip() or len(text) > MAX_TEXT:
        message = N_("Say in at most %(most)s characters what happened.")
        found.append(error("/text", "transit.incident_text", message, text[:50], most=MAX_TEXT))
    if transhipment and code not in NEW_MEANS:
        message = N_("Incident code %(code)s brings no new means of transport (condition C0240).")
        remedy = N_("Codes 3 and 6 do.")
        found.append(error("/transhipment", "ncts.C0240", message, transhipment.get("vehicle", ""), remedy, code=code))
    if code in NEW_MEANS and not str(transhipment.get("vehicle", "")).strip():
        message = N_("Incident code %(code)s names the new means of transport (condition C0240).")
        found.append(error("/transhipment/vehicle", "ncts.C0240", message, "", N_("Give its plate."), code=code))
    if new_seals and code not in NEW_EQUIPMENT:
        message = N_("Incident code %(code)s brings no new seals (condition C0240).")
        found.append(
            error("/new_seals", "ncts.C0240", message, ", ".join(new_seals), N_("Codes 2 and 4 do."), code=code)
        )
    if code in NEW_EQUIPMENT and not new_seals:
        message = N_("Incident code %(code)s names the new seals (condition C0240).")
        found.append(error("/new_seals", "ncts.C0240", message, "", N_("Affix new seals and name them."), code=code))
    return found
