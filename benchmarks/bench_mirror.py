"""A million export records against a million import records: seconds, precision and recall, beside a plain join.

    .venv/bin/python benchmarks/bench_mirror.py [--records 1000000] [--references 0.75] [--slices DAYS] [--window DAYS]

The books are invented (see benchmarks/bilateral), with planted noise: references missing or mistyped, parties missing
or mistyped, masses weighed twice, consignments in parts, exports that need no record. The plain join of duckdb on the
shared reference does no more than that and is the limit of speed.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import duckdb
import polars as pl

from otay.engines.fraud.bilateral.books import Books, write_books
from otay.engines.fraud.bilateral.parameters import Goods, Honesty, Parameters, Traders


def invented(records: int, references: float) -> Books:
    """Books of a year with about so many exports."""
    scale = max(1.0, records / 60_000)
    traders = Traders(importers=int(1200 * scale), exporters=int(700 * scale), brokers=int(60 * scale**0.5) + 10)
    parameters = replace(
        Parameters(),
        days=365,
        records_per_day=records / 365 * 1.22,
        traders=traders,
        goods=Goods(products=min(3000, int(300 * scale**0.5))),
        honesty=Honesty(reference_missing=1 - references),
    )
    return write_books(parameters)


def judged(books: Books, pairs: pl.DataFrame) -> str:
    """Precision and recall of the pairs against the truth."""
    true = (
        books.truth.select("import_id", pl.col("export_ids").str.split(";").alias("export_id"))
        .explode("export_id", keep_nulls=True, empty_as_null=True)
        .filter(pl.col("export_id") != "")
    )
    hits = pairs.select("import_id", "export_id").join(true, on=["import_id", "export_id"]).height
    return f"precision {hits / pairs.height:.4f}, recall {hits / true.height:.4f}"


def matched(folder: Path, slices: int, window: int) -> tuple[float, float]:
    """Seconds of the match and the most memory (GB) of its process, which does nothing else."""
    from otay.goods.investigations.book_files import match_files, read_rates

    match_files(folder / "warm-exports.parquet", folder / "warm-imports.parquet", folder / "w", folder / "w2")
    began = time.perf_counter()
    match_files(
        folder / "exports.parquet", folder / "imports.parquet", folder / "pairs.parquet", folder / "alone.parquet",
        rates=read_rates(folder / "rates.parquet", "USD"), slice_days=slices, window_days=window,
    )  # fmt: skip
    return time.perf_counter() - began, most_memory()


def most_memory() -> float:
    """Peak of this program in GB; what getrusage tells includes the process it was forked from."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024**2


def plain_join(folder: Path) -> tuple[float, pl.DataFrame]:
    """Pairs that share a reference, by duckdb."""
    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    began = time.perf_counter()
    connection.execute(
        f"COPY (SELECT e.id AS export_id, i.id AS import_id FROM '{folder}/exports.parquet' e"
        f" JOIN '{folder}/imports.parquet' i USING (reference)) TO '{folder}/joined.parquet' (FORMAT parquet)"
    )
    return time.perf_counter() - began, pl.read_parquet(folder / "joined.parquet")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--references", type=float, default=0.75, help="share of records with a reference")
    parser.add_argument("--slices", type=int, default=0, help="days a slice; 0: all at once")
    parser.add_argument("--window", type=int, default=75, help="days after an export, with slices")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as name:
        folder = Path(name)
        books = invented(options.records, options.references)
        for table in ("exports", "imports", "rates"):
            getattr(books, table).write_parquet(folder / f"{table}.parquet")
        exports, imports = books.exports.height, books.imports.height
        warm = invented(2000, 0.75)
        for table in ("exports", "imports"):
            getattr(warm, table).write_parquet(folder / f"warm-{table}.parquet")
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            seconds, peak = process.submit(matched, folder, options.slices, options.window).result()
        pairs = pl.read_parquet(folder / "pairs.parquet", columns=["export_id", "import_id"])
        print(f"{exports:,} exports, {imports:,} imports, {options.references:.0%} with a reference")
        print(f"match, files to files    {seconds:7.1f} s   {judged(books, pairs)}   peak {peak:.1f} GB")
        joined_seconds, joined = plain_join(folder)
        print(
            f"duckdb join, reference   {joined_seconds:7.1f} s   {judged(books, joined)}"
            f"   ratio {seconds / joined_seconds:.0f}"
        )


if __name__ == "__main__":
    main()
