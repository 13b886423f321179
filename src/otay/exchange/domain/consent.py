"""Consent: what an agreement lets leave only for those who agreed. Without that, or after its withdrawal: nothing."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

MOST = 4
"""Consents that one record type may ask for."""
_PROGRAMME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Clause:
    """``fields`` of a record (none: the whole record) leave only with the consent of its ``subject`` (a role that the
    record type names, such as its importer) to ``programme``."""

    programme: str
    subject: str
    fields: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """As both sides sign it."""
        return {"programme": self.programme, "subject": self.subject, "fields": list(self.fields)}

    def in_order(self, fields: Collection[str]) -> bool:
        """True if it can stand in a term over ``fields``."""
        texts = (self.programme, self.subject, *self.fields)
        return (
            all(isinstance(text, str) for text in texts)
            and bool(_PROGRAMME.fullmatch(self.programme))
            and 0 < len(self.subject) <= 40
            and len(set(self.fields)) == len(self.fields)
            and set(self.fields) <= set(fields)
        )


def read_clauses(documents: Iterable[Mapping[str, Any]]) -> tuple[Clause, ...]:
    """The clauses of a term as it was signed."""
    return tuple(Clause(one["programme"], one["subject"], tuple(one["fields"])) for one in documents)


def may_leave(fields: Iterable[str], clauses: Iterable[Clause], given: Collection[Clause]) -> tuple[str, ...]:
    """Which of ``fields`` may leave when the consents for ``given`` hold; none where the whole record may not."""
    missing = [clause for clause in clauses if clause not in given]
    if any(not clause.fields for clause in missing):
        return ()
    closed = {name for clause in missing for name in clause.fields}
    return tuple(name for name in fields if name not in closed)


def possible(fields: Sequence[str], clauses: Sequence[Clause]) -> set[tuple[str, ...]]:
    """What may leave of ``fields`` under one or another set of consents; empty where none is asked for."""
    some = (chosen for count in range(len(clauses) + 1) for chosen in combinations(clauses, count))
    return {may_leave(fields, clauses, chosen) for chosen in some} if clauses else set()


def identifier(text: str) -> str:
    """Who consents, however it was typed: letters and digits, in capitals."""
    return "".join(char for char in text.upper() if char.isalnum())[:80]
