"""What is known of a port before anybody plans: hours on both sides, demand with its forecast, and their sources."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from otay.infrastructure.planning.counts import COUNTS, content
from otay.infrastructure.planning.models import DemandForecast
from otay.places import queries as places
from otay.places import reference
from otay.places.models import Crossing, OpeningHours

MEASURES = ("Personal Vehicles", "Pedestrians", "Trucks", "Truck Containers Empty", "Buses", "Trains")
MONTHS_AHEAD = 60


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Hours of a mode at a crossing on both sides, by weekday from Monday as text; empty where nobody told."""

    crossing: str
    mode: str
    sides: dict[str, list[str]]
    source: dict[str, str]


def hours_on_both_sides(port: str) -> list[HoursRow]:
    """Hours of every crossing and mode of a port, both countries beside each other."""
    return [row for crossing in places.crossings_of(port) for row in _hours(crossing)]


def _hours(crossing: Crossing) -> Iterable[HoursRow]:
    countries = [side.country for side in crossing.sides.all()]
    for mode in crossing.mode_list:
        texts: dict[str, list[str]] = {}
        sources: dict[str, str] = {}
        for country in countries:
            entries = [
                one
                for one in crossing.opening_hours.all()
                if one.country == country and one.mode == mode and not one.valid_to
            ]
            texts[country] = _week(entries)
            sources[country] = ", ".join(sorted({one.source.title for one in entries}))
        yield HoursRow(crossing.name, mode, texts, sources)


def _week(entries: list[OpeningHours]) -> list[str]:
    days: dict[int, list[str]] = defaultdict(list)
    for one in sorted(entries, key=lambda entry: (entry.weekday, entry.opens)):
        days[one.weekday].append(f"{_clock(one.opens)}–{_clock(one.closes)}")
    return [", ".join(days.get(day, [])) for day in range(7)] if entries else []


def _clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def counts_digest() -> str:
    """Names the state of the counts that a forecast was made from."""
    return reference.digest()[:64]


def forecast_of(port: str) -> dict[str, DemandForecast]:
    """The forecast of each measure of a port; made for all ports when the counts are new (about a second)."""
    digest = counts_digest()
    rows = DemandForecast.objects.filter(counts=digest, port=port, measure__in=MEASURES)
    if not rows.exists() and not DemandForecast.objects.filter(counts=digest).exists():
        _make_forecasts(digest)
    return {row.measure: row for row in rows.all()}


def _make_forecasts(digest: str) -> None:
    from dataclasses import asdict

    from otay.engines.forecasting import forecast, read_history

    found = forecast(read_history(content(COUNTS)), MONTHS_AHEAD)
    DemandForecast.objects.bulk_create(
        [
            DemandForecast(
                counts=digest, port=one.port_code, measure=one.measure, condition=str(one.condition),
                months=[
                    {key: value if isinstance(value, str) else round(value, 1) for key, value in asdict(month).items()}
                    for month in one.months
                ],
            )
            for one in found
            if one.measure in MEASURES
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def demand(port: str, measure: str) -> dict[str, Any]:
    """Months, counts and forecast of a measure, in one row of months."""
    counted = {f"{row.month:%Y-%m}": row.value for row in places.monthly_volumes(port=port, measure=measure)}
    ahead = forecast_of(port).get(measure)
    months = ahead.months[:24] if ahead else []
    x = [*sorted(counted), *(one["month"] for one in months)]
    later = {one["month"]: one for one in months}

    def line(key: str) -> list[float | None]:
        return [later[month][key] if month in later else None for month in x]

    return {
        "x": x,
        "counted": [counted.get(month) for month in x],
        **{key: line(key) for key in ("point", "low_80", "high_80", "low_95", "high_95")},
        "condition": ahead.condition if ahead else "",
    }
