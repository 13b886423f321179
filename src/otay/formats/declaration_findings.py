"""From what pydantic says about a declaration to findings that a broker can act on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from otay.core.findings import Finding, error
from otay.core.i18n import N_

_UNKNOWN = N_("There is no element of this name here.")
_MESSAGES: dict[str, tuple[str, str]] = {
    "missing": (N_("This element is missing."), N_("Give it, or leave out the whole group.")),
    "extra_forbidden": (_UNKNOWN, N_("Compare the spelling with the list of elements.")),
    "unexpected_keyword_argument": (_UNKNOWN, N_("Compare the spelling with the list of elements.")),
    "string_too_long": (N_("Longer than %(max_length)s characters."), N_("Shorten it.")),
    "string_too_short": (N_("Empty."), N_("Leave the element out, or fill it.")),
    "string_type": (N_("Text is expected here."), N_("Put the value in quotation marks.")),
    "string_pattern_mismatch": (N_("Does not have the shape %(pattern)s."), ""),
    "decimal_parsing": (N_("This is not a number."), N_("Write digits and a decimal point, without separators.")),
    "decimal_type": (N_("This is not a number."), N_("Write digits and a decimal point, without separators.")),
    "decimal_max_digits": (N_("More than %(max_digits)s digits."), ""),
    "decimal_whole_digits": (N_("More than %(whole_digits)s digits before the point."), ""),
    "decimal_max_places": (N_("More than %(decimal_places)s digits after the point."), N_("Round it.")),
    "finite_number": (N_("This is not a number."), ""),
    "int_parsing": (N_("A whole number is expected here."), ""),
    "int_type": (N_("A whole number is expected here."), ""),
    "int_from_float": (N_("A whole number is expected here."), ""),
    "greater_than_equal": (N_("Must be %(ge)s or more."), ""),
    "less_than_equal": (N_("Must be %(le)s or less."), ""),
    "too_long": (N_("More than %(max_length)s entries."), N_("Split the declaration.")),
    "enum": (N_("Must be one of %(expected)s."), ""),
    "timezone_aware": (N_("The time has no zone."), N_("Write it with its offset: 2026-03-01T08:30:00-06:00.")),
    "model_type": (N_("A group of elements is expected here."), ""),
    "model_attributes_type": (N_("A group of elements is expected here."), ""),
    "dataclass_type": (
        N_("An amount with its currency is expected here."),
        N_('Write {"amount": "1.00", "currency": "USD"}.'),
    ),
    "tuple_type": (N_("A list is expected here."), ""),
}
_DATES = (N_("This is not a date or time."), N_("Write it as 2026-03-01 or 2026-03-01T08:30:00-06:00."))
_OTHER = N_("This value cannot be read: %(reason)s.")


def pointer(location: Sequence[int | str]) -> str:
    """A JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in location)


def structural_findings(failure: ValidationError) -> list[Finding]:
    """One finding for each error."""
    return [_finding(dict(item)) for item in failure.errors(include_url=False)]


def _finding(item: Mapping[str, Any]) -> Finding:
    kind = str(item["type"])
    context = {key: value for key, value in item.get("ctx", {}).items() if key != "error"}
    if kind in _MESSAGES:
        message, remedy = _MESSAGES[kind]
    elif kind.startswith(("date", "timezone")):
        message, remedy = _DATES
    elif kind == "value_error":  # said by the house's own validators, as a template
        message, remedy, context = str(item["msg"]).removeprefix("Value error, "), "", {}
    else:
        message, remedy, context = _OTHER, "", {"reason": str(item["msg"])}
    value = "" if kind == "missing" else _shown(item["input"])
    return error(pointer(item["loc"]), f"structure.{kind}", message, value, remedy, **context)


def _shown(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) or value is None else repr(value)[:200]


def without(data: Any, failure: ValidationError) -> tuple[Any, set[str]]:
    """``data`` without what failed, so that the rest can be looked at too; and the pointers removed.

    A missing element takes its group with it, an entry of a list that is not readable takes the list: an index must
    go on meaning the same entry.
    """
    removed: set[str] = set()
    for item in failure.errors(include_url=False):
        location = list(item["loc"])
        if item["type"] == "missing" and location:
            location = location[:-1]
        while location and isinstance(location[-1], int):
            location = location[:-1]
        data = _cut(data, location)
        removed.add(pointer(location))
    return data, removed


def _cut(data: Any, location: Sequence[int | str]) -> Any:
    if not location:
        return {}
    head, *rest = location
    if isinstance(data, Mapping) and head in data:
        if not rest:
            return {key: value for key, value in data.items() if key != head}
        return {**data, head: _cut(data[str(head)], rest)}
    if isinstance(data, list | tuple) and isinstance(head, int) and head < len(data):
        return [_cut(entry, rest) if index == head else entry for index, entry in enumerate(data)]
    return data
