"""Monthly counts of many series side by side, read from CSV (columns port_code, month, measure, value)."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_

COLUMNS = ("port_code", "month", "measure", "value")
MAX_ROWS = 2_000_000
MOST_FINDINGS = 50
LARGEST = 1e12
EARLIEST, LATEST = 1900, 2200
_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])(-\d{2})?$")
Key = tuple[str, str]


def month_number(text: str) -> int:
    """``2023-07`` (a day may follow) as months since the year 0.

    Raises:
        ValueError: for anything else.
    """
    found = _MONTH.match(text)
    if not found or not EARLIEST <= int(found[1]) < LATEST:
        raise ValueError(text)
    return int(found[1]) * 12 + int(found[2]) - 1


def month_text(number: int) -> str:
    """The reverse of :func:`month_number`."""
    return f"{number // 12:04d}-{number % 12 + 1:02d}"


@dataclass(frozen=True, slots=True)
class History:
    """Counts by series (rows: port and measure) and month (columns from ``first``); NaN where there is no row."""

    keys: Sequence[Key]
    first: int
    values: NDArray[np.float64]
    findings: Sequence[Finding] = ()

    @property
    def after(self) -> int:
        """The month after the last."""
        return self.first + int(self.values.shape[1])

    def until(self, month: int) -> History:
        """What was known before ``month``: series that had begun."""
        values = self.values[:, : max(0, month - self.first)]
        known = np.atleast_1d(np.isfinite(values).any(axis=1)) if values.size else np.zeros(len(self.keys), bool)
        keys = [key for key, kept in zip(self.keys, known, strict=True) if kept]
        return History(keys, self.first, values[known], self.findings)


def read_history(content: bytes) -> History:
    """Counts in ``content``. Where a month stands twice the last row counts.

    Raises:
        Refused: with a finding for each line (up to 50) that cannot be used.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        finding = error(f"byte {problem.start}", "history.encoding", N_("This is not UTF-8 text"))
        raise Refused(N_("The history cannot be read"), findings=[finding]) from None
    reader = csv.DictReader(io.StringIO(text, newline=""))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or [])]
    if missing:
        found = [
            error(f"column {name}", "history.column", N_("The column %(name)s is missing"), name=name)
            for name in missing
        ]
        raise Refused(N_("The history cannot be read"), findings=found)
    counts: dict[Key, dict[int, float]] = {}
    findings: list[Finding] = []
    refused = 0
    try:
        for row in reader:
            refused += _take(row, reader.line_num, counts, findings)
            if reader.line_num > MAX_ROWS:
                raise Refused(N_("The history has more than %(most)s lines"), most=MAX_ROWS)
    except csv.Error as problem:
        finding = error(
            f"line {reader.line_num}", "history.csv", N_("This is not CSV: %(reason)s"), reason=str(problem)
        )
        raise Refused(N_("The history cannot be read"), findings=[finding]) from None
    if refused or not counts:
        findings = findings or [error("line 2", "history.empty", N_("There are no counts"))]
        raise Refused(N_("The history cannot be used"), findings=findings)
    return _panel(counts, findings)


def _take(row: dict[str, str], line: int, counts: dict[Key, dict[int, float]], findings: list[Finding]) -> int:
    """Put one line into ``counts``; 1 if it cannot be used."""

    def refuse(column: str, rule: str, message: str, remedy: str) -> int:
        if len(findings) < MOST_FINDINGS:
            findings.append(
                error(f"line {line}, column {column}", f"history.{rule}", message, row.get(column) or "", remedy)
            )
        return 1

    port, measure = (row["port_code"] or "").strip(), (row["measure"] or "").strip()
    if not port:
        return refuse("port_code", "missing", N_("There is no port"), N_("Give the code of the port."))
    if not measure:
        return refuse("measure", "missing", N_("There is no measure"), N_("Say what is counted."))
    try:
        month = month_number((row["month"] or "").strip())
    except ValueError:
        return refuse("month", "month", N_("This is not a month"), N_("Write it as 2023-07."))
    try:
        value = float((row["value"] or "").strip())
    except ValueError:
        return refuse("value", "number", N_("This is not a number"), N_("Give a count of zero or more."))
    if not isfinite(value) or value > LARGEST:
        return refuse("value", "number", N_("This is not a number"), N_("Give a count of zero or more."))
    if value < 0:
        return refuse(
            "value", "negative_demand", N_("Demand must not be negative"), N_("Give a count of zero or more.")
        )
    series = counts.setdefault((port, measure), {})
    if month in series and series[month] != value and len(findings) < MOST_FINDINGS:
        findings.append(
            warning(
                f"line {line}", "history.twice", N_("This month stands twice; the last line counts"), month_text(month)
            )
        )
    series[month] = value
    return 0


def _panel(counts: dict[Key, dict[int, float]], findings: list[Finding]) -> History:
    keys = sorted(counts)
    first = min(min(series) for series in counts.values())
    last = max(max(series) for series in counts.values())
    if (last - first + 1) * len(keys) > 50_000_000:
        raise Refused(N_("The history has more than %(most)s lines"), most=MAX_ROWS)
    values = np.full((len(keys), last - first + 1), np.nan)
    for index, key in enumerate(keys):
        series = counts[key]
        values[index, np.fromiter(series, int) - first] = list(series.values())
    return History(keys, first, values, findings)
