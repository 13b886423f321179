"""Names as reservations hold them: with titles, glued or cut."""

from __future__ import annotations

import re
from functools import lru_cache

_TITLES = ("MSTR", "MISS", "PROF", "MRS", "SRA", "MR", "MS", "DR", "SR", "CHD", "INF", "INFT")
# short ones end given names too (ADAMS, AMR), so they are only taken off where a blank parts them
_GLUED = ("MSTR", "MISS", "MRS", "MR")
_INFANT = re.compile(r"\(?(?:INF|CHD|ADT)[A-Z0-9/ ]*\)?$")


@lru_cache(maxsize=4096)
def without_title(given: str) -> tuple[str, str]:
    """``NINA MS`` and ``SEJOONMR`` to name and title."""
    given = _INFANT.sub("", given.strip()) if "(" in given else given.strip()
    first, _, last = given.rpartition(" ")
    if first and last.upper() in _TITLES:
        return first.strip(), last.upper()
    upper = given.upper()
    for title in _GLUED:
        if upper.endswith(title) and len(given) - len(title) >= 3:
            return given[: -len(title)].strip(), title
    return given, ""


@lru_cache(maxsize=4096)
def compact(name: str) -> str:
    """Letters only, for comparing names that line breaks have torn."""
    return "".join(letter for letter in name.upper() if letter.isalnum())


def same_person(surname: str, given: str, other_surname: str, other_given: str) -> bool:
    """The same surname, and one given name is the beginning of the other."""
    if compact(surname) != compact(other_surname):
        return False
    first, second = compact(without_title(given)[0]), compact(without_title(other_given)[0])
    return first.startswith(second) or second.startswith(first)
