"""What a trader paid before for the same goods: prices that both books agree on, because both lie, still leave it.

References by goods and origin are wide, because traders and qualities differ; one trader's price with one supplier
moves little. A consignment far below what the same two agreed before stands out, whatever the neighbour's book says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.history import lodged_history

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Name of the feature, and the columns whose values together had a price before.
RELATIONS = {
    "importer_price": ("importer", "hs6", "unit"),
    "relation_price": ("importer", "exporter", "hs6", "unit"),
}


def relations_in(frame: pl.DataFrame) -> list[str]:
    """Those of ``RELATIONS`` that ``frame`` (prepared) has the columns for; a unit may be missing from the table."""
    return [
        name
        for name, columns in RELATIONS.items()
        if all(column in frame.columns for column in columns if column != "unit")
    ]


def relation_texts(frame: pl.DataFrame, name: str) -> pl.Series:
    """The relation of each row as one text; null where a part of it is missing."""
    columns = [pl.col(column).cast(pl.String) for column in RELATIONS[name] if column in frame.columns]
    return frame.select(pl.concat_str(*columns, separator="|").alias("relation"))["relation"]


def past_gaps(texts: pl.Series, log_price: Floats, days: Ints) -> tuple[Floats, Ints]:
    """Log price beside the mean of the relation's earlier ones, and how many these are. Rows sorted by day."""
    codes = texts.rank("dense").cast(pl.Int64).fill_null(0).to_numpy() - 1
    # a price that cannot be had counts as none
    past = lodged_history(codes, days, np.where(np.isfinite(log_price), log_price, np.nan))
    return log_price - past.mean(), past.number.astype(np.int64)


@dataclass(slots=True)
class OwnPrices:
    """Mean log price of each relation, and how many prices it is of."""

    texts: pl.Series
    mean: Floats
    number: Ints

    @classmethod
    def learn(cls, texts: pl.Series, log_price: Floats) -> OwnPrices:
        """From all of some rows."""
        grouped = (
            pl.DataFrame({"text": texts, "price": log_price})
            .filter(pl.col("text").is_not_null() & pl.col("price").is_finite())
            .group_by("text")
            .agg(pl.col("price").mean(), pl.len().cast(pl.Int64))
            .sort("text")
        )
        return cls(grouped["text"], grouped["price"].to_numpy(), grouped["len"].to_numpy())

    def gaps(self, texts: pl.Series, log_price: Floats) -> tuple[Floats, Ints]:
        """Log price beside the relation's mean (NaN: never seen), and how many prices that is of."""
        known = pl.DataFrame({"text": self.texts, "mean": self.mean, "number": self.number})
        found = pl.DataFrame({"text": texts.cast(pl.String)}).join(known, on="text", how="left", maintain_order="left")
        mean = found["mean"].cast(pl.Float64).fill_null(float("nan")).to_numpy()
        return log_price - mean, np.asarray(found["number"].fill_null(0).to_numpy(), dtype=np.int64)

    def as_record(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {"texts": self.texts.to_list(), "mean": self.mean.tolist(), "number": self.number.tolist()}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> OwnPrices:
        """Read back what :meth:`as_record` gave."""
        return cls(
            pl.Series(record["texts"], dtype=pl.String),
            np.array(record["mean"], np.float64),
            np.array(record["number"], np.int64),
        )
