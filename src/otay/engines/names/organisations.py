"""Names of firms and other organisations: legal form (S.A. de C.V., GmbH) is set apart from what they are called."""

from __future__ import annotations

import re

from otay.engines.names.lexicon import FORM_PHRASES, LEGAL_FORMS, NUMBERS, ORGANISATION_WORDS, PARTICLES

_FORMS = frozenset(LEGAL_FORMS)
# legal forms that are also words, initials or syllables of people's names decide nothing by themselves
_UNSURE = frozenset(["AS", "SE", "SA", "AB", "CO", "KK", "PT", "AO", "CV", "SC", "LP", "SAB", "ASA"])
# series of funds and trusts; a lone I or X is more often an initial
_ROMAN = {
    "II": "2",
    "III": "3",
    "IV": "4",
    "V": "5",
    "VI": "6",
    "VII": "7",
    "VIII": "8",
    "IX": "9",
    "XI": "11",
    "XII": "12",
    "XV": "15",
    "XX": "20",
}
_LAST = frozenset(["CO", "AB", "SC", "LP", "CV"])  # ... unless they stand last
_PHRASES = [(f" {phrase} ", f" {to} ") for phrase, to in FORM_PHRASES]
_OPENINGS = frozenset(phrase.split()[0] for phrase, _ in FORM_PHRASES)
_LONE_LETTERS = re.compile(r"(?<!\S)[A-Z](?: [A-Z])+(?!\S)")


def _with_forms(plain: str) -> str:
    text = f" {plain.replace('/', ' ')} ".replace("  ", " ")
    if not _OPENINGS.isdisjoint(text.split()):
        for phrase, to in _PHRASES:
            text = text.replace(phrase, to)
    return _LONE_LETTERS.sub(lambda found: found[0].replace(" ", ""), " ".join(text.split()))


def looks_like_organisation(plain: str) -> bool:
    """True for a folded text with a legal form, a word such as BANK, or a number as a word of its own."""
    words = _with_forms(plain).split()
    if len(words) > 1 and words[-1] in _LAST:
        return True
    return any(
        (word in _FORMS and word not in _UNSURE) or word in ORGANISATION_WORDS or word.isdigit() for word in words
    )


def organisation_words(plain: str) -> tuple[str, ...]:
    """The words that tell one organisation from another; legal forms, articles and ``AND`` are left out.

    Numbers written as words become digits (``FORTY FOUR`` is ``44``). A name of nothing but legal forms stays whole.
    """
    words = [word for word in _with_forms(plain).split() if word not in PARTICLES]
    telling = [word for word in words if word not in _FORMS] or words
    return tuple(_numbers(telling))


def _numbers(words: list[str]) -> list[str]:
    found: list[str] = []
    tens = False
    for word in words:
        digits = _ROMAN.get(word, NUMBERS.get(word, word))
        if tens and digits.isdigit() and len(digits) == 1:
            found[-1] = found[-1][0] + digits
        else:
            found.append(digits)
        tens = len(digits) == 2 and digits.isdigit() and digits[1] == "0"
    return found
