"""Why a person or organisation may be an entry of a list: each piece of evidence by itself, with its sentence.

Document, date of birth, nationality and sex are never mixed into the score of the name. Nationality and sex are shown
and decide nothing; nothing else about a person is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from otay.core.i18n import N_, Term, translate
from otay.engines.names.birth_dates import BirthAgreement, birth_text
from otay.engines.names.scoring import Comparison, Pair
from otay.engines.names.similarity import Likeness
from otay.engines.names.traits import Trait


class Stance(StrEnum):
    """What a piece of evidence says about the two being one."""

    SUPPORTS = "supports"
    OPPOSES = "opposes"
    NOTES = "notes"


@dataclass(frozen=True, slots=True)
class Evidence:
    """One reason: what it is about, which way it points, and a sentence (a template with its parameters)."""

    about: str  # name, birth_date, document, nationality, sex
    stance: Stance
    message: str
    params: dict[str, object] = field(default_factory=dict)
    cost: float = 0.0  # what it takes from the score of the name

    def text(self, language: str = "en") -> str:
        """The sentence in ``language``."""
        return translate(self.message, language, **self.params)


_LIKENESS = {
    Likeness.SOUND: N_("%(first)s and %(second)s sound alike"),
    Likeness.SHORT_FORM: N_("%(first)s and %(second)s are forms of one name"),
    Likeness.SPELLING: N_("%(first)s and %(second)s are spelled alike (%(percent)d %%)"),
    Likeness.INITIAL: N_("%(first)s and %(second)s: an initial"),
    Likeness.JOINED: N_("%(first)s and %(second)s are written together on one side"),
}
_TRAITS = {
    Trait.CONFLICT_GIVEN: N_("another given name"),
    Trait.CONFLICT_PATERNAL: N_("another first surname"),
    Trait.CONFLICT_MATERNAL: N_("another second surname"),
    Trait.CONFLICT_OPEN: N_("a word on each side that the other lacks"),
    Trait.CONFLICT_NUMBER: N_("another number"),
    Trait.DROPPED_GIVEN: N_("one side leaves out a given name, which is common"),
    Trait.DROPPED_PATERNAL: N_("one side leaves out the first surname, which is not common"),
    Trait.DROPPED_MATERNAL: N_("one side leaves out the second surname, which is common"),
    Trait.DROPPED_OPEN: N_("one side has a word more"),
    Trait.NO_GIVEN: N_("no given name agrees"),
    Trait.CROSSED_SURNAMES: N_("the first surname of one is the second surname of the other"),
    Trait.CROSSED_GIVEN: N_("given name and surname are exchanged"),
    Trait.REORDERED: N_("the words stand in another order"),
}
_BIRTH = {
    BirthAgreement.EQUAL: (Stance.SUPPORTS, N_("the same date of birth, %(first)s")),
    BirthAgreement.SWAPPED: (Stance.SUPPORTS, N_("day and month of birth exchanged: %(first)s, %(second)s")),
    BirthAgreement.MISTYPED: (Stance.SUPPORTS, N_("dates of birth one slip apart: %(first)s, %(second)s")),
    BirthAgreement.PARTIAL: (Stance.SUPPORTS, N_("the dates of birth agree as far as known: %(first)s, %(second)s")),
    BirthAgreement.UNKNOWN: (Stance.NOTES, N_("no date of birth to compare")),
    BirthAgreement.DIFFERS: (Stance.OPPOSES, N_("another date of birth: %(first)s, not %(second)s")),
}


def name_evidence(comparison: Comparison) -> list[Evidence]:
    """What was matched with what, and what each difference cost."""
    equal = [pair.first for pair in comparison.pairs if pair.why is Likeness.EQUAL]
    found: list[Evidence] = []
    if equal:
        found.append(Evidence("name", Stance.SUPPORTS, N_("equal: %(words)s"), {"words": " ".join(equal)}))
    found += [_pair(pair) for pair in comparison.pairs if pair.why is not Likeness.EQUAL]
    found += [
        Evidence("name", Stance.OPPOSES, _TRAITS[trait], {}, round(cost, 3))
        for trait, cost in comparison.costs.items()
        if trait in _TRAITS and cost > 0
    ]
    if comparison.score == 0 and not comparison.costs:
        found.append(Evidence("name", Stance.OPPOSES, N_("too few words agree"), {}, 1.0))
    return found


def _pair(pair: Pair) -> Evidence:
    return Evidence(
        "name",
        Stance.SUPPORTS,
        _LIKENESS[pair.why],
        {"first": pair.first, "second": pair.second, "percent": round(100 * pair.value)},
    )


def birth_evidence(agreement: int, first: int, second: int) -> Evidence:
    """How the dates of birth agree."""
    stance, message = _BIRTH[BirthAgreement(agreement)]
    return Evidence("birth_date", stance, message, {"first": birth_text(first), "second": birth_text(second)})


_FIELDS = {
    "document": (N_("the same document number, %(first)s"), N_("another document number: %(first)s, not %(second)s")),
    "nationality": (N_("the same nationality, %(first)s"), N_("another nationality: %(first)s, not %(second)s")),
    "sex": (N_("the same sex, %(first)s"), N_("another sex: %(first)s, not %(second)s")),
}


def field_evidence(about: str, first: str, second: str) -> Evidence | None:
    """How documents, nationalities or sexes agree; None where one is not known.

    A difference is noted and opposes nothing: people renew passports, hold two nationalities, and are recorded wrongly.
    """
    if not first or not second:
        return None
    same, other = _FIELDS[about]
    equal = first == second
    params: dict[str, object] = {"first": Term(first), "second": Term(second)}
    return Evidence(about, Stance.SUPPORTS if equal else Stance.NOTES, same if equal else other, params)
