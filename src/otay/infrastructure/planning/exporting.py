"""The figures of a run as one long table: CSV, and Parquet with polars (loaded when asked for)."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from typing import Any

from otay.infrastructure.planning.models import SimulationRun

COLUMNS = (
    "scenario", "version", "engine", "replications", "group", "figure", "weekday", "hour", "mean", "low", "high",
    "band_low", "band_high",
)  # fmt: skip
Row = dict[str, Any]


def rows(run: SimulationRun) -> Iterator[Row]:
    """Every figure: by group over all days, by hour of the day (``hour`` set), by hour of the week (both set)."""
    head = {
        "scenario": run.version.scenario.number, "version": run.version.number, "engine": run.engine,
        "replications": run.replications,
    }  # fmt: skip
    result = run.result or {}
    for group, figures in result.get("groups", {}).items():
        for figure, found in figures.items():
            yield head | _line(group, figure, found)
    for lane, curve in result.get("curves", {}).items():
        for figure in ("wait", "queue", "use"):
            for hour, found in enumerate(curve.get(figure, [])):
                yield head | _line(f"lane/{lane}", figure, found) | {"hour": hour}
        for at, value in enumerate(curve["week"]):
            yield head | _line(f"lane/{lane}", "wait", {"mean": value}) | {"weekday": at // 24, "hour": at % 24}


def _line(group: str, figure: str, found: dict[str, Any]) -> Row:
    bounds = {key: found.get(key) for key in ("mean", "low", "high", "band_low", "band_high")}
    return {"group": group, "figure": figure, "weekday": None, "hour": None, **bounds}


def as_csv(run: SimulationRun) -> bytes:
    """The table as CSV, with a byte-order mark so that spreadsheets read it as UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    for row in rows(run):
        writer.writerow({key: _safe(value) for key, value in row.items()})
    return b"\xef\xbb\xbf" + out.getvalue().encode("utf-8")


def _safe(value: Any) -> Any:
    """A text that a spreadsheet would take for a formula is shown as text."""
    return "'" + value if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def as_parquet(run: SimulationRun) -> bytes:
    """The table as Parquet."""
    import polars

    kinds: dict[str, Any] = dict.fromkeys(("scenario", "engine", "group", "figure"), polars.String)
    kinds |= dict.fromkeys(("version", "replications", "weekday", "hour"), polars.Int64)
    kinds |= dict.fromkeys(("mean", "low", "high", "band_low", "band_high"), polars.Float64)
    out = io.BytesIO()
    polars.DataFrame(list(rows(run)), schema={name: kinds[name] for name in COLUMNS}).write_parquet(out)
    return out.getvalue()


WRITERS: dict[str, tuple[Callable[[SimulationRun], bytes], str]] = {
    "csv": (as_csv, "text/csv; charset=utf-8"),
    "parquet": (as_parquet, "application/vnd.apache.parquet"),
}


def written(run: SimulationRun, kind: str) -> tuple[bytes, str]:
    """The table of a run in a format of :data:`WRITERS`, and its media type."""
    write, media_type = WRITERS[kind]
    return write(run), media_type
