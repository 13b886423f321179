"""What other terms would newly reveal, told on records of the past: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

EXAMPLES = 3
WIDTH = 120


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that begins or ceases to be told. ``records``: in how many of the past records it has a value;
    ``examples``: some of these values, cut short."""

    name: str
    records: int
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeChange:
    """One record type: how many past records were looked at, which fields are added and which are dropped."""

    record_type: str
    looked_at: int
    whole_type_new: bool
    added: tuple[FieldChange, ...]
    dropped: tuple[FieldChange, ...]


def type_change(
    record_type: str, *, before: Set[str], after: Set[str], bodies: Iterable[Mapping[str, Any]], examples: bool
) -> TypeChange:
    """What a change of the agreed fields of ``record_type`` means for ``bodies``, which are whole records."""
    held = list(bodies)
    return TypeChange(
        record_type,
        len(held),
        bool(after) and not before,
        tuple(_field(name, held, examples) for name in sorted(after - before)),
        tuple(_field(name, held, examples=False) for name in sorted(before - after)),
    )


def _field(name: str, bodies: list[Mapping[str, Any]], examples: bool) -> FieldChange:
    values = [body[name] for body in bodies if body.get(name) not in (None, "", [], {})]
    shown: dict[str, None] = {}
    for value in values if examples else ():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        shown[text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"] = None
        if len(shown) == EXAMPLES:
            break
    return FieldChange(name, len(values), tuple(shown))
