"""Scores for more declarations than memory holds: part by part, here or on the workers of a Dask cluster."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import polars as pl

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.engines.fraud.ranking.model import Model
from otay.goods.investigations.tables import read, scan

COLUMNS = ("id", "row", "probability", "score", "expected_duty")


@lru_cache(maxsize=1)
def _model(path: str, changed: int) -> Model:
    return Model.load(Path(path).read_text(encoding="utf-8"))


def score_part(path: str, offset: int, rows: int, mapping: Mapping[str, str], model: str, out: str) -> int:
    """Score ``rows`` rows of ``path`` from ``offset`` on into the Parquet file ``out``; how many there were.

    Runs on a worker as well: all files are named by paths that the worker sees too.
    """
    lazy = scan(Path(path)).slice(offset, rows)
    frame = read(Path(path), mapping=mapping, lazy=lazy).frame
    loaded = _model(model, Path(model).stat().st_mtime_ns)
    scores = loaded.score(frame)
    number = frame["row"] + offset
    ids = frame["id"].cast(pl.String) if "id" in frame.columns else number.cast(pl.String)
    pl.DataFrame(
        {
            "id": ids,
            "row": number,
            "probability": scores.probability,
            "score": scores.raw,
            "expected_duty": scores.duty,
        }
    ).write_parquet(out)
    return frame.height


def score_in_parts(
    path: Path,
    model: Path,
    out: Path,
    *,
    rows: int,
    mapping: Mapping[str, str],
    cluster: str = "",
    progress: Callable[[int], object] = str,
) -> int:
    """Score a file in parts of ``rows`` rows, in bounded memory, into ``out``; how many rows there were.

    ``cluster``: address of a Dask scheduler whose workers see the same files; else the parts run here, in turn.

    Raises:
        OtayError: when a file cannot be read or written, or the cluster does not answer.
    """
    Model.load(model.read_text(encoding="utf-8", errors="replace"))
    count = int(scan(path).select(pl.len()).collect(engine="streaming").item())
    folder = Path(tempfile.mkdtemp(prefix=".otay-score-", dir=out.resolve().parent))
    try:
        source, trained = str(path.resolve()), str(model.resolve())
        parts = [
            (source, offset, rows, dict(mapping), trained, str(folder.resolve() / f"{offset:012d}.parquet"))
            for offset in range(0, count, rows)
        ]
        done = 0
        for scored in _on_cluster(cluster, parts) if cluster else (score_part(*part) for part in parts):
            done += scored
            progress(done)
        lazy = pl.scan_parquet(folder / "*.parquet")
        if out.suffix.lower() == ".parquet":
            lazy.sink_parquet(out)
        else:
            lazy.sink_csv(out)
    except OSError as problem:
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=out, reason=problem) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return count


def _on_cluster(address: str, parts: list[tuple[str, int, int, dict[str, str], str, str]]) -> list[int]:
    try:
        from distributed import Client
    except ImportError:
        raise OtayError(N_("A cluster needs the package distributed: install otay[cluster].")) from None
    try:
        with Client(address, timeout="10s") as client:  # type: ignore[no-untyped-call]
            return [
                int(found) for found in client.gather(client.map(score_part, *zip(*parts, strict=True), pure=False))
            ]
    except (OSError, TimeoutError) as problem:
        raise OtayError(
            N_("The cluster at %(address)s does not answer: %(reason)s"), address=address, reason=problem
        ) from None
