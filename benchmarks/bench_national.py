"""Lines of a year scored and matched from Parquet in bounded memory: seconds and most memory as the file grows.

    .venv/bin/python benchmarks/bench_national.py [--lines 1000000 2000000 4000000] [--match] [--cluster]

The lines are one invented quarter (see benchmarks/bilateral) repeated with other numbers and later dates, so that each
file is a longer stretch of the same trade. Each step runs in a process of its own, whose peak is measured.
`--cluster` scores the smallest file on a local Dask cluster as well and compares line by line.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from otay.engines.fraud.bilateral.books import Books, write_books
from otay.engines.fraud.bilateral.parameters import Inspection, Parameters

QUARTER = 91


def quarter() -> Books:
    """A quarter of about a hundred thousand imports."""
    return write_books(replace(Parameters(), days=QUARTER, records_per_day=1200.0, inspection=Inspection(share=0.05)))


def grown(frame: pl.DataFrame, lines: int, days: int) -> pl.LazyFrame:
    """``frame`` repeated to ``lines`` lines: numbers and references of their own, each time a stretch later."""
    copies = -(-lines // frame.height)
    own = [name for name in ("id", "reference", "container", "seal", "vehicle") if name in frame.columns]
    return pl.concat(
        frame.lazy().with_columns(
            pl.col("date") + pl.duration(days=copy * days), *(pl.col(name) + f"-{copy}" for name in own)
        )
        for copy in range(copies)
    ).head(lines)


def _peak() -> float:
    """Most memory that this process held, in GB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1e6
    return float("nan")


def score(path: str, model: str, out: str, cluster: str = "") -> tuple[float, float, int]:
    """Seconds, peak and lines of scoring ``path`` in parts."""
    from otay.goods.investigations.bulk import score_in_parts

    began = time.perf_counter()
    count = score_in_parts(Path(path), Path(model), Path(out), rows=200_000, mapping={}, cluster=cluster)
    return time.perf_counter() - began, _peak(), count


def match(exports: str, imports: str, out: str) -> tuple[float, float, int]:
    """Seconds, peak and pairs of matching two files in slices of a fortnight."""
    from otay.goods.investigations.book_files import match_files

    began = time.perf_counter()
    summary, _ = match_files(
        Path(exports), Path(imports), Path(out), Path(out).with_suffix(".alone.parquet"), slice_days=14, window_days=30
    )
    return time.perf_counter() - began, _peak(), summary.pairs


def alone(step: Any, *arguments: str) -> tuple[float, float, int]:
    """``step`` in a process that does nothing else."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found: tuple[float, float, int] = pool.submit(step, *arguments).result()
    return found


def trained(books: Books, path: Path) -> None:
    """A model of the quarter's random inspections."""
    from otay.engines.fraud.ranking.training import Labels, train

    joined = books.imports.select(pl.col("id").alias("import_id")).join(
        books.outcomes, on="import_id", how="left", maintain_order="left"
    )
    known = joined["known"].cast(pl.Int32).cast(pl.Int64).fill_null(0).to_numpy()
    found = joined["found"].fill_null(-1).to_numpy().astype(np.int8)
    model = train(books.imports, Labels(found, known, joined["recovered"].fill_null(float("nan")).to_numpy()))
    path.write_text(model.dump(), encoding="utf-8")


def on_cluster(path: str, model: str, folder: Path) -> str:
    """Whether two workers of a local cluster give the same scores."""
    from distributed import LocalCluster

    cluster: Any = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    with cluster:
        seconds, _, count = score(path, model, str(folder / "cluster.parquet"), cluster.scheduler_address)
    same = pl.read_parquet(folder / "cluster.parquet").equals(pl.read_parquet(folder / "scores.parquet"))
    return f"{count:,} lines on two workers: {seconds:.0f} s, equal line by line: {same}"


def main() -> None:
    """Print one line a file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, nargs="+", default=[1_000_000, 2_000_000, 4_000_000])
    parser.add_argument("--match", action="store_true")
    parser.add_argument("--cluster", action="store_true")
    options = parser.parse_args()
    books = quarter()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trained(books, folder / "model.json")
        for lines in options.lines:
            exports, imports, out = (str(folder / f"{part}.parquet") for part in ("exports", "imports", "scores"))
            grown(books.imports, lines, QUARTER).sink_parquet(imports)
            seconds, peak, count = alone(score, imports, str(folder / "model.json"), out)
            print(f"{count:,} lines scored: {seconds:.0f} s, peak {peak:.2f} GB", flush=True)
            if options.cluster and lines == min(options.lines):
                print(on_cluster(imports, str(folder / "model.json"), folder), flush=True)
            if options.match:
                share = books.exports.height / books.imports.height
                grown(books.exports, int(lines * share), QUARTER).sink_parquet(exports)
                seconds, peak, pairs = alone(match, exports, imports, str(folder / "pairs.parquet"))
                print(f"{lines:,} imports matched: {seconds:.0f} s, peak {peak:.2f} GB, {pairs:,} pairs", flush=True)


if __name__ == "__main__":
    main()
