"""Goods of a third country that leave under a new origin: what the exporter imported shortly before, and surges.

It takes both nodes: the exporting country knows what its trader imported, the importing country what it was sold as.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
WINDOW = 60


def source_columns(imports: pl.DataFrame, sources: pl.DataFrame, window: int = WINDOW) -> pl.DataFrame:
    """For each import, in order: how far its exporter's imports of the same heading in the days before cover it.

    ``sources``: what the exporting country imported from third countries (``importer``, ``hs``, ``date``, ``net_mass``,
    ``value``). ``source_cover``: their mass over that of the import, at most 2, zero where the declared origin is not
    the exporting country. ``source_margin``: price of a kilogram over that of the sources (NaN without any), as a
    logarithm: a value near zero says that nothing was done to the goods.
    """
    exporter = pl.concat([imports["exporter"].rename("x"), sources["importer"].rename("x")])
    heading = pl.concat([imports["hs"].str.head(4).rename("x"), sources["hs"].str.head(4).rename("x")])
    pair = pl.select(pl.concat_str(exporter, heading, separator="|")).to_series()
    code = pair.rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
    left, right = code[: imports.height], code[imports.height :]
    day = [frame["date"].cast(pl.Int32).cast(pl.Int64).to_numpy() for frame in (imports, sources)]
    order = np.lexsort((day[1], right))
    place = right[order] * 100_000 + day[1][order]
    mass = np.concatenate([[0.0], np.cumsum(_numbers(sources, "net_mass")[order])])
    value = np.concatenate([[0.0], np.cumsum(_numbers(sources, "value")[order])])
    first = np.searchsorted(place, left * 100_000 + day[0] - window, side="left")
    after = np.searchsorted(place, left * 100_000 + day[0], side="right")
    own_mass, own_value = _numbers(imports, "net_mass"), _numbers(imports, "value")
    found = mass[after] - mass[first]
    claimed = (imports["origin"] == imports["exporting_country"]).fill_null(value=False).to_numpy() & (left >= 0)
    cover = np.where(claimed & (own_mass > 0), np.clip(found / np.maximum(own_mass, 1e-9), 0, 2), 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        margin = np.log((own_value / own_mass) / ((value[after] - value[first]) / found))
    margin = np.where((cover > 0) & np.isfinite(margin), margin, np.nan)
    return pl.DataFrame({"source_cover": cover, "source_margin": margin})


def _numbers(frame: pl.DataFrame, name: str) -> Floats:
    return np.nan_to_num(np.asarray(frame[name].cast(pl.Float64).fill_null(0.0).to_numpy(), dtype=np.float64))


def surges(
    frame: pl.DataFrame, change_day: int, *, days: int = 180, least: int = 20, factor: float = 3.0
) -> pl.DataFrame:
    """Goods by origin whose mass jumps after ``change_day`` (days since 1970), as after a new duty on another origin.

    Compares ``days`` before with ``days`` after; at least ``least`` records after, at least ``factor`` times the mass.
    """
    day = pl.col("date").cast(pl.Int32)
    near = frame.filter((day >= change_day - days) & (day < change_day + days) & pl.col("hs").is_not_null())
    return (
        near.group_by(pl.col("hs").str.head(6), "origin")
        .agg(
            pl.col("net_mass").filter(day < change_day).sum().alias("before"),
            pl.col("net_mass").filter(day >= change_day).sum().alias("after"),
            (day >= change_day).sum().alias("records"),
        )
        .filter((pl.col("records") >= least) & (pl.col("after") >= factor * pl.col("before")) & (pl.col("after") > 0))
        .with_columns((pl.col("after") / pl.col("before").clip(1e-9)).alias("factor"))
        .sort("after", descending=True)
    )
