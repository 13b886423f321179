"""Histories that know only the past, rows a second on one thread, beside pandas, polars and duckdb in the same run.

    .venv/bin/python benchmarks/bench_history.py [--rows 5000000]

Three histories of each row: declarations of its importer on earlier days; inspections and findings of the importer
whose outcome was known before the day; mean log price of its goods and origin on earlier days. Rows are sorted by day
and traders are whole numbers, for all alike. All results are compared. Seconds of the clock, best of three for the
kernel, once for the others.
"""

from __future__ import annotations

import argparse
import os
import time
from typing import Any

os.environ.setdefault("POLARS_MAX_THREADS", "2")

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from otay.engines.fraud.history import lodged_history, outcome_history

DELAY = 14


def rows_of(count: int) -> dict[str, Any]:
    """Invented declarations of two years."""
    random = np.random.default_rng(1)
    return {
        "day": np.sort(random.integers(0, 730, count)),
        "importer": (random.zipf(1.3, count) % 56_000).astype(np.int64),
        "goods": random.integers(0, 105_000, count),
        "price": random.normal(0, 1, count),
        "outcome": np.where(random.random(count) < 0.1, (random.random(count) < 0.05), -1).astype(np.int8),
    }


def kernel(rows: dict[str, Any]) -> dict[str, Any]:
    seen = lodged_history(rows["importer"], rows["day"])
    outcomes = outcome_history(rows["importer"], rows["day"], rows["day"] + DELAY, rows["outcome"])
    prices = lodged_history(rows["goods"], rows["day"], rows["price"])
    return {"seen": seen.count, "checked": outcomes.checked, "found": outcomes.found, "mean": prices.mean()}


def in_pandas(rows: dict[str, Any]) -> dict[str, Any]:
    frame = pd.DataFrame({**rows, "checked": (rows["outcome"] >= 0) * 1, "found": (rows["outcome"] == 1) * 1, "one": 1})

    def before(key: str, columns: list[str], delay: int) -> Any:
        daily = frame.groupby([key, "day"], as_index=False)[columns].sum()
        daily[columns] = daily.groupby(key)[columns].cumsum()
        daily["day"] += delay + 1
        daily = daily.sort_values("day")
        return pd.merge_asof(frame[[key, "day"]], daily, on="day", by=key)[columns].fillna(0)

    seen = before("importer", ["one"], 0)
    outcomes = before("importer", ["checked", "found"], DELAY)
    prices = before("goods", ["price", "one"], 0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = (prices["price"] / prices["one"]).to_numpy()
    return {"seen": seen["one"].to_numpy(), "checked": outcomes["checked"].to_numpy(),
            "found": outcomes["found"].to_numpy(), "mean": mean}  # fmt: skip


def in_polars(rows: dict[str, Any]) -> dict[str, Any]:
    frame = pl.DataFrame(rows).with_columns(
        (pl.col("outcome") >= 0).cast(pl.Int64).alias("checked"),
        (pl.col("outcome") == 1).cast(pl.Int64).alias("found"),
        pl.lit(1).alias("one"),
    )

    def before(key: str, columns: list[str], delay: int) -> pl.DataFrame:
        daily = (
            frame.group_by(key, "day").agg(pl.col(columns).sum()).sort("day")
            .with_columns(pl.col(columns).cum_sum().over(key), pl.col("day") + delay + 1)
        )  # fmt: skip
        joined = frame.select(key, "day").join_asof(daily, on="day", by=key, check_sortedness=False)
        return joined.select(pl.col(columns).fill_null(0))

    seen, outcomes = before("importer", ["one"], 0), before("importer", ["checked", "found"], DELAY)
    prices = before("goods", ["price", "one"], 0)
    mean = prices.select(pl.when(pl.col("one") > 0).then(pl.col("price") / pl.col("one")))["price"]
    return {"seen": seen["one"].to_numpy(), "checked": outcomes["checked"].to_numpy(),
            "found": outcomes["found"].to_numpy(), "mean": mean.fill_null(float("nan")).to_numpy()}  # fmt: skip


def in_duckdb(rows: dict[str, Any]) -> dict[str, Any]:
    frame = pd.DataFrame(rows).reset_index(names="row")  # noqa: F841  (duckdb reads it by name)
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    found = connection.execute(
        f"""
        SELECT row,
          count(*) OVER importer AS seen,
          coalesce(sum((outcome >= 0)::INT) OVER late, 0) AS checked,
          coalesce(sum((outcome = 1)::INT) OVER late, 0) AS found,
          avg(price) OVER goods AS mean
        FROM frame
        WINDOW importer AS (PARTITION BY importer ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING),
          late AS (PARTITION BY importer ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND {DELAY + 1} PRECEDING),
          goods AS (PARTITION BY goods ORDER BY day RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
        ORDER BY row
        """
    ).fetchnumpy()
    return {
        name: np.ma.filled(np.ma.asarray(found[name], dtype=float), np.nan)
        for name in ("seen", "checked", "found", "mean")
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=5_000_000)
    count = parser.parse_args().rows
    kernel(rows_of(1000))
    rows = rows_of(count)
    best, reference = np.inf, None
    for _ in range(3):
        began = time.perf_counter()
        reference = kernel(rows)
        best = min(best, time.perf_counter() - began)
    print(f"{count:,} rows, three histories")
    print(f"{'kernel, one thread':<22}{best:>8.2f} s {count / best / 1e6:>7.2f} M rows/s")
    for name, work in (("pandas", in_pandas), ("polars", in_polars), ("duckdb", in_duckdb)):
        began = time.perf_counter()
        other = work(rows)
        seconds = time.perf_counter() - began
        differs = sum(
            int((~np.isclose(reference[key], other[key], atol=1e-6, equal_nan=True)).sum()) for key in reference
        )
        same = not differs
        print(f"{name:<22}{seconds:>8.2f} s {count / seconds / 1e6:>7.2f} M rows/s {seconds / best:>7.0f} x"
              f"   {'same results' if same else f'differs in {differs} of {4 * count:,} cells'}")  # fmt: skip


if __name__ == "__main__":
    main()
