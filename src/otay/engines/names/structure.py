"""A name as the engine compares it: its words, and for each the roles it can play.

Given names, paternal and maternal surname are kept apart where the source keeps them apart, and told apart by position
and by lists of common names where it does not. A word whose role is open keeps several, and agrees with any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from otay.engines.names.common_names import GIVEN, SURNAMES
from otay.engines.names.folding import SURNAMES_END, as_letters, folded
from otay.engines.names.lexicon import ABBREVIATIONS, GENERATIONS, PARTICLES, TITLES
from otay.engines.names.organisations import looks_like_organisation, organisation_words
from otay.engines.names.sounds import sound_key

GIVEN_NAME, PATERNAL, MATERNAL, ANY = 1, 2, 4, 7
SURNAME = PATERNAL | MATERNAL
MAX_WORDS = 24  # of one name that are compared; no name known to us has more
_VOWELS = frozenset("AEIOUY")
_GIVEN_SOUNDS = frozenset(sound_key(word) for word in GIVEN)
_SURNAME_SOUNDS = frozenset(sound_key(word) for word in SURNAMES)


@dataclass(frozen=True, slots=True)
class Join:
    """Words written as one: ``text`` may stand for ``span`` words from ``first``."""

    text: str
    first: int
    span: int


@dataclass(frozen=True, slots=True)
class Name:
    """Words, their roles as bits, and the ways they can be written together."""

    text: str
    words: tuple[str, ...]
    roles: tuple[int, ...]
    joins: tuple[Join, ...]
    organisation: bool = False

    @property
    def surname_count(self) -> int:
        """How many surnames it has, as far as the words tell: 0, 1 or 2."""
        surnames = [role for role in self.roles if role & SURNAME]
        certain = [role for role in surnames if not role & GIVEN_NAME]
        return min(2, len(certain or surnames))


@lru_cache(maxsize=65_536)
def parse_name(text: str, organisation: bool | None = None) -> Name:
    """Read a name written as one text: María García López, GARCIA LOPEZ/MARIA, GARCIA<<MARIA, Transportes Otay, S.A.

    ``organisation`` says what it names; None leaves that to legal forms and words such as Bank.
    """
    plain = folded(text)
    if organisation or (organisation is None and looks_like_organisation(plain)):
        words = organisation_words(plain)[:MAX_WORDS]
        return Name(text, words, (ANY,) * len(words), _joins([((), word) for word in words]), organisation=True)
    surnames, mark, given = plain.partition(SURNAMES_END)
    if mark and surnames.strip() and _units(given):
        return _from_parts(text, _units(given), _units(surnames), [])
    units = _units(plain.replace(SURNAMES_END, " "))
    return _assembled(text, units, _open_roles(units))


@lru_cache(maxsize=65_536)
def parse_parts(given: str, surname1: str = "", surname2: str = "") -> Name:
    """Read a name whose parts stand apart; a ``surname1`` that holds both surnames is divided."""
    text = " ".join(part for part in (given, surname1, surname2) if part)
    return _from_parts(text, _units(folded(given)), _units(folded(surname1)), _units(folded(surname2)))


_Unit = tuple[tuple[str, ...], str]  # the particles before a word, and the word


def _units(plain: str) -> list[_Unit]:
    found: list[_Unit] = []
    before: list[str] = []
    for raw in plain.replace(SURNAMES_END, " ").split():
        if raw in TITLES and (found or raw not in GENERATIONS):
            continue
        if raw in PARTICLES and not (raw in ("E", "D", "Y", "U", "DO", "DA") and not found):
            before.append(raw)
            continue
        for word in _spelled_out(as_letters(raw)):
            found.append((tuple(before), word))
            before = []
    if before and not found:  # nothing but particles: they are the name
        return [((), word) for word in before]
    return found[:MAX_WORDS]


def _spelled_out(word: str) -> Sequence[str]:
    if word in ABBREVIATIONS:
        return (ABBREVIATIONS[word],)
    if 2 <= len(word) <= 3 and word.isalpha() and not _VOWELS & set(word):
        return tuple(word)  # initials run together: JC
    return (word,)


def _from_parts(text: str, given: list[_Unit], surnames: list[_Unit], second: list[_Unit]) -> Name:
    apart = [PATERNAL] * len(surnames) + [MATERNAL] * len(second)
    roles = apart if second else _surname_roles(surnames)
    units = [*given, *surnames, *second]
    return _assembled(text, units, [GIVEN_NAME] * len(given) + roles)


def _surname_roles(surnames: list[_Unit]) -> list[int]:
    """The first is the father's; with two words the second is the mother's, with more the ones between are open."""
    count = len(surnames)
    if count <= 1:
        return [PATERNAL] * count
    last = MATERNAL if count == 2 and "DE" not in surnames[1][0][:1] else SURNAME
    return [PATERNAL, *[SURNAME] * (count - 2), last]


def _open_roles(units: list[_Unit]) -> list[int]:
    """Roles of the words of a text in which nothing says where the given names end."""
    kinds = [_kind(word) for _, word in units]
    count = len(units)
    if count <= 1:
        return [ANY] * count
    surname_known = SURNAME in kinds[:-1]
    if kinds[-1] == GIVEN_NAME and (kinds[0] == SURNAME or (kinds[0] != GIVEN_NAME and surname_known)):
        # GONZALEZ PEREZ JOSE
        given = next(place for place in range(count) if all(kind != SURNAME for kind in kinds[place:]))
        given = max(given, 1)
        return [*_surname_roles(units[:given]), *[GIVEN_NAME] * (count - given)]
    if count == 2:
        known = kinds[0] == GIVEN_NAME or kinds[1] == SURNAME
        return [GIVEN_NAME, PATERNAL] if known else [GIVEN_NAME | PATERNAL] * 2
    if kinds[0] != GIVEN_NAME:  # either order
        return [SURNAME if kind == SURNAME else ANY for kind in kinds]
    return _given_first(units, kinds)


def _given_first(units: list[_Unit], kinds: list[int]) -> list[int]:
    count = len(units)
    first = next((place for place in range(1, count) if kinds[place] == SURNAME), None)
    if first is not None:  # what follows a known surname is a surname
        before = [GIVEN_NAME, *[kind if kind == GIVEN_NAME else GIVEN_NAME | PATERNAL for kind in kinds[1:first]]]
        if GIVEN_NAME | PATERNAL in before:  # JUAN XAREN LOPEZ: is XAREN a surname?
            return [*before, *[SURNAME] * (count - first)]
        return [*before, *_surname_roles(units[first:])]
    roles = [GIVEN_NAME]
    for place in range(1, count):
        rest = count - place
        if kinds[place] == GIVEN_NAME and rest > 1:
            roles.append(GIVEN_NAME)
        elif rest == 1:
            roles.append(PATERNAL if kinds[place - 1] == GIVEN_NAME else SURNAME)
        else:
            roles.append(GIVEN_NAME | PATERNAL)
    return roles


def _kind(word: str) -> int:
    if len(word) == 1:
        return ANY
    as_given, as_surname = word in GIVEN, word in SURNAMES
    if not (as_given or as_surname) and len(word) >= 5:
        as_given, as_surname = sound_key(word) in _GIVEN_SOUNDS, sound_key(word) in _SURNAME_SOUNDS
    return {(True, False): GIVEN_NAME, (False, True): SURNAME}.get((as_given, as_surname), ANY)


def _assembled(text: str, units: list[_Unit], roles: Sequence[int]) -> Name:
    return Name(text, tuple(word for _, word in units), tuple(roles[: len(units)]), _joins(units))


def _joins(units: Sequence[_Unit]) -> tuple[Join, ...]:
    found: list[Join] = []
    for place, (before, word) in enumerate(units):
        if before:
            found.append(Join("".join(before) + word, place, 1))
        if place + 1 < len(units):
            between, after = units[place + 1]
            found.append(Join(word + "".join(between) + after, place, 2))
            if between:
                found.append(Join(word + after, place, 2))
        if place + 2 < len(units) and max(len(unit[1]) for unit in units[place : place + 3]) <= 5:
            found.append(Join("".join(unit[1] for unit in units[place : place + 3]), place, 3))
    return tuple(join for join in found if len(join.text) >= 5)
