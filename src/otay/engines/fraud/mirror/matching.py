"""Both books against one another: pairs, parts of one consignment, and what stands alone on either side.

Shared documents first, then a scored assignment of all that remains, then consignments in parts. Every pair is compared
element by element; what stands alone is a finding of its own, with its innocent causes named.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.mirror.assignment import assign
from otay.engines.fraud.mirror.candidates import candidate_pairs
from otay.engines.fraud.mirror.comparing import NO_DAY, USUAL, Cause, Compared, Sides, Tolerances, Verdict, compare
from otay.engines.fraud.mirror.parts import parts_of
from otay.engines.fraud.mirror.records import Book, books
from otay.engines.fraud.mirror.scoring import DOCUMENTS, evidence, threshold
from otay.engines.fraud.values import Rates

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Relation(IntEnum):
    """How the records of a pair belong together."""

    ONE_TO_ONE = 0
    SPLIT = 1  # one export, several imports
    MERGED = 2  # several exports, one import

    @property
    def code(self) -> str:
        """As tables have it: ``one_to_one``."""
        return self.name.lower()


@dataclass(slots=True)
class Pairs:
    """Rows of both books that belong together, with the evidence in nats above the threshold.

    ``confidence``: 0 to 1, low where another record fits nearly as well. ``group``: parts of one consignment share it.
    ``by_document``: a reference, invoice or transport document is shared.
    """

    left: Ints
    right: Ints
    relation: NDArray[np.int8]
    evidence: Floats
    confidence: Floats
    group: Ints
    by_document: NDArray[np.bool_]


@dataclass(slots=True)
class Matched:
    """Pairs with their comparison, one place a pair, and the rows of each side that stand alone with their causes."""

    pairs: Pairs
    compared: Compared
    alone_exports: Ints
    alone_imports: Ints
    export_causes: NDArray[np.int32]
    import_causes: NDArray[np.int32]


def match(
    exports: pl.DataFrame, imports: pl.DataFrame, *, rates: Rates | None = None, tolerances: Tolerances = USUAL
) -> Matched:
    """Match two tables with columns named as in :mod:`otay.engines.fraud.columns`."""
    left, right = books(exports, imports, rates)
    return match_books(left, right, tolerances)


def match_books(
    exports: Book,
    imports: Book,
    tolerances: Tolerances = USUAL,
    spans: tuple[tuple[int, int], tuple[int, int]] | None = None,
) -> Matched:
    """Match two books that :func:`otay.engines.fraud.mirror.records.books` made.

    ``spans``: first and last day of the whole books of exports and imports, where these are parts of them.
    """
    pairs = find_pairs(exports, imports, tolerances)
    compared = compare(pair_sides(exports, imports, pairs), tolerances)
    causes = {Relation.SPLIT: Cause.SPLIT, Relation.MERGED: Cause.MERGED}
    for relation, cause in causes.items():
        compared.causes |= np.where(pairs.relation == relation, cause, 0).astype(np.int32)
    alone_exports = np.setdiff1d(np.arange(exports.size), pairs.left)
    alone_imports = np.setdiff1d(np.arange(imports.size), pairs.right)
    return Matched(
        pairs,
        compared,
        alone_exports,
        alone_imports,
        _alone_causes(exports, alone_exports, spans[1] if spans else _span(imports), tolerances, exporting=True),
        _alone_causes(imports, alone_imports, spans[0] if spans else _span(exports), tolerances, exporting=False),
    )


def find_pairs(exports: Book, imports: Book, tolerances: Tolerances = USUAL) -> Pairs:
    """Which records belong together."""
    left, right = candidate_pairs(exports, imports)
    worth = evidence(exports, imports, left, right, tolerances.freight) - threshold(exports, imports)
    shared = np.zeros(len(left), bool)
    for name in DOCUMENTS:
        one, other = exports.codes[name][left], imports.codes[name][right]
        shared |= (one >= 0) & (one == other)
    search = _Search(exports, imports, left, right, worth, shared, tolerances)
    search.documents()
    search.one_to_one()
    search.relations()
    return search.pairs()


class _Search:
    """The three steps, each on what the one before left over."""

    def __init__(
        self, exports: Book, imports: Book, left: Ints, right: Ints, worth: Floats, shared: NDArray[np.bool_],
        tolerances: Tolerances,
    ) -> None:  # fmt: skip
        self.books = exports, imports
        self.left, self.right, self.worth, self.shared = left, right, worth, shared
        self.tolerance = tolerances.mass
        self.days_most = tolerances.days_most
        self.free = np.ones(exports.size, bool), np.ones(imports.size, bool)
        self.alone: tuple[Ints, Floats] = np.array([], np.int64), np.array([])
        self.rows: list[tuple[Ints, Ints, Relation]] = []

    def documents(self) -> None:
        """Parts that cite the same document, where no single record of it has the whole mass."""
        exports, imports = self.books
        at = np.flatnonzero(self.shared & self._goods_alike())
        with np.errstate(invalid="ignore"):
            alike = np.abs(np.log(exports.mass[self.left[at]] / imports.mass[self.right[at]])) <= self.tolerance
        whole_exports = np.bincount(self.left[at][alike], minlength=exports.size) == 0
        whole_imports = np.bincount(self.right[at][alike], minlength=imports.size) == 0
        nothing = np.full(exports.size, -1), np.full(imports.size, -1)
        self._parts(at[whole_exports[self.left[at]]], Relation.SPLIT, nothing[0])
        self._parts(at[whole_imports[self.right[at]]], Relation.MERGED, nothing[1])

    def one_to_one(self) -> None:
        """The best assignment of all that is free."""
        exports, imports = self.books
        open_pairs = np.flatnonzero((self.worth > 0) & self.free[0][self.left] & self.free[1][self.right])
        chosen, rival = assign(
            self.left[open_pairs], self.right[open_pairs], self.worth[open_pairs], exports.size, imports.size
        )
        chosen = open_pairs[chosen]
        self.alone = chosen, rival
        self.free[0][self.left[chosen]] = False
        self.free[1][self.right[chosen]] = False

    def relations(self) -> None:
        """Records left over that complete a pair, or one another, to the mass of the other side."""
        exports, imports = self.books
        chosen, _ = self.alone
        left, right = self.left, self.right
        both = (self._same("exporter") & self._same("importer")) | self.shared
        gap = imports.day[right] - exports.day[left]
        near = (gap >= -5) & (gap <= self.days_most) | self.shared
        related = both & near & self._goods_alike()
        for relation, side in ((Relation.SPLIT, 0), (Relation.MERGED, 1)):
            whole, part = (left, right) if side == 0 else (right, left)
            anchor = np.full(self.books[side].size, -1)
            mine = whole[chosen]
            other = part[chosen]
            anchor[mine] = other
            masses = self.books[side].mass, self.books[1 - side].mass
            with np.errstate(invalid="ignore"):
                short = masses[1][other] < masses[0][mine] * (1 - self.tolerance)
            open_whole = self.free[side].copy()
            open_whole[mine[short]] = True
            # a pair is anchored once: what a split has completed is not merged again
            at = np.flatnonzero(related & open_whole[whole] & (self.free[1 - side][part] | (anchor[whole] == part)))
            self._parts(at, relation, anchor)

    def pairs(self) -> Pairs:
        """All that was found."""
        chosen, rival = self.alone
        in_parts = [set(), set()]  # type: list[set[int]]
        for mine, other, relation in self.rows:
            in_parts[0].update((mine if relation is Relation.SPLIT else other).tolist())
            in_parts[1].update((other if relation is Relation.SPLIT else mine).tolist())
        taken = np.isin(self.left[chosen], list(in_parts[0])) | np.isin(self.right[chosen], list(in_parts[1]))
        chosen, rival = chosen[~taken], rival[~taken]
        worth = self.worth[chosen]
        left, right = [self.left[chosen]], [self.right[chosen]]
        relation_codes = [np.zeros(len(chosen), np.int8)]
        groups = [np.arange(len(chosen))]
        for mine, other, relation in self.rows:
            left.append(mine if relation is Relation.SPLIT else other)
            right.append(other if relation is Relation.SPLIT else mine)
            relation_codes.append(np.full(len(mine), relation, np.int8))
            _, group = np.unique(mine, return_inverse=True)
            groups.append(group.reshape(-1) + (int(groups[-1].max(initial=-1)) + 1 if len(groups[-1]) else len(chosen)))
        count = sum(len(part) for part in left[1:])
        margin = np.minimum(worth, worth - rival)
        lefts, rights = np.concatenate(left), np.concatenate(right)
        return Pairs(
            lefts,
            rights,
            np.concatenate(relation_codes),
            np.concatenate([worth, np.full(count, np.nan)]),
            np.concatenate([1 / (1 + np.exp(-np.clip(margin, -30, 30))), np.full(count, 0.9)]),
            np.unique(np.concatenate(groups), return_inverse=True)[1].reshape(-1),
            self._shares_document(lefts, rights),
        )

    def _shares_document(self, left: Ints, right: Ints) -> NDArray[np.bool_]:
        exports, imports = self.books
        shared = np.zeros(len(left), bool)
        for name in DOCUMENTS:
            one, other = exports.codes[name][left], imports.codes[name][right]
            shared |= (one >= 0) & (one == other)
        return shared

    def _parts(self, at: Ints, relation: Relation, anchor: Ints) -> None:
        side = 0 if relation is Relation.SPLIT else 1
        whole, part = (self.left[at], self.right[at]) if side == 0 else (self.right[at], self.left[at])
        masses = self.books[side].mass, self.books[1 - side].mass
        usable = (masses[0][whole] > 0) & (masses[1][part] > 0)
        usable &= self.free[side][whole] | (anchor[whole] >= 0)
        at, whole, part = at[usable], whole[usable], part[usable]
        closeness = (
            10.0 * self.shared[at]
            - np.abs(self.books[1].day[self.right[at]] - self.books[0].day[self.left[at]]).clip(0, 365) / 7
        )
        found = parts_of(whole, part, closeness, *masses, self.free[1 - side], anchor, self.tolerance)
        rows = np.flatnonzero(found >= 0)
        if len(rows):
            self.free[side][found[rows]] = False
            self.rows.append((found[rows], rows, relation))

    def _same(self, name: str) -> Any:
        one, other = self.books[0].codes[name][self.left], self.books[1].codes[name][self.right]
        return (one >= 0) & (one == other)

    def _goods_alike(self) -> Any:
        one, other = self.books[0].hs[self.left], self.books[1].hs[self.right]
        return (one < 0) | (other < 0) | (one // 100 == other // 100)


def pair_sides(exports: Book, imports: Book, pairs: Pairs) -> Sides:
    """What both sides of each pair say; masses, quantities and values of parts are added up."""
    left, right = pairs.left, pairs.right

    def measured(name: str) -> tuple[Floats, Floats]:
        one, other = getattr(exports, name)[left].astype(float), getattr(imports, name)[right].astype(float)
        parts = pairs.relation != Relation.ONE_TO_ONE
        if not parts.any():
            return one, other
        sums = [np.bincount(pairs.group, np.where(np.isnan(side), 0, side)) for side in (one, other)]
        holes = [np.bincount(pairs.group, np.isnan(side)) > 0 for side in (one, other)]
        totals = [np.where(hole, np.nan, total)[pairs.group] for total, hole in zip(sums, holes, strict=True)]
        return (
            np.where(pairs.relation == Relation.MERGED, totals[0], one),
            np.where(pairs.relation == Relation.SPLIT, totals[1], other),
        )

    return Sides(
        hs=(exports.hs[left], imports.hs[right]),
        origin=(exports.codes["origin"][left], imports.codes["origin"][right]),
        exporting=_exporting(exports, imports, left, right),
        quantity=measured("quantity"),
        dimension=(exports.dimension[left], imports.dimension[right]),
        converted=(exports.unit[left] >= 0) & (imports.unit[right] >= 0) & (exports.unit[left] != imports.unit[right]),
        mass=measured("mass"),
        value=measured("value"),
        basis=(exports.basis[left], imports.basis[right]),
        day=(exports.day[left], imports.day[right]),
    )


def _exporting(exports: Book, imports: Book, left: Ints, right: Ints) -> Ints:
    """The exporting country in the numbering of origins; -1 where no record names it as an origin too."""
    return np.where(exports.exporting[left] >= 0, exports.exporting[left], imports.exporting[right])


def _span(book: Book) -> tuple[int, int] | None:
    days = book.day[book.day != NO_DAY]
    return (int(days.min()), int(days.max())) if len(days) else None


def _alone_causes(
    book: Book, rows: Ints, span: tuple[int, int] | None, tolerances: Tolerances, *, exporting: bool
) -> NDArray[np.int32]:
    """Innocent causes why a record stands alone: low value, a third country, the edge of the other book's ``span``."""
    causes = np.zeros(len(rows), np.int32)
    day = book.day[rows]
    if span is not None:
        gap = span[1] - day if exporting else day - span[0]
        causes |= np.where((day != NO_DAY) & (gap < tolerances.edge_days), Cause.PERIOD_EDGE, 0).astype(np.int32)
    if not exporting:
        causes |= np.where(book.value[rows] < tolerances.low_value, Cause.LOW_VALUE, 0).astype(np.int32)
    origin, from_country = book.codes["origin"][rows], book.exporting[rows]
    third = (origin >= 0) & (from_country >= 0) & (origin != from_country)
    return causes | np.where(third, Cause.RE_EXPORT, 0).astype(np.int32)


FINDINGS = ("value_below", "value_above", "goods", "origin", "mass", "quantity", "date", "split_below_threshold")


def findings_of(matched: Matched, tolerances: Tolerances = USUAL) -> dict[str, NDArray[np.bool_]]:
    """For each of ``FINDINGS`` the pairs to which it applies: what nothing innocent explains."""
    verdicts, found = matched.compared.verdicts, matched.compared
    differs = {name: verdict == Verdict.DIFFERS for name, verdict in verdicts.items()}
    pairs = matched.pairs
    return {
        "value_below": differs["value"] & (found.value_ratio < 1),
        "value_above": differs["value"] & (found.value_ratio > 1),
        "goods": differs["goods"],
        "origin": differs["origin"],
        "mass": differs["mass"],
        "quantity": differs["quantity"],
        "date": differs["date"],
        "split_below_threshold": pairs.relation == Relation.SPLIT,
    }


def pair_table(matched: Matched, tolerances: Tolerances = USUAL) -> pl.DataFrame:
    """One row a pair: rows of both tables (from 0), relation, confidence, verdicts, ratios, causes and findings."""
    pairs, found = matched.pairs, matched.compared
    named = {name: mask for name, mask in findings_of(matched, tolerances).items() if name != "split_below_threshold"}
    verdict_names = np.array([verdict.code for verdict in Verdict], dtype=object)
    columns: dict[str, Any] = {
        "pair": pairs.group + 1,
        "relation": _texts(pairs.relation, [relation.code for relation in Relation]),
        "by_document": pairs.by_document,
        "confidence": np.round(pairs.confidence, 4),
        "evidence": np.round(pairs.evidence, 2),
    }
    for name, verdict in found.verdicts.items():
        columns[f"{name}_verdict"] = _texts(verdict, verdict_names.tolist())
    columns["goods_digits"] = found.digits
    for name in ("value", "mass", "quantity"):
        columns[f"{name}_ratio"] = np.round(getattr(found, f"{name}_ratio"), 4)
    columns["days"] = found.days
    frame = pl.DataFrame({"export_at": pairs.left, "import_at": pairs.right, **columns}, nan_to_null=True).with_columns(
        pl.Series("causes", cause_texts(found.causes)),
        pl.Series("findings", _joined_names(named, len(pairs.left))),
    )
    return frame.sort("pair", "export_at", "import_at")


def cause_texts(causes: NDArray[np.int32]) -> pl.Series:
    """Codes of causes joined by semicolons."""
    unique, back = np.unique(causes, return_inverse=True)
    return pl.Series([";".join(Cause(int(one)).codes) for one in unique], dtype=pl.String)[back.reshape(-1)]


def _joined_names(masks: dict[str, NDArray[np.bool_]], size: int) -> pl.Series:
    bits = np.zeros(size, np.int64)
    for at, mask in enumerate(masks.values()):
        bits |= mask.astype(np.int64) << at
    unique, back = np.unique(bits, return_inverse=True)
    names = list(masks)
    texts = [";".join(name for at, name in enumerate(names) if bit >> at & 1) for bit in unique.tolist()]
    return pl.Series(texts, dtype=pl.String)[back.reshape(-1)]


def _texts(codes: NDArray[Any], names: list[str]) -> pl.Series:
    return pl.Series(names, dtype=pl.String)[codes.astype(np.int64)]


def alone_table(matched: Matched) -> pl.DataFrame:
    """One row a record that stands alone: its side, its row (from 0), innocent causes, and whether any explains it."""
    parts = []
    for side, rows, causes in (
        ("export", matched.alone_exports, matched.export_causes),
        ("import", matched.alone_imports, matched.import_causes),
    ):
        parts.append(
            pl.DataFrame(
                {"side": [side] * len(rows), "at": rows}, schema={"side": pl.String, "at": pl.Int64}
            ).with_columns(pl.Series("causes", cause_texts(causes)), pl.Series("explained", causes != 0))
        )
    return pl.concat(parts)
