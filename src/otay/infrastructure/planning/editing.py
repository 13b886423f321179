"""A scenario as forms: which fields a section shows, and the scenario that filled-in fields make.

Pure. A field's name is the path of the value (``lanes.0.most_booths``), so that a finding at ``/lanes/0/most_booths``
stands beside it. Booths of a week are a grid of days and hours; where they did not change, their entries are kept as
they were written.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.engines.queueing.allocation import staffing_of_week
from otay.engines.queueing.scenario import Opening, Scenario, Staffing
from otay.engines.queueing.timetable import week_levels

Raw = dict[str, Any]
PERIODS = (60, 30, 15)
MOST_HOURS = 14
"""Rows of opening hours that a form has."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Kind:
    """How text becomes a value: ``empty`` is what an empty field means."""

    read: Callable[[str], Any]
    empty: Any = None


def _whole(text: str) -> int:
    return int(text.replace(",", "").replace("\u00a0", "").replace(" ", ""))


def _real(text: str) -> float:
    cleaned = text.replace("\u00a0", "").replace(" ", "")
    if "," in cleaned and "." not in cleaned and len(cleaned.rpartition(",")[2]) != 3:
        cleaned = cleaned.replace(",", ".")  # 0,5 as Spanish writes it
    return float(cleaned.replace(",", ""))


def _flag(text: str) -> bool:
    return text in {"on", "true", "1", "yes"}


TEXT, WHOLE, REAL = Kind(str, ""), Kind(_whole), Kind(_real)
GENERAL: dict[str, Kind] = {
    "name": TEXT,
    "start": TEXT,
    "days": WHOLE,
    "warm_up_days": WHOLE,
    "seed": WHOLE,
    "replications": WHOLE,
    "road_storage": WHOLE,
    "target.share": REAL,
    "target.minutes": REAL,
    "target.mean_minutes": REAL,
    "costs.currency": TEXT,
    "costs.officer_hour": REAL,
    "costs.waiting_hour": REAL,
}
SERVICE: dict[str, Kind] = {
    "kind": TEXT,
    "mean_seconds": REAL,
    "cv": REAL,
    "stages": WHOLE,
    "low": REAL,
    "high": REAL,
    "source": TEXT,
}
LANE: dict[str, Kind] = {
    "most_booths": WHOLE,
    "storage": WHOLE,
    "shared_with": Kind(str),
    "rank": WHOLE,
    "service_factor": REAL,
    "source": TEXT,
}
KEPT_WHEN_EMPTY = {
    "name",
    "start",
    "days",
    "warm_up_days",
    "seed",
    "replications",
    "rank",
    "service_factor",
    "cv",
    "stages",
}
"""Fields without a meaning of nothing: left empty, they are missing."""


def get(raw: Any, path: str) -> Any:
    """The value at ``path``."""
    for part in path.split("."):
        raw = raw[int(part)] if isinstance(raw, list) else raw.get(part)
        if raw is None:
            return None
    return raw


def put(raw: Any, path: str, value: Any) -> None:
    """Set the value at ``path``."""
    *way, last = path.split(".")
    for part in way:
        raw = raw[int(part)] if isinstance(raw, list) else raw[part]
    if isinstance(raw, list):
        raw[int(last)] = value
    else:
        raw[last] = value


def text_of(value: Any) -> str:
    """A value as a field shows it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else ""
    if isinstance(value, float):
        return f"{value:.10g}" if value.is_integer() and abs(value) < 1e10 else repr(value)
    return str(value)


Fields = dict[str, str]


def sections(raw: Raw) -> list[tuple[str, str, str]]:
    """What can be edited: (section, part, name) in the order of the pages."""
    found = [("general", "general", "")]
    for part, key in (
        ("traffic", "traffic"),
        ("lane", "lanes"),
        ("secondary", "secondary"),
        ("neighbour", "neighbour"),
    ):
        found += [(f"{part}-{index}", part, str(one["name"])) for index, one in enumerate(raw.get(key, []))]
    return found


def _split(raw: Raw, section: str) -> tuple[str, int]:
    part, _dash, index = section.partition("-")
    key = {"lane": "lanes"}.get(part, part)
    if section == "general":
        return section, 0
    if part not in {"traffic", "lane", "secondary", "neighbour"} or not index.isdecimal():
        raise NotFound(N_("A scenario has no section %(section)s"), section=section[:40])
    if int(index) >= len(raw.get(key, [])):
        raise NotFound(N_("A scenario has no section %(section)s"), section=section[:40])
    return part, int(index)


def fields(raw: Raw, section: str) -> Fields:
    """Every field of a section with what stands in it."""
    part, index = _split(raw, section)
    if part == "general":
        return {path: text_of(get(raw, path)) for path in GENERAL} | {"growth": ""}
    return {"traffic": _traffic_fields, "lane": _lane_fields, "secondary": _secondary_fields,
            "neighbour": _neighbour_fields}[part](raw, index)  # fmt: skip


def changed(raw: Raw, section: str, given: Mapping[str, str]) -> Raw:
    """The scenario (as JSON has it, not yet checked) with the fields of a section filled in.

    Raises:
        Refused: when a field does not hold what it should: a number, a time.
    """
    part, index = _split(raw, section)
    new = copy.deepcopy(raw)
    findings: list[Finding] = []
    {"general": _change_general, "traffic": _change_traffic, "lane": _change_lane, "secondary": _change_secondary,
     "neighbour": _change_neighbour}[part](new, index, given, findings)  # fmt: skip
    if findings:
        raise Refused(N_("The scenario cannot be used"), findings=findings)
    return new


def _read(new: Raw, paths: Mapping[str, Kind], base: str, given: Mapping[str, str], findings: list[Finding]) -> None:
    """Fill the fields that were given; a field that a form did not have stays as it is."""
    for name, kind in paths.items():
        path = f"{base}{name}"
        if path not in given:
            continue
        text = given[path].strip()
        if not text:
            if name in KEPT_WHEN_EMPTY:
                findings.append(_finding(path, N_("This field is missing"), text, N_("Fill it in.")))
            else:
                put(new, path, kind.empty)
            continue
        if text == text_of(get(new, path)):
            continue
        try:
            put(new, path, kind.read(text))
        except ValueError:
            findings.append(_finding(path, N_("Is not a number"), text, N_("Give a number.")))


def _finding(path: str, message: str, value: str, remedy: str = "") -> Finding:
    return error("/" + path.replace(".", "/"), "scenario.field", message, value, remedy)


def _change_general(new: Raw, _index: int, given: Mapping[str, str], findings: list[Finding]) -> None:
    new.setdefault("target", {})
    new.setdefault("costs", {})
    _read(new, GENERAL, "", given, findings)
    for path in ("costs.officer_hour", "costs.waiting_hour"):
        if get(new, path) is None:
            put(new, path, 0.0)
    if get(new, "costs.currency") == "":
        put(new, "costs.currency", "USD")
    text = given.get("growth", "").strip()
    if text:
        try:
            factor = 1 + _real(text) / 100
        except ValueError:
            findings.append(_finding("growth", N_("Is not a number"), text, N_("Give a number.")))
            return
        for traffic in new["traffic"]:
            _grow(traffic["arrivals"], factor)


def _grow(arrivals: Raw, factor: float) -> None:
    if "monthly" in arrivals:
        arrivals["monthly"] = {month: round(value * factor, 3) for month, value in arrivals["monthly"].items()}


# Booths of a week ------------------------------------------------------------------------------------------------


def _staffing(booths: Any) -> int | list[Staffing]:
    return booths if isinstance(booths, int) else [Staffing.model_validate(one) for one in booths]


def grid_period(booths: Any) -> int:
    """Minutes of a column of the grid: the longest that shows the booths as they are; 0 where none does."""
    levels = week_levels(_staffing(booths))
    for period in PERIODS:
        blocks = levels.reshape(-1, period)
        if (blocks == blocks[:, :1]).all():
            return period
    return 0


def _grid_fields(path: str, booths: Any) -> Fields:
    period = grid_period(booths)
    if not period:
        return {}
    levels = week_levels(_staffing(booths)).reshape(7, -1, period)[:, :, 0]
    return {
        f"{path}.{day}.{column}": str(int(levels[day, column])) for day in range(7) for column in range(levels.shape[1])
    }


def _change_grid(new: Raw, path: str, given: Mapping[str, str], findings: list[Finding]) -> None:
    old = get(new, path)
    period = grid_period(old)
    if not period or f"{path}.0.0" not in given:
        return
    before = week_levels(_staffing(old)).reshape(7, -1, period)[:, :, 0]
    table: NDArray[np.int64] = before.copy()
    for day in range(7):
        for column in range(table.shape[1]):
            text = given.get(f"{path}.{day}.{column}", "").strip()
            try:
                table[day, column] = _whole(text or "0")
            except (ValueError, OverflowError):
                findings.append(
                    _finding(f"{path}.{day}.{column}", N_("Is not a whole number"), text, N_("Give a number."))
                )
            if not 0 <= table[day, column] <= 500:
                findings.append(
                    _finding(f"{path}.{day}.{column}", N_("Booths lie between 0 and 500"), text, N_("Give a number."))
                )
                table[day, column] = before[day, column]
    if not np.array_equal(table, before):
        minutes = np.repeat(table.ravel(), period)
        entries = [one.model_dump(mode="json", by_alias=True) for one in staffing_of_week(minutes)]
        # Nobody at any time is a number, for an empty list would be nothing at all to the check.
        put(new, path, entries or 0)


# Opening hours ---------------------------------------------------------------------------------------------------


def _hours_fields(path: str, hours: Sequence[Raw]) -> Fields:
    rows = list(hours) + [{"days": "", "opens": "", "closes": ""}] * max(1, 3 - len(hours))
    return {
        f"{path}.{row}.{name}": str(entry[name])
        for row, entry in enumerate(rows[: max(MOST_HOURS, len(hours))])
        for name in ("days", "opens", "closes")
    }


def _change_hours(new: Raw, path: str, given: Mapping[str, str]) -> None:
    if f"{path}.0.days" not in given:
        return
    rows = sorted(
        {int(name.split(".")[-2]) for name in given if name.startswith(f"{path}.") and name.endswith(".days")}
    )
    entries = []
    for row in rows:
        entry = {name: given.get(f"{path}.{row}.{name}", "").strip() for name in ("days", "opens", "closes")}
        if any(entry.values()):
            entries.append(entry)
    put(new, path, entries)


# Parts -----------------------------------------------------------------------------------------------------------


def _service_fields(path: str, service: Raw) -> Fields:
    return {f"{path}.{name}": text_of(service.get(name)) for name in SERVICE}


def _change_service(new: Raw, path: str, given: Mapping[str, str], findings: list[Finding]) -> None:
    _read(new, SERVICE, f"{path}.", given, findings)


def _traffic_fields(raw: Raw, index: int) -> Fields:
    traffic, base = raw["traffic"][index], f"traffic.{index}"
    found = {f"{base}.name": traffic["name"], f"{base}.patience_minutes": text_of(traffic.get("patience_minutes"))}
    found |= {f"{base}.lanes.{one['name']}": "on" if one["name"] in traffic["lanes"] else "" for one in raw["lanes"]}
    found |= _service_fields(f"{base}.service", traffic["service"])
    found |= {
        f"{base}.referrals.{row}.share": text_of(one["share"]) for row, one in enumerate(traffic.get("referrals", []))
    }
    arrivals = traffic["arrivals"]
    if arrivals["kind"] == "trace":
        return found
    found[f"{base}.growth"] = ""
    found |= {f"{base}.arrivals.monthly.{month}": text_of(value) for month, value in arrivals["monthly"].items()}
    found |= {f"{base}.arrivals.weekday.{day}": text_of(value) for day, value in enumerate(arrivals["weekday"])}
    if arrivals["kind"] == "bunched":
        found |= {f"{base}.arrivals.{name}": text_of(arrivals.get(name)) for name in ("size", "headway_seconds")}
    return found | _weight_fields(f"{base}.arrivals.hour", arrivals["hour"])


def _weight_fields(path: str, hour: Sequence[Any]) -> Fields:
    if hour and isinstance(hour[0], list):
        return {f"{path}.{day}.{at}": text_of(value) for day, row in enumerate(hour) for at, value in enumerate(row)}
    return {f"{path}.{at}": text_of(value) for at, value in enumerate(hour)}


def _change_traffic(new: Raw, index: int, given: Mapping[str, str], findings: list[Finding]) -> None:
    traffic, base = new["traffic"][index], f"traffic.{index}"
    _read(new, {"patience_minutes": REAL}, f"{base}.", given, findings)
    if f"{base}.name" in given:
        allowed = [one["name"] for one in new["lanes"] if _flag(given.get(f"{base}.lanes.{one['name']}", ""))]
        if set(allowed) != set(traffic["lanes"]):
            traffic["lanes"] = allowed
    _change_service(new, f"{base}.service", given, findings)
    for row in range(len(traffic.get("referrals", []))):
        _read(new, {"share": REAL}, f"{base}.referrals.{row}.", given, findings)
    arrivals = traffic["arrivals"]
    if arrivals["kind"] == "trace":
        return
    _read(new, dict.fromkeys(arrivals["monthly"], REAL), f"{base}.arrivals.monthly.", given, findings)
    for name in list(arrivals["monthly"]):
        if arrivals["monthly"][name] is None:
            del arrivals["monthly"][name]
    _read(new, {str(day): REAL for day in range(7)}, f"{base}.arrivals.weekday.", given, findings)
    if arrivals["kind"] == "bunched":
        _read(new, {"size": REAL, "headway_seconds": REAL}, f"{base}.arrivals.", given, findings)
    start = f"{base}.arrivals.hour"
    names = {name.removeprefix(f"{start}."): REAL for name in _weight_fields(start, arrivals["hour"])}
    _read(new, names, f"{base}.arrivals.hour.", given, findings)
    arrivals["weekday"] = [value if value is not None else 0.0 for value in arrivals["weekday"]]
    arrivals["hour"] = [
        [0.0 if value is None else value for value in row] if isinstance(row, list) else (0.0 if row is None else row)
        for row in arrivals["hour"]
    ]
    text = given.get(f"{base}.growth", "").strip()
    if text:
        try:
            _grow(arrivals, 1 + _real(text) / 100)
        except ValueError:
            findings.append(_finding(f"{base}.growth", N_("Is not a number"), text, N_("Give a number.")))


def _lane_fields(raw: Raw, index: int) -> Fields:
    lane, base = raw["lanes"][index], f"lanes.{index}"
    found = {f"{base}.name": str(lane["name"])} | {f"{base}.{name}": text_of(lane.get(name)) for name in LANE}
    found[f"{base}.double_stacked"] = "on" if lane.get("double_stacked") else ""
    if lane.get("shared_with"):
        return found
    return found | _hours_fields(f"{base}.hours", lane["hours"]) | _grid_fields(f"{base}.booths", lane["booths"])


def _change_lane(new: Raw, index: int, given: Mapping[str, str], findings: list[Finding]) -> None:
    base = f"lanes.{index}"
    _read(new, LANE, f"{base}.", given, findings)
    if f"{base}.name" in given:
        put(new, f"{base}.double_stacked", _flag(given.get(f"{base}.double_stacked", "")))
    _change_hours(new, f"{base}.hours", given)
    _change_grid(new, f"{base}.booths", given, findings)


def _secondary_fields(raw: Raw, index: int) -> Fields:
    station, base = raw["secondary"][index], f"secondary.{index}"
    found = {f"{base}.{name}": text_of(station.get(name)) for name in ("name", "storage", "source")}
    return (
        found | _service_fields(f"{base}.service", station["service"]) | _grid_fields(f"{base}.docks", station["docks"])
    )


def _change_secondary(new: Raw, index: int, given: Mapping[str, str], findings: list[Finding]) -> None:
    base = f"secondary.{index}"
    _read(new, {"storage": WHOLE, "source": TEXT}, f"{base}.", given, findings)
    _change_service(new, f"{base}.service", given, findings)
    _change_grid(new, f"{base}.docks", given, findings)


def _neighbour_fields(raw: Raw, index: int) -> Fields:
    station, base = raw["neighbour"][index], f"neighbour.{index}"
    found = {f"{base}.{name}": text_of(station.get(name)) for name in ("name", "source")}
    found |= _service_fields(f"{base}.service", station["service"])
    return found | _hours_fields(f"{base}.hours", station["hours"]) | _grid_fields(f"{base}.booths", station["booths"])


def _change_neighbour(new: Raw, index: int, given: Mapping[str, str], findings: list[Finding]) -> None:
    base = f"neighbour.{index}"
    _read(new, {"source": TEXT}, f"{base}.", given, findings)
    _change_service(new, f"{base}.service", given, findings)
    _change_hours(new, f"{base}.hours", given)
    _change_grid(new, f"{base}.booths", given, findings)


# Structure -------------------------------------------------------------------------------------------------------


def with_lane(raw: Raw, name: str, users: Sequence[str], booths: int) -> Raw:
    """The scenario with one lane group more, that ``users`` may use beside their own."""
    new = copy.deepcopy(raw)
    new["lanes"].append({"name": name.strip(), "booths": booths, "hours": [Opening().model_dump()]})
    for traffic in new["traffic"]:
        if traffic["name"] in users:
            traffic["lanes"] = [*traffic["lanes"], name.strip()]
    return new


def without_lane(raw: Raw, index: int) -> Raw:
    """The scenario without a lane group; classes that had no other cannot stay."""
    new = copy.deepcopy(raw)
    name = new["lanes"].pop(index)["name"]
    for traffic in new["traffic"]:
        traffic["lanes"] = [one for one in traffic["lanes"] if one != name]
    new["incidents"] = [one for one in new.get("incidents", []) if one["lane"] != name]
    return new


def hours_of_week(scenario: Scenario, lane: str) -> list[list[int]]:
    """Booths that are open at most in each hour: 7 rows of 24 from Monday."""
    found = next(one for one in scenario.lanes if one.name == lane)
    return week_levels(found.booths, found.hours).reshape(7, 24, 60).max(axis=2).tolist()  # type: ignore[no-any-return]
