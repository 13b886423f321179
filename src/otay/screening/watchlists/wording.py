"""Words of the pages of watchlists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from otay.screening.watchlists.countries import state
from otay.screening.watchlists.domain import plain_number
from otay.screening.watchlists.models import ListHit

DECIDED = {
    "clear": gettext_lazy("Cleared: the party is not this entry."),
    "confirm": gettext_lazy("Confirmed: the party is this entry."),
    "reopen": gettext_lazy("The hit waits for review again."),
}
BANDS = {
    "strong": pgettext_lazy("hit", "Strong"), "probable": pgettext_lazy("hit", "Probable"),
    "possible": pgettext_lazy("hit", "Possible"),
}  # fmt: skip
BAND_KINDS = {"strong": "error", "probable": "warning", "possible": "info"}
STATE_KINDS = {
    "open": "warning", "confirmed": "error", "cleared": "success", "gone": "neutral",
    "proposed": "warning", "active": "success", "replaced": "neutral", "refused": "error",
    "queued": "neutral", "running": "info", "failed": "error", "cancelled": "neutral", "interrupted": "warning",
    "waiting": "info", "done": "success",
}  # fmt: skip
STANCES = {
    "supports": pgettext_lazy("evidence", "For"), "opposes": pgettext_lazy("evidence", "Against"),
    "notes": pgettext_lazy("evidence", "Noted"),
}  # fmt: skip
STANCE_KINDS = {"supports": "error", "opposes": "success", "notes": "neutral"}
ABOUT = {
    "name": gettext_lazy("Name"), "birth_date": gettext_lazy("Date of birth"), "document": gettext_lazy("Document"),
    "nationality": gettext_lazy("Nationality"), "sex": gettext_lazy("Sex"),
}  # fmt: skip
MEMBERS = {
    "names": gettext_lazy("Names"), "birth_dates": gettext_lazy("Date of birth"), "sex": gettext_lazy("Sex"),
    "nationalities": gettext_lazy("Nationality"), "documents": gettext_lazy("Documents"),
    "category": gettext_lazy("Category"), "kind": gettext_lazy("Kind"), "valid_from": gettext_lazy("Valid from"),
    "valid_until": gettext_lazy("Valid until"), "reference": gettext_lazy("Case or order"),
    "action": gettext_lazy("What the officer does"), "remarks": gettext_lazy("Remarks"),
}  # fmt: skip


def words() -> dict[str, Any]:
    """What templates look words up in."""
    return {
        "bands": BANDS, "band_kinds": BAND_KINDS, "state_kinds": STATE_KINDS, "stances": STANCES,
        "stance_kinds": STANCE_KINDS, "about": ABOUT, "member": member, "verdict": verdict,
    }  # fmt: skip


def member(name: str) -> str:
    """What a member of an entry is called; what only a source knows keeps its own name."""
    return str(MEMBERS[name]) if name in MEMBERS else name.removeprefix("extras.")


@dataclass(frozen=True, slots=True)
class Side:
    """One fact of party and entry. ``same`` is None where one of them does not say it."""

    label: str
    party: str
    entry: str
    same: bool | None = None


def side_by_side(row: ListHit) -> list[Side]:
    """What is known of the party beside what the entry says."""
    party, body = row.party, row.entry.body
    whole = party["full_name"] or " ".join(filter(None, (party["given"], party["surnames"])))
    names = [item["full_name"] or f"{item['given']} {item['surnames']}".strip() for item in body["names"]]
    ours = {plain_number(item["number"]) for item in party["documents"]} - {""}
    theirs = {plain_number(item["number"]) for item in body["documents"]} - {""}
    states = {state(code) for code in body["nationalities"]}
    return [
        Side(_("Names"), whole, "\n".join(names), _same(whole.upper(), {name.upper() for name in names})),
        Side(_("Date of birth"), party["birth_date"], "\n".join(body["birth_dates"]),
             _same(party["birth_date"], set(body["birth_dates"]))),
        Side(_("Documents"), _papers(party["documents"]), _papers(body["documents"]),
             bool(ours & theirs) if ours and theirs else None),
        Side(_("Nationality"), state(party["nationality"]), ", ".join(sorted(states)),
             _same(state(party["nationality"]), states)),
        Side(_("Sex"), party["sex"], body["sex"], _same(party["sex"], {body["sex"]} - {""})),
    ]  # fmt: skip


def _same(one: str, others: set[str]) -> bool | None:
    return one in others if one and others else None


def _papers(items: list[dict[str, str]]) -> str:
    return "\n".join(" ".join(filter(None, (item["number"], item["type"], item["issuer"]))) for item in items)


def verdict(same: bool | None) -> str:
    """A word for whether two facts are equal."""
    if same is None:
        return ""
    return pgettext("facts", "same") if same else pgettext("facts", "differs")
