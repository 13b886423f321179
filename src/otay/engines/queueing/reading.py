"""A scenario from JSON, or everything that is wrong with it, each by the name of its field."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import ValidationError

from otay.core.errors import Refused
from otay.core.findings import Finding, error, refuses
from otay.core.i18n import N_
from otay.engines.queueing.scenario import Bunched, Lane, Neighbour, Profile, Scenario, ServiceTime, Traffic
from otay.engines.queueing.timetable import level_steps, minutes_open

MAX_BYTES = 64 * 1024 * 1024


def read_scenario(content: bytes | str) -> Scenario:
    """The scenario in ``content`` (JSON).

    Raises:
        Refused: with a finding for each thing wrong.
    """
    if len(content) > MAX_BYTES:
        raise Refused(N_("The scenario is larger than 64 MB"))
    try:
        raw = json.loads(content, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        place = f"line {problem.lineno}" if isinstance(problem, json.JSONDecodeError) else ""
        finding = error(place, "scenario.json", N_("This is not JSON: %(reason)s"), reason=str(problem))
        raise Refused(N_("The scenario cannot be read"), findings=[finding]) from None
    return make_scenario(raw)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is no number in JSON")


def make_scenario(raw: Any) -> Scenario:
    """The scenario in ``raw`` (as JSON parses it).

    Raises:
        Refused: with a finding for each thing wrong.
    """
    try:
        scenario = Scenario.model_validate(raw)
    except ValidationError as problem:
        findings = [_of_pydantic(one) for one in problem.errors(include_url=False)]
        raise Refused(N_("The scenario cannot be used"), findings=findings) from None
    findings = list(check(scenario))
    if refuses(findings):
        raise Refused(N_("The scenario cannot be used"), findings=findings)
    return scenario


_MESSAGES: dict[str, tuple[str, str, str]] = {
    "greater_than": ("not_positive", N_("Must be greater than %(gt)s"), N_("Give a larger number.")),
    "greater_than_equal": ("too_small", N_("Must not be less than %(ge)s"), N_("Give a larger number.")),
    "less_than": ("too_large", N_("Must be less than %(lt)s"), N_("Give a smaller number.")),
    "less_than_equal": ("too_large", N_("Must not be more than %(le)s"), N_("Give a smaller number.")),
    "missing": ("missing", N_("This field is missing"), N_("Add it.")),
    "extra_forbidden": ("unknown_field", N_("There is no such field"), N_("See the reference of scenario files.")),
    "string_pattern_mismatch": (
        "form",
        N_("Does not have the form %(pattern)s"),
        N_("See the reference of scenario files."),
    ),
    "too_short": ("too_few", N_("Needs at least %(min_length)s entries"), N_("Add what is missing.")),
    "too_long": ("too_many", N_("Takes at most %(max_length)s entries"), N_("Take some away.")),
    "finite_number": ("number", N_("Is not a finite number"), N_("Give a number.")),
}


def _of_pydantic(problem: Mapping[str, Any]) -> Finding:
    kinds = {"profile", "trace", "bunched"}
    path = [
        part for part in problem["loc"] if part not in kinds and not str(part).startswith(("constrained", "list[", "["))
    ]
    place = "/" + "/".join("from" if part == "from_" else str(part) for part in path if part != "[key]")
    shown = problem.get("input")
    value = "" if isinstance(shown, dict | list) else str(shown)
    rule, message, remedy = _MESSAGES.get(problem["type"], ("form", "", ""))
    context = problem.get("ctx", {})
    if place.endswith(("mean_seconds", "values_seconds")) and rule == "not_positive":
        message = N_("A service time must be greater than zero")
        return error(place, "scenario.service_time", message, value, N_("Give the mean service time in seconds."))
    if "/monthly/" in place and rule == "too_small":
        return error(
            place, "scenario.negative_demand", N_("Demand must not be negative"), value, N_("Give zero or more.")
        )
    if not message:
        return error(place, "scenario.form", N_("Cannot be used: %(reason)s"), value, reason=problem["msg"])
    return error(place, f"scenario.{rule}", message, value, remedy, **context)


def check(scenario: Scenario) -> Iterator[Finding]:
    """What a schema cannot say: names that fit together, lanes that somebody may use, hours that open, months that
    exist."""
    yield from _names(scenario)
    for index, traffic in enumerate(scenario.traffic):
        yield from _traffic(scenario, traffic, f"/traffic/{index}")
    for index, lane in enumerate(scenario.lanes):
        yield from _lane(scenario, lane, f"/lanes/{index}")
    for index, station in enumerate(scenario.secondary):
        yield from _service(station.service, f"/secondary/{index}/service")
        if not _ever(station.docks):
            yield _never_staffed(f"/secondary/{index}/docks")
    for index, other in enumerate(scenario.neighbour):
        yield from _neighbour(scenario, other, f"/neighbour/{index}")
    lanes = {lane.name for lane in scenario.lanes}
    for index, incident in enumerate(scenario.incidents):
        if incident.lane not in lanes:
            yield _unknown(f"/incidents/{index}/lane", incident.lane, lanes)
        if incident.to_minute <= incident.from_minute:
            message = N_("Ends before it begins")
            yield error(f"/incidents/{index}/to_minute", "scenario.order", message, incident.to_minute)


def _names(scenario: Scenario) -> Iterator[Finding]:
    parts: dict[str, list[Any]] = {
        "traffic": scenario.traffic,
        "lanes": scenario.lanes,
        "secondary": scenario.secondary,
        "neighbour": scenario.neighbour,
    }
    for part, entries in parts.items():
        seen: set[str] = set()
        for index, entry in enumerate(entries):
            if entry.name in seen:
                yield error(f"/{part}/{index}/name", "scenario.twice", N_("This name stands twice"), entry.name)
            seen.add(entry.name)


def _unknown(place: str, name: str, known: set[str]) -> Finding:
    message = N_("There is no %(name)s in this scenario")
    return error(
        place,
        "scenario.unknown_name",
        message,
        name,
        N_("Use one of: %(known)s."),
        name=name,
        known=", ".join(sorted(known)),
    )


def _traffic(scenario: Scenario, traffic: Traffic, place: str) -> Iterator[Finding]:
    lanes = {lane.name for lane in scenario.lanes}
    stations = {station.name for station in scenario.secondary}
    for index, name in enumerate(traffic.lanes):
        if name not in lanes:
            yield _unknown(f"{place}/lanes/{index}", name, lanes)
    for index, referral in enumerate(traffic.referrals):
        if referral.to not in stations:
            yield _unknown(f"{place}/referrals/{index}/to", referral.to, stations)
    if sum(referral.share for referral in traffic.referrals) > 1 + 1e-9:
        yield error(f"{place}/referrals", "scenario.shares", N_("The shares add up to more than one"))
    yield from _service(traffic.service, f"{place}/service")
    if isinstance(traffic.arrivals, Profile | Bunched):
        yield from _profile(scenario, traffic.arrivals, f"{place}/arrivals")


def _profile(scenario: Scenario, profile: Profile | Bunched, place: str) -> Iterator[Finding]:
    needed = {(scenario.start + timedelta(days=day)).strftime("%Y-%m") for day in range(scenario.days)}
    for month in sorted(needed - set(profile.monthly)):
        message = N_("The month %(month)s is missing: the scenario runs through it")
        yield error(f"{place}/monthly", "scenario.missing_month", message, month, N_("Add its count."), month=month)
    if not any(profile.weekday):
        yield error(f"{place}/weekday", "scenario.weights", N_("All weights are zero"))
    rows = profile.hour if isinstance(profile.hour[0], list) else [profile.hour]
    if len(rows) not in (1, 7):
        yield error(f"{place}/hour", "scenario.weights", N_("Give 24 weights, or 7 rows of 24"))
    if not any(any(row) for row in rows if isinstance(row, list)):
        yield error(f"{place}/hour", "scenario.weights", N_("All weights are zero"))


def _service(service: ServiceTime, place: str) -> Iterator[Finding]:
    mean = service.mean_seconds
    if service.kind == "empirical":
        if not service.values_seconds:
            yield error(
                f"{place}/values_seconds", "scenario.service_time", N_("Empirical service needs measured times")
            )
        return
    if mean is None:
        yield error(f"{place}/mean_seconds", "scenario.missing", N_("This field is missing"), remedy=N_("Add it."))
        return
    if service.low is not None and service.low > mean:
        yield error(f"{place}/low", "scenario.range", N_("The range does not hold the mean"), service.low)
    if service.high is not None and service.high < mean:
        yield error(f"{place}/high", "scenario.range", N_("The range does not hold the mean"), service.high)


def _ever(booths: Any) -> bool:
    return any(level > 0 for _, level in level_steps(booths))


def _never_staffed(place: str) -> Finding:
    return error(place, "scenario.never_open", N_("Nobody ever works here"), remedy=N_("Give booths in some hour."))


def _hours(part: Lane | Neighbour, booths: Any, place: str, field: str = "booths") -> Iterator[Finding]:
    for index, opening in enumerate(part.hours):
        if opening.closes <= opening.opens:
            message = N_("These hours never open: they close at %(closes)s, before or as they open at %(opens)s")
            remedy = N_("Split hours that pass midnight into two entries.")
            place_of = f"{place}/hours/{index}/closes"
            yield error(
                place_of,
                "scenario.never_open",
                message,
                opening.closes,
                remedy,
                opens=opening.opens,
                closes=opening.closes,
            )
    if minutes_open(part.hours) == 0:
        yield error(
            f"{place}/hours", "scenario.never_open", N_("It never opens"), remedy=N_("Give hours in which it is open.")
        )
    elif not _ever(booths):
        yield _never_staffed(f"{place}/{field}")
    elif not any(level > 0 for _, level in level_steps(booths, part.hours)):
        message = N_("Booths and hours never meet: it never opens")
        yield error(f"{place}/hours", "scenario.never_open", message, remedy=N_("Give booths within the hours."))


def _lane(scenario: Scenario, lane: Lane, place: str) -> Iterator[Finding]:
    users = [traffic for traffic in scenario.traffic if lane.name in traffic.lanes]
    if not users:
        message = N_("No traffic may use the lane %(lane)s")
        remedy = N_("Name it in the lanes of some traffic, or take it away.")
        yield error(f"{place}/name", "scenario.unused_lane", message, lane.name, remedy, lane=lane.name)
    if lane.shared_with is None:
        yield from _hours(lane, lane.booths, place)
        return
    others = {other.name: other for other in scenario.lanes if other.shared_with is None and other is not lane}
    if lane.shared_with not in others:
        yield _unknown(f"{place}/shared_with", lane.shared_with, set(others))


def _neighbour(scenario: Scenario, station: Neighbour, place: str) -> Iterator[Finding]:
    names = {traffic.name for traffic in scenario.traffic}
    for index, name in enumerate(station.traffic):
        if name not in names:
            yield _unknown(f"{place}/traffic/{index}", name, names)
        elif any(name in other.traffic for other in scenario.neighbour if other is not station):
            message = N_("Only one station of the neighbour may come before a class of traffic")
            yield error(f"{place}/traffic/{index}", "scenario.twice", message, name)
    yield from _service(station.service, f"{place}/service")
    yield from _hours(station, station.booths, place)
