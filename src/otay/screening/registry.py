"""What a room tells screening: the kinds of subject it has assessed, the facts each offers to rules, and whom to
screen again when a watchlist changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from otay.engines.conditions import FactType
from otay.node.registry import Registry, Text
from otay.screening.domain import Subject

if TYPE_CHECKING:
    from otay.screening.watchlists.domain import Hit, Party


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


@dataclass(frozen=True, slots=True)
class Rescreener:
    """A room's parties that a change of a watchlist still concerns: travellers yet to arrive, members of a programme.

    ``batches()`` yields them some thousand at a time, always in the same order. ``take(parties, hits)`` gets
    those whose hits may have changed, each with all its hits as they are now (``hits[i]`` belongs to ``parties[i]``,
    as ``watchlists.screen`` answers), inside a transaction; it may be called again with the same. ``count()``: about
    how many parties there are, for the progress. ``key`` is the first part of the parties' keys (``traveller`` of
    ``traveller:17``): ``take`` also tells the room when an officer clears or confirms a hit.
    """

    key: str
    title: Text
    batches: Callable[[], Iterable[Sequence[Party]]]
    take: Callable[[Sequence[Party], Sequence[Sequence[Hit]]], None]
    count: Callable[[], int] = lambda: 0


rescreeners: Registry[Rescreener] = Registry("rescreeners")
