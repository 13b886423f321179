"""What other terms would newly reveal, told on records of the past: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from otay.exchange.domain.consent import Clause

EXAMPLES = 3
WIDTH = 120


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field that begins or ceases to be told. ``records``: in how many of the past records it has a value;
    ``examples``: some of these values, cut short; ``consent``: the programmes without whose consent it stays."""

    name: str
    records: int
    examples: tuple[str, ...]
    consent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of a record type: field -> the programmes to which its subject must consent first."""

    fields: Mapping[str, frozenset[str]]

    def newly(self, before: Told) -> list[str]:
        """Fields that are told and were not, or that are told now on fewer consents."""
        return sorted(name for name, asked in self.fields.items() if not before.covers(name, asked))

    def covers(self, name: str, asked: frozenset[str]) -> bool:
        """True if whoever gave the consents ``asked`` is told of by ``name`` here already."""
        return name in self.fields and self.fields[name] <= asked


def told_under(fields: Iterable[str], clauses: Iterable[Clause]) -> Told:
    """What a term tells."""
    asked = list(clauses)
    return Told(
        {name: frozenset(one.programme for one in asked if not one.fields or name in one.fields) for name in fields}
    )


@dataclass(frozen=True, slots=True)
class TypeChange:
    """One record type: how many past records were looked at, which fields are added and which are dropped."""

    record_type: str
    looked_at: int
    whole_type_new: bool
    added: tuple[FieldChange, ...]
    dropped: tuple[FieldChange, ...]


def type_change(
    record_type: str, *, before: Told, after: Told, bodies: Iterable[Mapping[str, Any]], examples: bool
) -> TypeChange:
    """What a change of the agreed fields of ``record_type`` means for ``bodies``, which are whole records."""
    held = list(bodies)
    return TypeChange(
        record_type,
        len(held),
        bool(after.fields) and not before.fields,
        tuple(_field(name, held, examples, after) for name in after.newly(before)),
        tuple(_field(name, held, False, after) for name in before.newly(after)),
    )


def _field(name: str, bodies: list[Mapping[str, Any]], examples: bool, after: Told) -> FieldChange:
    values = [body[name] for body in bodies if body.get(name) not in (None, "", [], {})]
    shown: dict[str, None] = {}
    for value in values if examples else ():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        shown[text if len(text) <= WIDTH else text[: WIDTH - 1] + "…"] = None
        if len(shown) == EXAMPLES:
            break
    return FieldChange(name, len(values), tuple(shown), tuple(sorted(after.fields.get(name, ()))))
