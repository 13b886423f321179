"""JSON documents out of a file: one array, one object with ``entries``, or one object a line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_

MAX_DEPTH = 12
_WRAPPERS = ("entries", "entities", "results")


@dataclass(frozen=True, slots=True)
class Item:
    """One JSON value and where it stands."""

    place: str
    value: Any


def documents_of(data: bytes, name: str) -> list[Item]:
    """The values in ``data``. Numbers with a fraction come as text, so that they stay as they were written.

    Raises:
        Refused: when it is not JSON, or nested too deeply.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _refused(f"{name}, byte {problem.start + 1}", N_("This is not UTF-8 text.")) from None
    try:
        whole = _loads(text)
    except ValueError:
        return _lines(text, name)
    except RecursionError:
        raise _too_deep(name) from None
    prefix = ""
    if isinstance(whole, dict):
        wrapper = next((key for key in _WRAPPERS if isinstance(whole.get(key), list)), None)
        if wrapper is None:
            return _checked([Item("/0", whole)], name)
        prefix, whole = f"/{wrapper}", whole[wrapper]
    if not isinstance(whole, list):
        raise _refused(name, N_("Expected a list of entries."))
    return _checked([Item(f"{prefix}/{place}", value) for place, value in enumerate(whole)], name)


def _lines(text: str, name: str) -> list[Item]:
    found = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(Item(f"{name}, line {number}", _loads(line)))
        except ValueError as problem:
            place = f"{name}, line {number}"
            raise _refused(place, N_("This is not JSON: %(reason)s."), reason=str(problem)[:120]) from None
        except RecursionError:
            raise _too_deep(f"{name}, line {number}") from None
    return _checked(found, name)


def _loads(text: str) -> Any:
    return json.loads(text, parse_float=str, parse_constant=str)


def _checked(items: Sequence[Item], name: str) -> list[Item]:
    for item in items:
        if _depth(item.value) > MAX_DEPTH:
            raise _too_deep(item.place)
    return list(items)


def _depth(value: Any) -> int:
    deepest, waiting = 0, [(value, 1)]
    while waiting:
        held, depth = waiting.pop()
        deepest = max(deepest, depth)
        if depth > MAX_DEPTH:
            return depth
        if isinstance(held, dict):
            waiting += [(item, depth + 1) for item in held.values()]
        elif isinstance(held, list):
            waiting += [(item, depth + 1) for item in held]
    return deepest


def _too_deep(place: str) -> Refused:
    return _refused(place, N_("Values are nested more than %(limit)d deep."), limit=MAX_DEPTH)


def _refused(place: str, message: str, **params: Any) -> Refused:
    return Refused(N_("The list cannot be read"), findings=[error(place, "watchlist.json", message, **params)])
