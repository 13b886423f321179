"""A default scenario of a port: its counts and known hours as data, everything else as assumptions that say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.engines.queueing.arrivals import hourly_rates
from otay.engines.queueing.closed_forms import square_root_staffing
from otay.engines.queueing.scenario import Lane, Neighbour, Opening, Profile, Scenario, Secondary, Staffing, Traffic
from otay.engines.queueing.services import mean_minutes
from otay.engines.queueing.timetable import open_minutes
from otay.infrastructure.planning.counts import SOURCE, crossings_of, port_counts, port_names, rows
from otay.infrastructure.planning.service_times import EXPORT, PRIMARY, SECONDARY
from otay.places.profile import HOUR_WEIGHTS, MODE_OF, WEEKDAY_WEIGHTS, Measure, lane_shares

MEASURES = (Measure.CARS, Measure.PEDESTRIANS, Measure.BUSES, Measure.TRUCKS, Measure.TRAINS)
_NAMES = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALWAYS = [Opening()]
BETA = 0.3
"""Booths in the default are the mean load of a part of the day and this much of its square root: peaks make lines."""
PARTS = (0, 6, 10, 14, 18, 22, 24)
"""Hours at which booths change: officers come and go by shifts, not by the hour."""


def default_scenario(port: str, month: str | None = None, days: int = 7) -> Scenario:
    """``port`` in the week from the first Monday of ``month`` (the last with counts where None).

    Raises:
        NotFound: for a port without counts.
        Refused: for a month without counts.
    """
    counts = port_counts(port)
    known = sorted({one for measure in MEASURES for one, value in counts.get(measure.value, {}).items() if value > 0})
    if not known:
        raise Refused(N_("Nothing that this can plan for crosses at port %(port)s"), port=port)
    chosen = month or known[-1]
    if chosen not in known:
        message = N_("There are no counts of %(month)s for port %(port)s; they run from %(first)s to %(last)s")
        raise Refused(message, port=port, month=chosen, first=known[0], last=known[-1])
    start = date(int(chosen[:4]), int(chosen[5:]), 1)
    start += timedelta(days=-start.weekday() % 7)
    traffic, lanes, notes = [], [], []
    for measure in MEASURES:
        monthly = {one: value for one, value in counts.get(measure.value, {}).items() if value > 0}
        if chosen in monthly:
            hours, told = _hours(port, MODE_OF[measure].value)
            notes += told
            found = _mode(measure, _around(monthly, chosen), hours, _empty_share(counts, chosen))
            traffic += found
            lanes += [_lane(one, hours, start) for one in found]
    docks = _docks(traffic, start)
    return Scenario(
        name=f"{port_names().get(port, port)} {chosen}",
        port=port,
        start=start,
        days=days,
        traffic=traffic,
        lanes=lanes,
        secondary=docks,
        neighbour=_neighbour(traffic, lanes, start),
        data=_data(counts, chosen, notes),
        assumptions=_assumptions(lanes),
    )


def _around(monthly: Mapping[str, float], chosen: str) -> dict[str, float]:
    """The month and its neighbours, for weeks that run over its end."""
    year, month = int(chosen[:4]), int(chosen[5:])
    near = [
        date(year + (month - 1 + step) // 12, (month - 1 + step) % 12 + 1, 1).strftime("%Y-%m") for step in (-1, 0, 1)
    ]
    found = {one: monthly[one] for one in near if one in monthly}
    found.setdefault(near[2], found[chosen])
    return found


def _empty_share(counts: Mapping[str, Mapping[str, float]], month: str) -> float:
    trucks = counts.get(Measure.TRUCKS.value, {}).get(month, 0.0)
    empty = counts.get(Measure.TRUCKS_EMPTY.value, {}).get(month, 0.0)
    return empty / trucks if trucks else 0.0


def _hours(port: str, mode: str, country: str = "US") -> tuple[list[Opening], list[str]]:
    """Hours in which any crossing of the port takes ``mode`` into ``country``; always, where one is not known."""
    here = crossings_of(port)
    serving = {row["crossing"] for row in rows("crossings.csv") if row["port"] == port and mode in row["modes"].split()}
    told: dict[str, list[Opening]] = {}
    sources = set()
    for row in rows("hours.csv"):
        if row["crossing"] in here and row["mode"] == mode and row["country"] == country and not row["valid_to"]:
            days = row["days"] if row["days"].split("-")[0] != row["days"].split("-")[-1] else row["days"].split("-")[0]
            told.setdefault(row["crossing"], []).append(Opening(days=days, opens=row["opens"], closes=row["closes"]))
            sources.add(row["source"])
    if not told or serving - set(told):
        return ALWAYS, []
    openings = [opening for found in told.values() for opening in found]
    return list(dict.fromkeys(openings)), [f"Hours of {mode} into {country}: {', '.join(sorted(sources))}"]


def _mode(measure: Measure, monthly: dict[str, float], hours: Sequence[Opening], empty: float) -> list[Traffic]:
    mode = MODE_OF[measure]
    open_hours = open_minutes(hours).reshape(7, 24, 60).mean(axis=2)
    weights = np.array(HOUR_WEIGHTS[mode]) * open_hours
    found = []
    for kind, share in lane_shares(measure, empty).items():
        if share <= 0:
            continue
        default = PRIMARY[kind.value]
        profile = Profile(
            kind="profile",
            monthly={month: round(value * share, 3) for month, value in monthly.items()},
            weekday=list(WEEKDAY_WEIGHTS[mode]),
            hour=np.round(weights, 4).tolist(),
        )
        found.append(
            Traffic(
                name=kind.value,
                lanes=[kind.value],
                arrivals=profile,
                service=default.service,
                referrals=list(default.referrals),
            )
        )
    return found


def week_of_load(traffic: Traffic, start: date, minutes: float) -> NDArray[np.float64]:
    """Booths' worth of work in each hour of the week from Monday (7 rows of 24)."""
    if not isinstance(traffic.arrivals, Profile):
        raise TypeError("loads are reckoned from profiles")
    monday = start - timedelta(days=start.weekday())
    return hourly_rates(traffic.arrivals, monday, 7).reshape(7, 24) * minutes / 60


def staffing_of(load: NDArray[np.float64], hours: Sequence[Opening], beta: float = BETA) -> list[Staffing]:
    """Booths by part of the day for the mean of ``load`` in its open hours: at least one while open."""
    opened = np.asarray(open_minutes(hours).reshape(7, 24, 60).any(axis=2))
    entries = []
    for day, name in enumerate(_NAMES):
        for begin, end in pairwise(PARTS):
            here = np.flatnonzero(opened[day, begin:end]) + begin
            if here.size:
                booths = max(1, square_root_staffing(float(load[day, here].mean()), beta))
                entries.append(Staffing(days=name, from_=f"{begin:02d}:00", to=f"{end:02d}:00", booths=booths))
    return entries


def _lane(traffic: Traffic, hours: Sequence[Opening], start: date) -> Lane:
    load = week_of_load(traffic, start, mean_minutes(traffic.service))
    return Lane(
        name=traffic.name,
        booths=staffing_of(load, hours),
        hours=list(hours),
        source="Assumption: booths follow the load by parts of the day",
    )


def _docks(traffic: Sequence[Traffic], start: date) -> list[Secondary]:
    """Secondary stations, sized by their heaviest hour."""
    found = []
    for name, service in SECONDARY.items():
        sent = [(one, referral.share) for one in traffic for referral in one.referrals if referral.to == name]
        if sent:
            load = sum(share * week_of_load(one, start, mean_minutes(service)) for one, share in sent)
            docks = square_root_staffing(float(np.max(load)), BETA)
            found.append(
                Secondary(name=name, docks=docks, service=service, source="Assumption: docks follow the heaviest hour")
            )
    return found


def _neighbour(traffic: Sequence[Traffic], lanes: Sequence[Lane], start: date) -> list[Neighbour]:
    """Export customs of the other side before trucks, with the hours of this side."""
    trucks = [one for one in traffic if one.name.startswith("cargo")]
    if not trucks:
        return []
    hours = next(lane.hours for lane in lanes if lane.name == trucks[0].name)
    load = np.sum([week_of_load(one, start, mean_minutes(EXPORT)) for one in trucks], axis=0)
    booths = staffing_of(load, hours, 1.0)
    return [Neighbour(name="export", traffic=[one.name for one in trucks], booths=booths, hours=hours, service=EXPORT)]


def _data(counts: Mapping[str, Mapping[str, float]], month: str, notes: Sequence[str]) -> list[str]:
    told = [
        f"{measure.value} {counts[measure.value][month]:,.0f}"
        for measure in MEASURES
        if month in counts.get(measure.value, {})
    ]
    return [f"{SOURCE}, {month}: {'; '.join(told)}", *dict.fromkeys(notes)]


def _assumptions(lanes: Sequence[Lane]) -> list[str]:
    found = [
        N_("Hours of the day and days of the week: drawn by hand to agree with what sources say (places/profile.py)"),
        N_("Shares of SENTRI (21.9 %) and Ready (32.2 %): tours in SANDAG's model of San Diego, used for every port"),
        N_("FAST: a quarter of loaded trucks, as at the World Trade Bridge"),
        N_("Booths: the mean load of each part of the day and 0.3 of its square root; not the officers on duty"),
        N_("Secondary docks: sized by the heaviest hour"),
        N_("Service times: the ranges that each states; results show the band between their ends"),
    ]
    if any(lane.hours == ALWAYS for lane in lanes):
        found.append(N_("Open all day where no hours are known for every crossing of the mode"))
    if any(lane.name.startswith("cargo") for lane in lanes):
        found.append(N_("The neighbour's export station keeps the hours of this side"))
    return found
