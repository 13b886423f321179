"""Declarations: read untrusted data into :class:`CoreDeclaration` with every finding at once, and write it back plain.

The models are in :mod:`otay.formats.declaration_elements`, the rules in :mod:`otay.formats.declaration_rules`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from otay.core.findings import Finding, Severity, error, refuses
from otay.core.i18n import N_
from otay.formats.declaration_elements import (
    Adjustment,
    Amendment,
    CoreDeclaration,
    DeclarationType,
    Duty,
    Invoice,
    Item,
    Packages,
    Party,
    PreviousDocument,
    Quantity,
    Seal,
    Transport,
    TransportDocument,
    TrustedParty,
)
from otay.formats.declaration_findings import structural_findings, without
from otay.formats.declaration_rules import check

__all__ = [
    "Adjustment",
    "Amendment",
    "CoreDeclaration",
    "DeclarationType",
    "Duty",
    "Invoice",
    "Item",
    "Packages",
    "Party",
    "PreviousDocument",
    "Quantity",
    "Seal",
    "Transport",
    "TransportDocument",
    "TrustedParty",
    "core_record",
    "json_schema",
    "parse_json",
    "read_declaration",
]

MAX_DEPTH = 64
_TRIES = 12


def read_declaration(data: Mapping[str, Any] | bytes) -> tuple[CoreDeclaration | None, tuple[Finding, ...]]:
    """A declaration and all that is wrong with it.

    Args:
        data: a mapping, or JSON bytes of one.

    Returns:
        The declaration, or None where a finding is an error; and every finding, structure first.
    """
    if isinstance(data, bytes):
        parsed, found = parse_json(data)
        if found:
            return None, (found,)
        if not isinstance(parsed, dict):
            return None, (_not_an_object(parsed),)
        data = parsed
    declaration, findings = lenient(data)
    return (None if refuses(findings) else declaration), findings


def lenient(data: Mapping[str, Any]) -> tuple[CoreDeclaration, tuple[Finding, ...]]:
    """The declaration without the places that could not be read, and every finding. For readers of formats that
    carry more than the core: what is wrong in a core element must not hide the rest."""
    findings: list[Finding] = []
    broken: set[str] = set()
    remaining: Any = data
    for _ in range(_TRIES):
        try:
            declaration = CoreDeclaration.model_validate(remaining)
            break
        except ValidationError as failure:
            new = [item for item in structural_findings(failure) if item.place not in broken]
            findings += new
            remaining, removed = without(remaining, failure)
            broken |= removed | {item.place for item in new}
    else:
        declaration = CoreDeclaration()
    ruled = [item for item in check(declaration) if not _below(item.place, broken)]
    return declaration, (*findings, *ruled)


def softened(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The same findings, none of which refuses: for messages whose own schema has already accepted them."""
    return tuple(replace(item, severity=min(item.severity, Severity.WARNING, key=_weight)) for item in findings)


def _weight(severity: Severity) -> int:
    return list(Severity).index(severity)


def _below(place: str, broken: set[str]) -> bool:
    return any(place == other or other.startswith(place + "/") or place.startswith(other + "/") for other in broken)


def parse_json(data: bytes) -> tuple[Any, Finding | None]:
    """JSON with exact numbers, unique keys and bounded depth; or the one finding that says why not."""
    try:
        text = data.decode("utf-8-sig")
        value = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_unique)
    except UnicodeDecodeError as failure:
        return None, error(
            f"byte {failure.start}",
            "json.encoding",
            N_("This is not UTF-8 text."),
            remedy=N_("Save the file as UTF-8."),
        )
    except json.JSONDecodeError as failure:
        return None, error(
            f"line {failure.lineno}, column {failure.colno}",
            "json.syntax",
            N_("This is not well-formed JSON: %(reason)s."),
            text[failure.pos : failure.pos + 20],
            N_("Correct the message at this place and send it again."),
            reason=failure.msg,
        )
    except (ValueError, RecursionError) as failure:
        return None, error("", "json.content", N_("This JSON cannot be read: %(reason)s."), reason=str(failure)[:100])
    if _depth(value) > MAX_DEPTH:
        return None, error("", "json.depth", N_("Nested deeper than %(limit)s levels."), limit=MAX_DEPTH)
    return value, None


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice in one object")
    return found


def _depth(value: Any) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth


def _not_an_object(value: Any) -> Finding:
    return error(
        "",
        "declaration.object",
        N_("A declaration is a JSON object with named elements."),
        type(value).__name__,
        N_("Send {...}; for several declarations use a batch."),
    )


def core_record(declaration: CoreDeclaration) -> dict[str, Any]:
    """The declaration as plain values with one canonical form: decimals as text, nothing absent, nothing empty.

    ``read_declaration(core_record(d))`` gives ``d`` again.
    """
    plain: dict[str, Any] = _plain(declaration.model_dump(exclude_none=True))
    return plain


def _plain(value: Any) -> Any:
    for kind, convert in _PLAIN.items():
        if isinstance(value, kind):
            return convert(value)
    return value


def _plain_dict(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: _plain(item) for key, item in value.items() if item not in (None, (), [], {})}


def _iso(value: Any) -> str:
    return str(value.isoformat()).replace("+00:00", "Z")


_PLAIN: dict[type, Callable[[Any], Any]] = {
    dict: _plain_dict,
    list: lambda items: [_plain(item) for item in items],
    tuple: lambda items: [_plain(item) for item in items],
    Decimal: lambda number: format(number, "f"),
    DeclarationType: str,
    date: _iso,
}


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a declaration, with the WCO, 7501 and pedimento reference of every element."""
    return CoreDeclaration.model_json_schema(mode="validation")
