"""Reads that pages, the API, the map and the demo player share.

Reference data changes only with a release, so one copy of it is kept in memory; :func:`forget` drops it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.db.models import Prefetch, QuerySet

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.places import profile
from otay.places.domain import Hours, LaneKind, Mode, Status, Window, open_windows, status_at
from otay.places.models import (
    Crossing,
    CrossingSide,
    LaneGroup,
    MonthlyVolume,
    OpeningHours,
    Port,
    Provenance,
    ReferenceRelease,
)
from otay.places.profile import HOUR, MODE_OF, Measure

USABLE = tuple(str(measure) for measure in Measure if measure is not Measure.TRUCKS_LOADED)
"""Measures to compute with: the counts of loaded truck containers exceed the trucks from 2023 on."""


@dataclass(frozen=True, slots=True)
class Gate:
    """A crossing with its hours into one country, ready to be asked whether it is open."""

    crossing: str
    port: str
    country: str
    mode: Mode
    zone: ZoneInfo
    hours: tuple[Hours, ...]

    def status(self, at: datetime) -> Status:
        """Open, closed or unknown at ``at``."""
        return status_at(self.hours, self.zone, at)


def ports(*, state: str = "", mode: str = "") -> list[Port]:
    """Ports by name, with their crossings and sides; those of one ``state`` (``US-TX``; either side's) or that serve
    ``mode`` when given."""
    found = _all_ports()
    if state:
        found = tuple(port for port in found if state in states_of(port))
    if mode:
        found = tuple(port for port in found if any(mode in crossing.mode_list for crossing in port.crossings.all()))
    return list(found)


@lru_cache(maxsize=1)
def _all_ports() -> tuple[Port, ...]:
    return tuple(Port.objects.prefetch_related("crossings__sides"))


def states_of(port: Port) -> set[str]:
    """The states on both sides of ``port``."""
    return {side.state for crossing in port.crossings.all() for side in crossing.sides.all() if side.state} | {
        port.state
    }


def port(code: str) -> Port:
    """One port with all that its page shows: five queries.

    Raises:
        NotFound: when there is no such port.
    """
    found = Port.objects.prefetch_related(Prefetch("crossings", queryset=_with_everything())).filter(code=code).first()
    if found is None:
        raise NotFound(N_("There is no port of entry %(code)s. The list of ports has them all."), code=code)
    return found


def crossing(key: str) -> Crossing:
    """One crossing with its sides, lanes and hours.

    Raises:
        NotFound: when there is no such crossing.
    """
    found = _with_everything().select_related("port").filter(key=key).first()
    if found is None:
        raise NotFound(N_("There is no crossing %(key)s. The page of its port lists the crossings."), key=key)
    return found


def crossings_of(port_code: str) -> list[Crossing]:
    """The crossings of a port."""
    return list(_with_everything().filter(port_id=port_code))


def crossings() -> list[Crossing]:
    """All crossings, also those whose port nobody told."""
    return list(_with_everything())


def _with_everything() -> QuerySet[Crossing]:
    return Crossing.objects.prefetch_related(
        "sides",
        Prefetch("lane_groups", queryset=LaneGroup.objects.select_related("source")),
        Prefetch("opening_hours", queryset=OpeningHours.objects.select_related("source")),
    )


def monthly_volumes(
    *, port: str = "", measure: str = "", start: date | None = None, end: date | None = None
) -> QuerySet[MonthlyVolume]:
    """Monthly counts, narrowed by what is given; ``start`` and ``end`` are months, both included."""
    wanted = {"port_id": port, "measure": measure, "month__gte": start, "month__lte": end}
    return MonthlyVolume.objects.filter(**{name: value for name, value in wanted.items() if value})


def recent_volumes(port_code: str, months: int = 24) -> dict[str, list[tuple[date, int | None]]]:
    """The newest ``months`` months of every measure of a port; a month without a count is None."""
    last = last_month()
    if last is None:
        return {}
    every = [_months_before(last, back) for back in range(months - 1, -1, -1)]
    counted: dict[str, dict[date, int]] = defaultdict(dict)
    for row in monthly_volumes(port=port_code, start=every[0]):
        counted[row.measure][row.month] = row.value
    return {
        measure: [(month, counted[measure].get(month)) for month in every]
        for measure in map(str, Measure)
        if measure in counted
    }


def _months_before(month: date, back: int) -> date:
    index = month.year * 12 + month.month - 1 - back
    return date(index // 12, index % 12 + 1, 1)


@lru_cache(maxsize=1)
def last_month() -> date | None:
    """The newest month with counts; None while the tables are empty."""
    return ReferenceRelease.objects.values_list("last_month", flat=True).first()


def reference_month(at: date | datetime) -> date:
    """The month whose counts stand for the month of ``at``: after 2023-12, the same calendar month of 2023."""
    last = last_month()
    return date(at.year, at.month, 1) if last is None else profile.reference_month(at, last)


@lru_cache(maxsize=64)
def _volumes_of(month: date) -> dict[str, dict[Measure, int]]:
    found: dict[str, dict[Measure, int]] = defaultdict(dict)
    for row in MonthlyVolume.objects.filter(month=month, measure__in=USABLE):
        found[row.port_id][Measure(row.measure)] = row.value
    return dict(found)


@lru_cache(maxsize=1)
def gates() -> tuple[Gate, ...]:
    """Every crossing, side and mode with its hours (none where nobody told them)."""
    hours: dict[tuple[str, str, str], list[Hours]] = defaultdict(list)
    for entry in OpeningHours.objects.all():
        hours[entry.crossing_id, entry.country, entry.mode].append(entry.hours)
    sides = CrossingSide.objects.select_related("crossing").order_by("crossing_id", "-country")
    return tuple(
        Gate(
            side.crossing_id,
            side.crossing.port_id or "",
            side.country,
            Mode(mode),
            side.zone,
            tuple(hours.get((side.crossing_id, side.country, mode), ())),
        )
        for side in sides
        for mode in side.crossing.mode_list
    )


@lru_cache(maxsize=4096)
def _shares(port_code: str, zone: str, country: str, mode: Mode, month: date) -> tuple[datetime, tuple[float, ...]]:
    """First hour of a local month and each hour's share of the month's count."""
    start, end, weights = _curve(zone, mode, month)
    into = [gate for gate in gates() if gate.port == port_code and gate.country == country and gate.mode is mode]
    told = bool(into) and all(gate.status(at) is not Status.UNKNOWN for gate in into for at in (start, end))
    if told:
        open_at = _open_at([window for gate in into for window in open_windows(gate.hours, gate.zone, start, end)])
        weights = tuple(profile.month_weights(month, ZoneInfo(zone), mode, open_at))
    whole = sum(weights)
    return start, tuple(weight / whole for weight in weights)


@lru_cache(maxsize=512)
def _curve(zone: str, mode: Mode, month: date) -> tuple[datetime, datetime, tuple[float, ...]]:
    """First hour of a local month, its end, and the weights of a place that never closes: alike for all of a zone."""
    hours = profile.hours_of_month(month, ZoneInfo(zone))
    return hours[0], hours[-1] + HOUR, tuple(profile.month_weights(month, ZoneInfo(zone), mode))


def _open_at(windows: list[Window]) -> profile.OpenAt:
    """Whether an hour begins inside one of ``windows``; looked up, for a month asks 720 times."""
    starts = {hour for opens, closes in windows for hour in _hours_between(opens, closes)}
    return starts.__contains__


def _hours_between(opens: datetime, closes: datetime) -> Iterator[datetime]:
    hour = opens.replace(minute=0, second=0, microsecond=0)
    hour = hour if hour >= opens else hour + HOUR
    while hour < closes:
        yield hour
        hour += HOUR


def volume_profile(port_code: str, measure: Measure, month: date) -> list[tuple[datetime, int]]:
    """The counts of a port's ``month`` hour by hour, as whole numbers that add up to the month's count exactly. Hours
    are those of ``month``; the count is its reference month's."""
    entry = _port(port_code)
    total = _volumes_of(reference_month(month)).get(port_code, {}).get(measure, 0)
    start, shares = _shares(
        entry.code, entry.time_zone, entry.country, MODE_OF[measure], date(month.year, month.month, 1)
    )
    return [(start + HOUR * index, count) for index, count in enumerate(profile.spread(total, shares))]


def _port(code: str) -> Port:
    found = next((entry for entry in _all_ports() if entry.code == code), None)
    return found if found is not None else port(code)


def expected_per_hour(at: datetime) -> dict[str, dict[Measure, float]]:
    """What every port can expect in the hour that ``at`` falls in: port code -> measure -> number.

    Dates after the newest month stand on :func:`reference_month`; hours and weekdays are those of ``at`` itself. A
    measure without a count is left out. Fast: everything but the sums is kept in memory.
    """
    answer = {}
    for entry in _all_ports():
        local = at.astimezone(entry.zone)
        month = date(local.year, local.month, 1)
        counts = _volumes_of(reference_month(month)).get(entry.code, {})
        answer[entry.code] = {
            measure: count * _share_at(entry, MODE_OF[measure], month, at) for measure, count in counts.items()
        }
    return answer


def _share_at(entry: Port, mode: Mode, month: date, at: datetime) -> float:
    start, shares = _shares(entry.code, entry.time_zone, entry.country, mode, month)
    return shares[int((at - start) / HOUR)]


def expected_hourly(port_code: str, measure: Measure, at: datetime, *, crossing_key: str = "") -> float:
    """What one port, or one crossing of it, can expect in the hour of ``at``.

    How a port's count divides over its crossings is not published: those that serve the mode and are not known to be
    closed get equal parts.
    """
    _port(port_code)
    whole = expected_per_hour(at).get(port_code, {}).get(measure, 0.0)
    if not crossing_key:
        return whole
    return whole if not whole else whole * crossing_shares(port_code, MODE_OF[measure], at).get(crossing_key, 0.0)


def crossing_shares(port_code: str, mode: Mode, at: datetime) -> dict[str, float]:
    """Equal parts for the crossings of a port that serve ``mode`` and are not known to be closed at ``at`` (for all of
    them when all are)."""
    country = _port(port_code).country
    serving = [gate for gate in gates() if gate.port == port_code and gate.mode is mode and gate.country == country]
    usable = [gate for gate in serving if gate.status(at) is not Status.CLOSED] or serving
    return {gate.crossing: 1 / len(usable) for gate in usable}


def lane_shares(port_code: str, measure: Measure, at: datetime) -> dict[LaneKind, float]:
    """How a port's count divides over lane groups: empty trucks as counted, the rest as assumed."""
    counts = _volumes_of(reference_month(at)).get(port_code, {})
    trucks = counts.get(Measure.TRUCKS, 0)
    return profile.lane_shares(measure, counts.get(Measure.TRUCKS_EMPTY, 0) / trucks if trucks else 0.0)


def yearly_totals(measures: Iterable[Measure]) -> dict[str, int]:
    """Sum of ``measures`` over the newest twelve months, by port."""
    last = last_month()
    if last is None:
        return {}
    totals: dict[str, int] = defaultdict(int)
    for back in range(12):
        for code, counts in _volumes_of(_months_before(last, back)).items():
            totals[code] += sum(counts.get(measure, 0) for measure in measures)
    return dict(totals)


def statuses(at: datetime) -> dict[str, dict[Mode, Status]]:
    """For every port and mode, into the port's own country: open if a crossing is, closed if all are, else unknown."""
    country = {entry.code: entry.country for entry in _all_ports()}
    found: dict[str, dict[Mode, list[Status]]] = defaultdict(lambda: defaultdict(list))
    for gate in gates():
        if country.get(gate.port) == gate.country:
            found[gate.port][gate.mode].append(gate.status(at))
    return {code: {mode: _together(each) for mode, each in modes.items()} for code, modes in found.items()}


def _together(each: Sequence[Status]) -> Status:
    if Status.OPEN in each:
        return Status.OPEN
    return Status.CLOSED if all(status is Status.CLOSED for status in each) else Status.UNKNOWN


@lru_cache(maxsize=1)
def _provenance() -> dict[tuple[str, str, str], Provenance]:
    return {(row.table, row.column, row.row): row for row in Provenance.objects.select_related("source")}


def provenance_of(table: str, column: str, row: str = "") -> Provenance | None:
    """What a cell rests on: the row's own source, else the column's; None where nobody said."""
    every = _provenance()
    return every.get((table, column, row)) or every.get((table, column, ""))


def forget() -> None:
    """Drop what is kept in memory."""
    for kept in (_all_ports, last_month, _volumes_of, gates, _shares, _provenance, _offices):
        kept.cache_clear()


@lru_cache(maxsize=1)
def _offices() -> dict[str, str]:
    """Every code that a declaration may name a port by, to the port's own code; a code of two ports names none."""
    named: dict[str, set[str]] = defaultdict(set)
    for entry in _all_ports():
        named[entry.code].add(entry.code)
        for side in (side for crossing in entry.crossings.all() for side in crossing.sides.all()):
            for code in (side.unlocode, side.customs_office, side.customs_office + side.customs_section):
                named[code].add(entry.code)
    return {code: next(iter(found)) for code, found in named.items() if code and len(found) == 1}


def port_of_office(code: str) -> str | None:
    """The port that ``code`` names: its own code, a UN/LOCODE or a customs office (with or without section)."""
    return _offices().get(code.strip().upper())
