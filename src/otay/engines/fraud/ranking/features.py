"""What a model is told of a declaration: its own figures, its price beside the reference, and the history of its keys.

A key is a trader, a route, a kind of goods or a pair of these. What is known of a key comes from
:mod:`otay.engines.fraud.history` when rows are taken in their order of time, or from rows of other groups when a
model is to be judged on keys that it has never met.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.history import NEVER, lodged_history, outcome_history
from otay.engines.fraud.prices import Keys, Quotes, ReferencePrices
from otay.engines.fraud.ranking.own_prices import OwnPrices, past_gaps, relation_texts, relations_in

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Key:
    """Columns whose values together are remembered; ``trader``: also how often and when it was seen."""

    name: str
    columns: tuple[str, ...]
    trader: bool = False


KEYS = (
    Key("importer", ("importer",), trader=True),
    Key("exporter", ("exporter",), trader=True),
    Key("declarant", ("declarant",), trader=True),
    Key("carrier", ("carrier",)),
    Key("relation", ("importer", "exporter"), trader=True),
    Key("importer_goods", ("importer", "hs6"), trader=True),
    Key("declarant_goods", ("declarant", "hs4")),
    Key("office", ("office",)),
    Key("goods", ("hs6",)),
    Key("heading", ("hs4",)),
    Key("chapter", ("hs2",)),
    Key("goods_origin", ("hs6", "origin")),
    Key("heading_origin", ("hs4", "origin")),
    Key("chapter_origin", ("hs2", "origin")),
    Key("goods_mass", ("hs6", "mass_band")),
    Key("heading_mass", ("hs4", "mass_band")),
    Key("origin", ("origin",)),
    Key("route", ("exporting_country",)),
    Key("route_origin", ("exporting_country", "origin", "tax_type")),
    Key("tax", ("tax_type", "tax_rate")),
    Key("type", ("import_type", "import_use")),
)
#: Columns that are taken as they are when the table has them; -1, 0, 1: how more of it may move the risk.
NUMBERS: dict[str, int] = {
    "mirror_value": -1,
    "mirror_mass": -1,
    "mirror_quantity": -1,
    "mirror_goods": 1,
    "mirror_origin": 1,
    "mirror_parts": 1,
    "mirror_alone": 0,
    "mirror_confidence": 0,
    "mirror_tax": 1,
    "mirror_duty": 1,
    "mirror_gap": 1,
    "source_cover": 1,
    "source_margin": 0,
}
#: What :class:`Known` counts for each key.
COUNTS = ("checked", "found", "lodged", "last", "differing")
STRENGTH = 10.0
#: Share of all declarations that the neighbour's record contradicts, by and large: histories start from it.
DIFFERING = 0.03
#: A smaller gap (a record without a counterpart, another goods code) is common among the honest.
LEAST_GAP = 0.15
PRICE_BLOCKS = 12


def prepared(frame: pl.DataFrame) -> pl.DataFrame:
    """The table with what keys need beside its own columns."""
    columns = []
    if "hs" in frame.columns:
        columns += [frame["hs"].str.head(digits).alias(f"hs{digits}") for digits in (6, 4, 2)]
    if "net_mass" in frame.columns:
        columns.append((frame["net_mass"].clip(0).log1p() * 3).round().cast(pl.Int64, strict=False).alias("mass_band"))
    return frame.with_columns(columns)


def days_of(frame: pl.DataFrame) -> Ints:
    """Days since 1970; rows without a date, or tables without dates, stand on day 0."""
    if "date" not in frame.columns:
        return np.zeros(frame.height, np.int64)
    return np.asarray(frame["date"].cast(pl.Int32).cast(pl.Int64).fill_null(0).to_numpy(), dtype=np.int64)


def keys_in(frame: pl.DataFrame) -> list[Key]:
    """The keys that ``frame`` (prepared) has the columns for, and that take more than one value."""
    return [
        key
        for key in KEYS
        if all(column in frame.columns for column in key.columns) and key_texts(frame, key).drop_nulls().n_unique() > 1
    ]


def key_texts(frame: pl.DataFrame, key: Key) -> pl.Series:
    """The key of each row as one text; null where a part of it is missing."""
    return frame.select(pl.concat_str(*(pl.col(name).cast(pl.String) for name in key.columns), separator="|"))[
        key.columns[0]
    ]


@dataclass(slots=True)
class Known:
    """What is known of the values of one key: inspected, found, declarations, day of the last, and how many of them
    the neighbour's record contradicted."""

    texts: pl.Series
    checked: Ints
    found: Ints
    lodged: Ints
    last: Ints
    differing: Ints

    @classmethod
    def learn(cls, texts: pl.Series, label: NDArray[np.int8], days: Ints, differs: Floats | None = None) -> Known:
        """From all of some rows; ``label`` -1 where nobody inspected; ``differs``: 1 where the neighbour disagrees."""
        grouped = (
            pl.DataFrame(
                {
                    "key": texts, "checked": label >= 0, "found": label > 0, "day": days,
                    "differs": np.zeros(len(days)) if differs is None else differs,
                }
            )
            .drop_nulls("key")
            .group_by("key")
            .agg(pl.col("checked", "found", "differs").sum(), pl.len(), pl.col("day").max())
            .sort("key")
        )  # fmt: skip
        arrays = (grouped[name].cast(pl.Int64).to_numpy() for name in ("checked", "found", "len", "day", "differs"))
        return cls(grouped["key"], *arrays)

    def read(self, texts: pl.Series) -> tuple[Ints, Ints, Ints, Ints, Ints]:
        """(inspected, found, declarations, last day, contradicted) for each text; zeros and ``NEVER`` if unknown."""
        places = texts.replace_strict(
            self.texts, pl.Series(range(len(self.texts)), dtype=pl.Int64), default=None
        ) if len(self.texts) else pl.Series([None] * len(texts), dtype=pl.Int64)  # fmt: skip
        at = places.fill_null(-1).to_numpy()
        known = at >= 0
        arrays = (self.checked, self.found, self.lodged, self.last, self.differing)
        blanks = (0, 0, 0, NEVER, 0)
        return tuple(
            np.where(known, array[np.maximum(at, 0)] if len(array) else blank, blank)
            for array, blank in zip(arrays, blanks, strict=True)
        )  # type: ignore[return-value]

    def as_record(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {
            "texts": self.texts.to_list(),
            **{name: getattr(self, name).tolist() for name in COUNTS},
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Known:
        """Read back what :meth:`as_record` gave."""
        return cls(
            pl.Series(record["texts"], dtype=pl.String),
            *(np.array(record[name], np.int64) for name in COUNTS),
        )


@dataclass(slots=True)
class Matrix:
    """Features of rows: ``values`` (rows x features), their ``names``, and how each may move the risk (-1, 0, 1)."""

    names: list[str] = field(default_factory=list)
    columns: list[Floats] = field(default_factory=list)
    directions: list[int] = field(default_factory=list)

    def add(self, name: str, values: Any, direction: int = 0) -> None:
        """One more feature."""
        self.names.append(name)
        self.columns.append(np.asarray(values, dtype=np.float64))
        self.directions.append(direction)

    @property
    def values(self) -> Floats:
        """Rows x features."""
        return np.column_stack(self.columns)


def own_features(matrix: Matrix, frame: pl.DataFrame, quotes: Quotes | None, log_price: Floats) -> None:
    """The declaration's own figures, and its price beside the reference."""
    for name in ("value", "net_mass", "quantity"):
        if name in frame.columns:
            matrix.add(f"log_{name}", np.log1p(np.maximum(number(frame, name), 0)))
    if "tax_rate" in frame.columns:
        matrix.add("tax_rate", number(frame, "tax_rate"))
    if {"value", "net_mass"} <= set(frame.columns):
        matrix.add("price_of_kg", _log_ratio(number(frame, "value"), number(frame, "net_mass")))
    if {"origin", "exporting_country"} <= set(frame.columns):
        matrix.add("other_origin", (frame["origin"] != frame["exporting_country"]).fill_null(value=False).to_numpy())
    if "date" in frame.columns:
        matrix.add("weekday", frame["date"].dt.weekday().cast(pl.Float64).fill_null(float("nan")).to_numpy())
    if quotes is not None:
        matrix.add("price_deviation", quotes.deviation(log_price), -1)
        matrix.add("price_gap", log_price - quotes.middle, -1)
        matrix.add("price_sample", np.log1p(quotes.count))
    for name, direction in NUMBERS.items():
        if name in frame.columns:
            matrix.add(name, number(frame, name), direction)


def number(frame: pl.DataFrame, name: str) -> Floats:
    """A column of numbers, NaN where there is none."""
    return np.asarray(frame[name].cast(pl.Float64).fill_null(float("nan")).to_numpy(), dtype=np.float64)


def _log_ratio(left: Floats, right: Floats) -> Floats:
    good = (left > 0) & (right > 0)
    return np.asarray(np.log(np.divide(left, right, out=np.full(len(left), np.nan), where=good)), dtype=np.float64)


def log_prices(frame: pl.DataFrame) -> Floats:
    """Logarithm of the value of a unit (of a kilogram where there is no quantity)."""
    if "value" not in frame.columns:
        return np.full(frame.height, np.nan)
    value = number(frame, "value")
    if "quantity" in frame.columns:
        return _log_ratio(value, number(frame, "quantity"))
    if "net_mass" in frame.columns:
        return _log_ratio(value, number(frame, "net_mass"))
    return np.full(frame.height, np.nan)


@dataclass(slots=True)
class PriceCodes:
    """Numbers for origins and units, the same for a model's whole life; what is new gets none."""

    origins: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)

    @classmethod
    def learn(cls, frame: pl.DataFrame) -> PriceCodes:
        """Number what ``frame`` has."""

        def numbered(name: str, most: int) -> dict[str, int]:
            if name not in frame.columns:
                return {}
            return {text: at for at, text in enumerate(sorted(frame[name].drop_nulls().unique())[:most])}

        return cls(numbered("origin", 1000), numbered("unit", 250))

    def keys(self, frame: pl.DataFrame) -> Keys:
        """Keys of reference prices."""

        def coded(name: str, codes: dict[str, int]) -> Ints:
            if name not in frame.columns or not codes:
                return np.zeros(frame.height, np.int64)
            found = frame[name].cast(pl.String).replace_strict(list(codes), list(codes.values()), default=-1)
            return np.asarray(found.cast(pl.Int64).fill_null(-1).to_numpy(), dtype=np.int64)

        hs = np.full(frame.height, -1, np.int64)
        if "hs6" in frame.columns:
            digits = frame["hs6"].str.contains(r"^\d{6}$")
            hs = np.asarray(
                pl.select(pl.when(digits).then(frame["hs6"])).to_series().cast(pl.Int64).fill_null(-1).to_numpy()
            )
        return Keys(hs, coded("origin", self.origins), coded("unit", self.units), days_of(frame) // 30)


def past_quotes(keys: Keys, log_price: Floats, days: Ints, blocks: int = PRICE_BLOCKS) -> Quotes:
    """References that know earlier blocks of time only: a row does not see its own price or a later one."""
    edges = np.unique(np.quantile(days, np.linspace(0, 1, blocks + 1)[1:-1])) if len(days) else np.array([])
    block = np.searchsorted(edges, days, side="right")
    size = len(days)
    result = Quotes(np.full(size, np.nan), np.full(size, np.nan), np.zeros(size, np.int64), np.full(size, -1))
    for number_of in range(1, int(block.max(initial=0)) + 1):
        before, now = block < number_of, block == number_of
        prices = ReferencePrices.learn(_part(keys, before), log_price[before])
        found = prices.quote(_part(keys, now))
        for whole, part in (
            (result.middle, found.middle), (result.spread, found.spread), (result.count, found.count),
            (result.level, found.level),
        ):  # fmt: skip
            whole[now] = part
    return result


def _part(keys: Keys, mask: NDArray[np.bool_]) -> Keys:
    return Keys(keys.hs[mask], keys.origin[mask], keys.unit[mask], keys.month[mask])


def differing(frame: pl.DataFrame) -> Floats | None:
    """1 where the neighbour's record contradicts a declaration without an innocent cause; None without a mirror.

    No inspection is needed to know it: who is contradicted again and again shows long before an outcome does.
    """
    if "mirror_gap" not in frame.columns:
        return None
    return np.asarray(np.nan_to_num(number(frame, "mirror_gap")) > LEAST_GAP, dtype=np.float64)


def key_features(
    matrix: Matrix, key: Key, checked: Any, found: Any, lodged: Any, last: Any, differs: Any, days: Ints, prior: float
) -> None:
    """What is known of one key, as features."""
    matrix.add(f"{key.name}:rate", (found + prior * STRENGTH) / (checked + STRENGTH), 1)
    matrix.add(f"{key.name}:checked", np.log1p(checked))
    if key.trader:
        matrix.add(f"{key.name}:lodged", np.log1p(lodged))
        matrix.add(f"{key.name}:gap", np.where(np.asarray(last) > NEVER, days - np.asarray(last, np.int64), np.nan))
        if differs is not None:
            matrix.add(f"{key.name}:mirror", (differs + DIFFERING * STRENGTH) / (lodged + STRENGTH), 1)


def price_features(matrix: Matrix, name: str, gaps: Floats, number_of: Ints) -> None:
    """The price beside what the same traders agreed before."""
    matrix.add(name, gaps, -1)
    matrix.add(f"{name}_sample", np.log1p(number_of))


def past_features(
    matrix: Matrix, frame: pl.DataFrame, keys: Sequence[Key], label: NDArray[np.int8], known: Ints, days: Ints,
    prior: float,
) -> None:  # fmt: skip
    """Histories in order of time: each row knows earlier days only. ``frame`` is sorted by day."""
    log_price = log_prices(frame)
    for name in relations_in(frame):
        price_features(matrix, name, *past_gaps(relation_texts(frame, name), log_price, days))
    differs = differing(frame)
    for key in keys:
        texts = key_texts(frame, key)
        codes = texts.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
        outcomes = outcome_history(codes, days, known, label)
        lodged = lodged_history(codes, days, differs)
        totals = None if differs is None else lodged.total
        key_features(matrix, key, outcomes.checked, outcomes.found, lodged.count, lodged.last, totals, days, prior)


def crossed_features(
    matrix: Matrix, frame: pl.DataFrame, keys: Sequence[Key], label: NDArray[np.int8], days: Ints, fold: Ints,
    prior: float,
) -> None:  # fmt: skip
    """Histories from the rows of other folds, whatever their time: what a model knows of keys it has not met."""
    log_price = log_prices(frame)
    for name in relations_in(frame):
        texts = relation_texts(frame, name)
        gaps, numbers = np.full(frame.height, np.nan), np.zeros(frame.height, np.int64)
        for number_of in np.unique(fold):
            mine = fold == number_of
            own = OwnPrices.learn(texts.filter(pl.Series(~mine)), log_price[~mine])
            gaps[mine], numbers[mine] = own.gaps(texts.filter(pl.Series(mine)), log_price[mine])
        price_features(matrix, name, gaps, numbers)
    differs = differing(frame)
    for key in keys:
        texts = key_texts(frame, key)
        parts = [np.zeros(frame.height, np.int64) for _ in COUNTS]
        for number_of in np.unique(fold):
            mine = fold == number_of
            others = Known.learn(
                texts.filter(pl.Series(~mine)), label[~mine], days[~mine], None if differs is None else differs[~mine]
            )
            found = others.read(texts.filter(pl.Series(mine)))
            for whole, part in zip(parts, found, strict=True):
                whole[mine] = part
        checked, hits, lodged, last, told = parts
        key_features(matrix, key, checked, hits, lodged, last, None if differs is None else told, days, prior)
