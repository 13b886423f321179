"""Who on a list is who: keys under which a traveller may be named again, and when two entries are one person."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

_NOT_LETTERS = re.compile(r"[^A-Z0-9]+")
_PLAIN = re.compile(r"[^A-Z0-9]")
KEY_LENGTH = 120


def folded(text: str) -> str:
    """Capitals without accents and signs, words apart by one blank."""
    plain = unicodedata.normalize("NFKD", text.upper()).encode("ascii", "ignore").decode()
    return _NOT_LETTERS.sub(" ", plain).strip()


def plain_number(number: str) -> str:
    """A document's number without blanks and signs."""
    return _PLAIN.sub("", number.upper())


def reference_key(references: Mapping[str, str]) -> str:
    """Locator (AVF) and passenger reference (ABO), which together name a traveller on a flight; empty without ABO."""
    own = references.get("ABO", "").strip().upper()
    return f"R:{references.get('AVF', '').strip().upper()}|{own}"[:KEY_LENGTH] if own else ""


def locator_key(references: Mapping[str, str]) -> str:
    """Everybody under a record locator, for messages that name no more than that."""
    locator = references.get("AVF", "").strip().upper()
    return f"L:{locator}"[:KEY_LENGTH] if locator else ""


def name_key(person: Mapping[str, Any]) -> str:
    """Name and date of birth; empty without a name."""
    name = folded(f"{person.get('surnames') or ''} / {person.get('given') or ''}")
    return f"N:{name}|{person.get('birth_date') or ''}"[:KEY_LENGTH] if name else ""


def document_key(person: Mapping[str, Any]) -> str:
    """The first document that identifies (not a visa), by issuer and number."""
    for paper in person.get("documents") or ():
        number = plain_number(paper.get("number") or "")
        if number and not (paper.get("type") or "").upper().startswith("V"):
            return f"D:{paper.get('issuer') or ''}|{number}"[:KEY_LENGTH]
    return ""


def keys_of(person: Mapping[str, Any]) -> tuple[str, str, str]:
    """Keys in the order in which they are trusted: references, document, name with date of birth."""
    return reference_key(person.get("references") or {}), document_key(person), name_key(person)


def closing_key(person: Mapping[str, Any]) -> str:
    """By what a close-out names somebody: its references, else what else it gives."""
    references = person.get("references") or {}
    return reference_key(references) or locator_key(references) or document_key(person) or name_key(person)


def names_agree(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    """True if the surnames begin alike and one given name is on both sides, or either has no name. Titles that booking
    systems glue to given names (ANAMARIA MRS) do not matter."""
    one, other = folded(first.get("surnames") or ""), folded(second.get("surnames") or "")
    if not one or not other:
        return True
    if one.split()[0] != other.split()[0] and one.replace(" ", "") != other.replace(" ", ""):
        return False
    given, others = folded(first.get("given") or ""), folded(second.get("given") or "")
    joined, joined_others = given.replace(" ", ""), others.replace(" ", "")
    if not joined or not joined_others:
        return True
    if joined.startswith(joined_others) or joined_others.startswith(joined):
        return True
    return bool(set(given.split()) & set(others.split()))


class Register:
    """The travellers of one flight and sender that are known, to find again those whom a message names.

    References decide unless two share them; then the name does. A document counts where the names agree, and so does a
    record locator where the dates of birth do not differ. Nobody is found twice by one message.
    """

    def __init__(self) -> None:
        self._people: list[Mapping[str, Any]] = []
        self._keys: list[tuple[str, ...]] = []
        self._by_key: dict[str, list[int]] = {}
        self._taken: set[int] = set()

    def add(self, person: Mapping[str, Any], keys: tuple[str, str, str] | None = None, *, taken: bool = False) -> int:
        """Make ``person`` known; returns the place under which :meth:`find` gives it."""
        place = len(self._people)
        all_keys = (*(keys or keys_of(person)), locator_key(person.get("references") or {}))
        self._people.append(person)
        self._keys.append(all_keys)
        for key in filter(None, all_keys):
            self._by_key.setdefault(key, []).append(place)
        if taken:
            self._taken.add(place)
        return place

    def find(self, person: Mapping[str, Any]) -> int | None:
        """The place of ``person``, who is then taken; None where nobody known is that person."""
        place = self._found(person)
        if place is not None:
            self._taken.add(place)
        return place

    def all_of(self, key: str) -> list[int]:
        """Everybody under a key."""
        return list(self._by_key.get(key, ()))

    def _found(self, person: Mapping[str, Any]) -> int | None:
        reference, document, name = keys_of(person)
        if reference and (found := self._free(reference)):
            if len(found) == 1 and len(self._by_key[reference]) == 1:
                return found[0]
            if named := [place for place in found if names_agree(person, self._people[place])]:
                return named[0]
        locator = locator_key(person.get("references") or {})
        for key, tells in ((name, True), (document, False), (locator, False)):
            for place in self._free(key):
                if reference and self._keys[place][0] and self._keys[place][0] != reference:
                    continue
                if tells or (names_agree(person, self._people[place]) and _births_agree(person, self._people[place])):
                    return place
        return None

    def _free(self, key: str) -> list[int]:
        return [place for place in self._by_key.get(key, ()) if place not in self._taken] if key else []


def _births_agree(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return len({one.get("birth_date") or "" for one in (first, second)} - {""}) < 2
