"""What a command is given: a scenario file, or the code of a port, for which a default scenario is built."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime
from math import isfinite
from pathlib import Path

from otay.core.errors import NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.engines.queueing.reading import MAX_BYTES, make_scenario, read_scenario
from otay.engines.queueing.scenario import Scenario, Trace
from otay.infrastructure.planning.building import default_scenario

_PORT = re.compile(r"^\d{4}$")
MOST_FINDINGS = 50


def load(argument: str, month: str | None = None) -> Scenario:
    """The scenario in the file ``argument`` (traces read from beside it), or that of the port with this code.

    Raises:
        NotFound: when there is neither.
        Refused: when it cannot be used.
    """
    path = Path(argument)
    if not path.is_file():
        if _PORT.match(argument):
            return default_scenario(argument, month)
        raise NotFound(N_("%(name)s is neither a file nor the code of a port (four digits)"), name=argument)
    if path.stat().st_size > MAX_BYTES:
        raise Refused(N_("The scenario is larger than 64 MB"))
    return with_traces(read_scenario(path.read_bytes()), path.parent)


def with_traces(scenario: Scenario, folder: Path) -> Scenario:
    """``scenario`` with the arrivals of its trace files read in."""
    raw = scenario.model_dump(mode="json", by_alias=True)
    findings: list[Finding] = []
    for index, traffic in enumerate(scenario.traffic):
        if isinstance(traffic.arrivals, Trace):
            place = f"/traffic/{index}/arrivals/file"
            minutes = list(traffic.arrivals.minutes)
            if traffic.arrivals.file:
                minutes += _trace(folder, traffic.arrivals.file, scenario, place, findings)
            if not minutes and not findings:
                findings.append(
                    error(place, "scenario.empty_trace", N_("The trace has no arrivals"), traffic.arrivals.file)
                )
            raw["traffic"][index]["arrivals"] = {"kind": "trace", "minutes": minutes, "file": ""}
    if findings:
        raise Refused(N_("The scenario cannot be used"), findings=findings)
    return make_scenario(raw)


def _trace(folder: Path, name: str, scenario: Scenario, place: str, findings: list[Finding]) -> list[float]:
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or not path.is_file():
        findings.append(error(place, "scenario.no_file", N_("There is no such file beside the scenario"), name))
        return []
    if path.stat().st_size > MAX_BYTES:
        findings.append(error(place, "scenario.file_size", N_("The file is larger than 64 MB"), name))
        return []
    try:
        reader = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8-sig"), newline=""))
        columns = reader.fieldnames or []
        column = next((one for one in ("minute", "time") if one in columns), None)
        if column is None:
            message = N_("The trace needs a column minute or time")
            findings.append(error(f"{place} line 1", "trace.column", message, ", ".join(columns)))
            return []
        return [_moment(row, column, reader.line_num, scenario, place, findings) for row in reader]
    except (UnicodeDecodeError, csv.Error) as problem:
        message = N_("The trace is corrupt: %(reason)s")
        findings.append(error(place, "trace.corrupt", message, name, reason=str(problem)))
        return []


def _moment(
    row: dict[str, str], column: str, line: int, scenario: Scenario, place: str, findings: list[Finding]
) -> float:
    text = (row[column] or "").strip()
    try:
        if column == "minute":
            minute = float(text)
        else:
            start = datetime(scenario.start.year, scenario.start.month, scenario.start.day)  # noqa: DTZ001 wall-clock time
            minute = (datetime.fromisoformat(text).replace(tzinfo=None) - start).total_seconds() / 60
        last = scenario.days * 1440
        if isfinite(minute) and 0 <= minute <= last:
            return minute
        message = N_("Lies outside the scenario: it must fall within its %(days)s days")
    except ValueError:
        message = N_("Is neither a number of minutes nor a time such as 2023-07-03T06:15")
    if len(findings) < MOST_FINDINGS:
        findings.append(
            error(f"{place} line {line}, column {column}", "trace.moment", message, text, days=scenario.days)
        )
    return 0.0
