"""Consignments of one relation in a few days, each below the threshold, together above it."""

from __future__ import annotations

import polars as pl


def split_consignments(frame: pl.DataFrame, *, threshold: float, days: int = 7, least: int = 3) -> pl.DataFrame:
    """Runs of at least ``least`` imports of the same goods between the same parties within ``days``.

    ``frame``: ``importer``, ``exporter``, ``hs``, ``date``, ``value``. All are below ``threshold``, their sum above it;
    the nearer each lies to the threshold, the more it tells (``nearness``, 0 to 1). The largest sum comes first.
    """
    parties = ("importer", "exporter", "goods")
    low = (
        frame.filter((pl.col("value") > 0) & (pl.col("value") < threshold))
        .drop_nulls(["importer", "exporter", "hs", "date"])
        .with_columns(pl.col("hs").str.head(6).alias("goods"))
        .sort(*parties, "date")
    )
    gap = pl.col("date").diff().dt.total_days().over(parties)
    runs = low.with_columns((gap.is_null() | (gap > days)).cum_sum().alias("run"))
    return (
        runs.group_by(*parties, "run")
        .agg(
            pl.col("date").min().alias("first"),
            pl.col("date").max().alias("last"),
            pl.len().alias("records"),
            pl.col("value").sum(),
            (pl.col("value").mean() / threshold).alias("nearness"),
            *([pl.col("id")] if "id" in frame.columns else []),
        )
        .filter((pl.col("records") >= least) & (pl.col("value") >= threshold))
        .drop("run")
        .sort("value", descending=True)
    )
