"""What a room tells screening: the kinds of subject it has assessed and the facts each offers to rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from otay.engines.conditions import FactType
from otay.node.registry import Registry, Text
from otay.screening.domain import Subject


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact that rules of a kind may name. Numbers say their unit in ``title``."""

    name: str
    type: FactType
    title: Text


@dataclass(frozen=True, slots=True)
class FactSet:
    """The facts of one kind of subject. ``recent(n)`` gives at most ``n`` past subjects with their facts as they
    stood when assessed, newest first, so that a change of rules can be tried before it is made.
    """

    kind: str
    title: Text
    facts: tuple[Fact, ...]
    recent: Callable[[int], Sequence[Subject]] | None = None

    @property
    def key(self) -> str:
        """The kind."""
        return self.kind

    @property
    def types(self) -> Mapping[str, FactType]:
        """Name to type, as the rule engine wants them."""
        return {fact.name: fact.type for fact in self.facts}


fact_sets: Registry[FactSet] = Registry("fact sets")
