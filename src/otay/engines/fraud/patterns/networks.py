"""Parties that trade with one another as a graph: circles that goods run round in, and groups behind one address.

The graph is sparse: parties are its points, trade from one to another its arrows (``scipy.sparse.csgraph``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

LARGEST = 200


@dataclass(frozen=True, slots=True)
class Circle:
    """Parties each of which can be reached from every other along trade: the shape of a carousel.

    ``share``: part of their trade that stays among them; ``length`` of the shortest round.
    """

    parties: tuple[str, ...]
    records: int
    value: float
    share: float
    length: int


def circles(frame: pl.DataFrame, *, least_value: float = 0.0) -> list[Circle]:
    """Strongly connected groups of at least two parties, by the value that runs round in them, the largest first.

    ``frame``: ``exporter``, ``importer``, ``value``. Groups of more than 200 parties are the market, not a circle.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = _edges(frame)
    if not edges.height:
        return []
    names = pl.concat([edges["exporter"].rename("x"), edges["importer"].rename("x")]).unique().sort()
    number = {name: at for at, name in enumerate(names)}
    left = np.array([number[name] for name in edges["exporter"]])
    right = np.array([number[name] for name in edges["importer"]])
    graph = coo_array((np.ones(len(left)), (left, right)), shape=(len(names), len(names))).tocsr()
    _, group = connected_components(graph, directed=True, connection="strong")
    inside = group[left] == group[right]
    sizes = np.bincount(group)
    value, records = edges["value"].to_numpy(), edges["records"].to_numpy()
    result = []
    for one in np.unique(group[left[inside]]):
        members = np.flatnonzero(group == one)
        if not 2 <= sizes[one] <= LARGEST:
            continue
        within = inside & (group[left] == one)
        touching = (group[left] == one) | (group[right] == one)
        money = float(value[within].sum())
        if money < least_value:
            continue
        length = _shortest_round(graph[members][:, members])
        parties = tuple(names[int(member)] for member in members)
        share = money / max(1e-9, float(value[touching].sum()))
        result.append(Circle(parties, int(records[within].sum()), money, share, length))
    return sorted(result, key=lambda circle: -circle.value)


def _shortest_round(graph: object) -> int:
    from scipy.sparse.csgraph import shortest_path

    away = shortest_path(graph, directed=True, unweighted=True)
    both = away + away.T
    np.fill_diagonal(both, np.inf)
    return int(both.min())


def _edges(frame: pl.DataFrame) -> pl.DataFrame:
    return (
        frame.drop_nulls(["exporter", "importer"])
        .filter(pl.col("exporter") != pl.col("importer"))
        .group_by("exporter", "importer")
        .agg(pl.col("value").fill_null(0.0).sum(), pl.len().alias("records"))
        .sort("exporter", "importer")
    )


@dataclass(frozen=True, slots=True)
class Group:
    """Parties tied together by what they share (``marks``), directly or through others."""

    parties: tuple[str, ...]
    marks: tuple[str, ...]


def groups(ties: Sequence[tuple[str, str]], *, most: int = 25) -> list[Group]:
    """Parties that share a mark (address, telephone, vehicle, broker's account...), the largest group first.

    ``ties``: (party, mark). A mark that more than ``most`` parties share says nothing (a port, a large broker).
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    by_mark: dict[str, set[str]] = {}
    for party, mark in ties:
        by_mark.setdefault(mark, set()).add(party)
    telling = {mark: parties for mark, parties in by_mark.items() if 2 <= len(parties) <= most}
    names = sorted({party for parties in telling.values() for party in parties})
    if not names:
        return []
    number = {name: at for at, name in enumerate(names)}
    marks = sorted(telling)
    left = [number[party] for mark in marks for party in sorted(telling[mark])]
    right = [len(names) + at for at, mark in enumerate(marks) for _ in telling[mark]]
    size = len(names) + len(marks)
    _, group = connected_components(coo_array((np.ones(len(left)), (left, right)), shape=(size, size)), directed=False)
    result = []
    for one in np.unique(group):
        members = np.flatnonzero(group == one)
        parties = tuple(names[at] for at in members if at < len(names))
        shared = tuple(marks[at - len(names)] for at in members if at >= len(names))
        result.append(Group(parties, shared))
    return sorted(result, key=lambda found: (-len(found.parties), found.parties))
