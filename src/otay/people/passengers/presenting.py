"""Words for codes: roles, states, answers, what a message does. Kept apart from the rules, which know no language."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from otay.people.passengers.airports import airports
from otay.people.passengers.domain.answers import Kind, Why
from otay.people.passengers.domain.roll import State
from otay.screening.watchlists.models import Category

Words = dict[str, str | Promise]

ROLES: Words = {
    "passenger": _("Passenger"),
    "crew": pgettext_lazy("traveller", "Crew member"),
    "transit passenger": _("Passenger in transit"),
    "transit crew": _("Crew in transit"),
    "gate pass": _("Gate pass"),
    "other": pgettext_lazy("traveller", "Other"),
}
STATES: dict[str, tuple[str | Promise, str]] = {
    State.LISTED: (pgettext_lazy("traveller", "Listed"), "info"),
    State.CANCELLED: (pgettext_lazy("traveller", "Cancelled"), "neutral"),
    State.BOARDED: (pgettext_lazy("traveller", "On board"), "success"),
    State.MISSING: (pgettext_lazy("traveller", "Did not board"), "warning"),
}
ANSWERS: dict[str, tuple[str | Promise, str]] = {
    "0Z": (_("Board"), "success"),
    "1Z": (_("No board"), "error"),
    "2Z": (_("Additional screening"), "warning"),
    "4Z": (_("Insufficient data"), "warning"),
    "": (_("Not answered"), "neutral"),
}
WHY: Words = {
    Why.DECISION: _("An officer decided so."),
    Why.INSUFFICIENT: _("Name, date of birth or document is missing."),
    Why.NO_BOARD_LIST: _("A strong match with a travel ban, a measure that refuses entry, or a void document."),
    Why.OPEN_MATCH: _("A match with a watchlist that is not cleared."),
    Why.NOTHING: _("Complete data and no match."),
}
DECISIONS: Words = {
    Kind.ALLOW: _("Let board"),
    Kind.REFER: _("Refer to additional screening"),
    Kind.NO_BOARD: _("Do not board"),
}
LANES: Words = {
    "red": _("question and inspect"),
    "yellow": _("check the documents with care"),
    "blue": _("look again after the crossing"),
    "green": _("the ordinary check"),
}
BANDS: dict[str, tuple[str | Promise, str]] = {
    "strong": (_("Strong"), "error"),
    "probable": (_("Probable"), "warning"),
    "possible": (_("Possible"), "info"),
}
HIT_STATES: dict[str, tuple[str | Promise, str]] = {
    "open": (_("To be decided"), "warning"),
    "cleared": (_("Not this person"), "success"),
    "confirmed": (_("This person"), "error"),
    "gone": (_("No longer a match"), "neutral"),
}
STANCES: dict[str, tuple[str | Promise, str]] = {
    "supports": (_("For"), "warning"),
    "opposes": (_("Against"), "success"),
    "notes": (_("Note"), "neutral"),
}
CHANGES: Words = {
    "added": pgettext_lazy("traveller", "Added to the list"),
    "changed": pgettext_lazy("traveller", "Particulars changed"),
    "same": pgettext_lazy("traveller", "Sent again unchanged"),
    "stale": pgettext_lazy("traveller", "Older message, nothing changed"),
    **{key: word for key, (word, _kind) in STATES.items()},
}
FUNCTIONS: Words = {
    "passenger list": _("Passenger list"),
    "change passengers": _("Change of passengers"),
    "cancel reservation": _("Cancellation of a reservation"),
    "reduce party": _("Reduction of a party"),
    "crew list": _("Crew list"),
    "change crew list": _("Change of a crew list"),
    "cargo crew list": _("Crew list, cargo"),
    "change cargo crew list": _("Change of a crew list, cargo"),
    "overflight crew list": _("Crew list, overflight"),
    "cargo overflight crew list": _("Crew list, cargo overflight"),
    "domestic continuance crew list": _("Crew list, domestic continuation"),
    "change domestic continuance crew list": _("Change of a crew list, domestic continuation"),
    "cargo domestic continuance crew list": _("Crew list, cargo, domestic continuation"),
    "change cargo domestic continuance crew list": _("Change of a crew list, cargo, domestic continuation"),
    "flight status": _("Flight status"),
    "close flight": _("Close-out"),
    "close flight, on board": _("Close-out: who is on board"),
    "close flight, not on board": _("Close-out: who is not on board"),
    "cancel flight": _("Cancellation of the flight"),
    "change flight": _("Change of the flight"),
    "master crew list": _("Master crew list"),
    "add to master crew list": _("Addition to the master crew list"),
    "delete from master crew list": _("Deletion from the master crew list"),
    "change master crew list": _("Change of the master crew list"),
    "gate pass": _("Gate pass"),
    "party information": _("List of persons"),
    "reservations": _("Reservations"),
    "update of reservations": _("Update of reservations"),
}
DIRECTIONS: Words = {
    "in": pgettext_lazy("flight", "Arriving"),
    "out": pgettext_lazy("flight", "Leaving"),
    "": pgettext_lazy("flight", "Elsewhere"),
}
DOCUMENTS: Words = {
    "P": _("Passport"),
    "V": _("Visa"),
    "I": _("Identity card"),
    "A": _("Identity card"),
    "C": _("Identity card"),
    "AC": _("Crew certificate"),
    "L": _("Pilot's licence"),
    "F": _("Approved document without a passport"),
    "M": _("Military document"),
}
WORDS = {
    "roles": ROLES,
    "states": STATES,
    "answer_words": ANSWERS,
    "why_words": WHY,
    "decision_words": DECISIONS,
    "bands": BANDS,
    "lane_words": LANES,
    "hit_states": HIT_STATES,
    "stances": STANCES,
    "change_words": CHANGES,
    "functions": FUNCTIONS,
    "directions": DIRECTIONS,
    "document_words": DOCUMENTS,
    "categories": dict(Category.choices),
}


def places() -> dict[str, dict[str, str]]:
    """Cities and time zones of the airports."""
    known = airports()
    return {
        "cities": {code: one.city for code, one in known.items()},
        "zones": {code: one.zone for code, one in known.items()},
    }
