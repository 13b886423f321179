"""How a month's count spreads over its hours and lanes. **An assumption, not a measurement**, and labelled so.

What is known: the month's totals (BTS). What sources say about shape: the heaviest hours for cars at the Imperial
Valley crossings are 05-09 and 16-19 (CBP, 2010); trucks queue at Laredo from 13 to 16 (Líder, 2017); truck crossings
thin out at week-ends, when cargo halls keep short hours; 21.9 % of the tours in San Diego's model hold SENTRI and
32.2 % Ready documents (SANDAG ABM); about 2,000 of 8,000 northbound trucks a day at the World Trade Bridge are FAST.
The curves below were drawn by hand to agree with that. Hours in which every crossing that could take the mode is
known to be closed get nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from otay.places.domain import LaneKind, Mode

HOUR = timedelta(hours=1)


class Measure(StrEnum):
    """What is counted, under the statistics' own names."""

    TRUCKS = "Trucks"
    TRUCKS_EMPTY = "Truck Containers Empty"
    TRUCKS_LOADED = "Truck Containers Loaded"
    TRAINS = "Trains"
    TRAIN_PASSENGERS = "Train Passengers"
    RAIL_EMPTY = "Rail Containers Empty"
    RAIL_LOADED = "Rail Containers Loaded"
    BUSES = "Buses"
    BUS_PASSENGERS = "Bus Passengers"
    CARS = "Personal Vehicles"
    CAR_PASSENGERS = "Personal Vehicle Passengers"
    PEDESTRIANS = "Pedestrians"


MODE_OF: dict[Measure, Mode] = {
    Measure.TRUCKS: Mode.CARGO,
    Measure.TRUCKS_EMPTY: Mode.CARGO,
    Measure.TRUCKS_LOADED: Mode.CARGO,
    Measure.TRAINS: Mode.RAIL,
    Measure.TRAIN_PASSENGERS: Mode.RAIL,
    Measure.RAIL_EMPTY: Mode.RAIL,
    Measure.RAIL_LOADED: Mode.RAIL,
    Measure.BUSES: Mode.BUS,
    Measure.BUS_PASSENGERS: Mode.BUS,
    Measure.CARS: Mode.CAR,
    Measure.CAR_PASSENGERS: Mode.CAR,
    Measure.PEDESTRIANS: Mode.PEDESTRIAN,
}

HOUR_WEIGHTS: dict[Mode, tuple[float, ...]] = {
    Mode.CARGO: (
        0.3,
        0.2,
        0.2,
        0.2,
        0.4,
        1.0,
        3.0,
        4.6,
        6.0,
        7.0,
        7.4,
        7.6,
        7.6,
        8.2,
        8.4,
        7.8,
        6.8,
        5.8,
        4.8,
        3.8,
        3.0,
        2.2,
        1.4,
        0.9,
    ),
    Mode.CAR: (
        1.2,
        0.9,
        0.8,
        1.0,
        2.2,
        5.2,
        6.2,
        6.4,
        5.8,
        4.6,
        4.2,
        4.2,
        4.4,
        4.5,
        4.8,
        5.4,
        6.0,
        6.2,
        5.6,
        4.6,
        4.0,
        3.4,
        2.6,
        1.8,
    ),
    Mode.PEDESTRIAN: (
        0.6,
        0.4,
        0.3,
        0.6,
        2.0,
        4.6,
        6.4,
        7.0,
        6.6,
        6.0,
        5.8,
        5.6,
        5.4,
        5.2,
        5.2,
        5.4,
        5.4,
        5.0,
        4.2,
        3.6,
        3.0,
        2.4,
        1.6,
        1.0,
    ),
    Mode.BUS: (
        1.0,
        0.8,
        0.8,
        1.0,
        2.0,
        4.0,
        5.0,
        5.5,
        5.5,
        5.0,
        5.0,
        5.0,
        5.0,
        5.0,
        5.0,
        5.0,
        5.0,
        5.0,
        4.5,
        4.0,
        3.5,
        3.0,
        2.0,
        1.5,
    ),
    Mode.RAIL: (1.0,) * 24,
}

WEEKDAY_WEIGHTS: dict[Mode, tuple[float, ...]] = {
    Mode.CARGO: (1.15, 1.20, 1.20, 1.20, 1.15, 0.60, 0.30),
    Mode.CAR: (1.00, 0.95, 0.95, 0.97, 1.05, 1.08, 1.00),
    Mode.PEDESTRIAN: (1.00, 0.97, 0.97, 0.98, 1.03, 1.05, 1.00),
    Mode.BUS: (0.95, 0.90, 0.90, 0.95, 1.10, 1.10, 1.10),
    Mode.RAIL: (1.0,) * 7,
}

CAR_LANES = {LaneKind.SENTRI: 0.219, LaneKind.READY: 0.322, LaneKind.GENERAL: 0.459}
FAST_SHARE = 0.25

OpenAt = Callable[[datetime], bool]


def reference_month(at: date | datetime, last: date) -> date:
    """The month whose counts stand for the month of ``at``: itself up to ``last`` (the newest month with counts), and
    after that the same calendar month of the newest twelve."""
    month = date(at.year, at.month, 1)
    if month <= last:
        return month
    return month.replace(year=last.year if month.month <= last.month else last.year - 1)


def hours_of_month(month: date, zone: ZoneInfo) -> list[datetime]:
    """Every hour of the local month as its start in UTC: 743 or 745 of a 31-day month in which clocks change."""
    start = datetime(month.year, month.month, 1, tzinfo=zone).astimezone(UTC)
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    end = datetime(following.year, following.month, 1, tzinfo=zone).astimezone(UTC)
    return [start + HOUR * index for index in range(round((end - start) / HOUR))]


def month_weights(month: date, zone: ZoneInfo, mode: Mode, open_at: OpenAt | None = None) -> list[float]:
    """Relative weight of each hour of :func:`hours_of_month`. An hour in which ``open_at`` is false weighs nothing;
    if that leaves nothing at all, hours are ignored: what was counted did cross."""
    hours = hours_of_month(month, zone)
    weights = []
    for hour in hours:
        local = hour.astimezone(zone)
        weights.append(HOUR_WEIGHTS[mode][local.hour] * WEEKDAY_WEIGHTS[mode][local.weekday()])
    if open_at is None:
        return weights
    masked = [weight if open_at(hour) else 0.0 for hour, weight in zip(hours, weights, strict=True)]
    return masked if any(masked) else weights


def spread(total: int, weights: Sequence[float]) -> list[int]:
    """``total`` whole things divided as the weights say, adding up exactly (largest remainder).

    Raises:
        ValueError: when there is something to divide and no weight to divide it by, or a weight is negative.
    """
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("neither a total nor a weight may be negative")
    whole = sum(weights)
    if whole == 0:
        if total == 0:
            return [0] * len(weights)
        raise ValueError("nothing to divide by: all weights are zero")
    exact = [total * (weight / whole) for weight in weights]
    shares = [int(value) for value in exact]
    by_remainder = sorted(range(len(weights)), key=lambda index: (shares[index] - exact[index], index))
    short = total - sum(shares)
    for index in by_remainder[:short] if short >= 0 else by_remainder[short:]:
        shares[index] += 1 if short >= 0 else -1
    return shares


def lane_shares(measure: Measure, empty_share: float = 0.0) -> dict[LaneKind, float]:
    """How a count divides over lane groups; the shares add up to one.

    ``empty_share``: empty containers of the month over its trucks, which is counted; the rest is assumed.
    """
    mode = MODE_OF[measure]
    if mode is Mode.CAR:
        return dict(CAR_LANES)
    if mode is Mode.CARGO:
        empty = min(1.0, max(0.0, empty_share))
        fast = (1.0 - empty) * FAST_SHARE
        return {LaneKind.CARGO: 1.0 - empty - fast, LaneKind.CARGO_FAST: fast, LaneKind.CARGO_EMPTY: empty}
    return {LaneKind(mode.value): 1.0}
