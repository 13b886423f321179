"""One replication of a scenario: draw who comes and what each needs, then play it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from otay.engines.queueing.arrivals import times_of
from otay.engines.queueing.layout import UNBOUNDED, Layout, storages
from otay.engines.queueing.lines import fifo
from otay.engines.queueing.scenario import Traffic
from otay.engines.queueing.services import draw, mean_minutes
from otay.engines.queueing.streams import stream

if TYPE_CHECKING:
    from otay.engines.queueing.network import Plan

Times = NDArray[np.float64]
Ints = NDArray[np.int64]
DONE, BALKED, TURNED_AWAY = 1, 2, 3
EXPORT_PURPOSE, SECONDARY_PURPOSE = "export", "secondary"


@dataclass(slots=True)
class Drawn:
    """One class of traffic in order of arrival (minutes): what it needs, before any line."""

    name: str
    arrival: Times
    service: Times
    export_service: Times | None
    referred: NDArray[np.int8]
    """Index of the secondary station, or -1."""
    secondary_service: Times
    """Of those referred, in order."""
    patience: Times | None


@dataclass(slots=True)
class Played:
    """What happened to one class of traffic; times in minutes, NaN where it did not come to that."""

    name: str
    arrival: Times
    at_road: Times
    lane: NDArray[np.int8]
    start: Times
    end: Times
    secondary_start: Times
    """Of those referred, in order; ``secondary_arrival`` likewise."""
    secondary_arrival: Times
    referred: NDArray[np.int8]
    status: NDArray[np.int8]
    """0 still there when all ends, 1 done, 2 would not wait, 3 found no room."""

    @property
    def sent(self) -> Sent:
        """Those referred, every one of them counted where there is no warm-up."""
        sent = self.referred >= 0
        return Sent(self.name, self.referred[sent], self.secondary_arrival, self.arrival[sent], self.secondary_start)


@dataclass(slots=True)
class Sent:
    """Who of a class was sent to secondary: station, when (NaN where never), arrival at the port, start of service."""

    name: str
    to: NDArray[np.int8]
    at: Times
    arrival: Times
    start: Times


def chance(layout: Layout, replication: int, name: str, purpose: str) -> np.random.Generator:
    """The stream of a class for a purpose. Streams are keyed by port, class and purpose, not by lanes or booths."""
    return stream(layout.scenario.seed, replication, layout.scenario.port, name, purpose)


def referrals(layout: Layout, traffic: Traffic) -> tuple[Times, NDArray[np.int8]]:
    """Cumulated shares of referral, and the stations that they lead to, -1 for the rest."""
    stations = {station.name: index for index, station in enumerate(layout.scenario.secondary)}
    edges = np.cumsum([referral.share for referral in traffic.referrals])
    return edges, np.array([*(stations[referral.to] for referral in traffic.referrals), -1], np.int8)


def draw_traffic(layout: Layout, replication: int, names: Collection[str] | None = None) -> list[Drawn]:
    """All classes of one replication, or those of ``names``."""
    scenario, drawn = layout.scenario, []
    for traffic in scenario.traffic:
        if names is not None and traffic.name not in names:
            continue

        def of(purpose: str, name: str = traffic.name) -> np.random.Generator:
            return chance(layout, replication, name, purpose)

        arrival = times_of(traffic.arrivals, scenario.start, scenario.days, scenario.warm_up_days, of("arrivals"))
        count = arrival.size
        exported = [f"neighbour/{one.name}" for one in scenario.neighbour if traffic.name in one.traffic]
        edges, targets = referrals(layout, traffic)
        referred = np.full(count, -1, np.int8)
        needs = np.empty(0)
        if edges.size:
            which = np.searchsorted(edges, of("referral").random(count, dtype=np.float32), side="right")
            referred = targets[which]
            needs = secondary_needs(layout, referred[referred >= 0], of(SECONDARY_PURPOSE))
        patience = None
        if traffic.patience_minutes is not None:
            patience = of("patience").standard_exponential(count) * traffic.patience_minutes
        export = draw(layout.services[exported[0]], count, of(EXPORT_PURPOSE)) if exported else None
        service = draw(layout.services[traffic.name], count, of("service"))
        drawn.append(Drawn(traffic.name, arrival, service, export, referred, needs, patience))
    return drawn


def secondary_needs(layout: Layout, stations: NDArray[np.int8], generator: np.random.Generator) -> Times:
    """How long each of those sent on takes there."""
    if not stations.size:
        return np.empty(0)
    tables = np.array([layout.services[f"secondary/{one.name}"] for one in layout.scenario.secondary])
    cells = generator.integers(0, tables.shape[1], stations.size, dtype=np.uint16)
    return np.asarray(tables[stations, cells])


def play(layout: Layout, replication: int, drawn: list[Drawn] | None = None) -> list[Played]:
    """One replication, by the recursion where that is exact and by the network of events elsewhere."""
    traffic = draw_traffic(layout, replication) if drawn is None else drawn
    return play_lines(layout, traffic) if layout.independent else play_network(layout, traffic)


def _merged(parts: list[Times]) -> tuple[Times, Ints | None]:
    """Parts as one list in order, and the order (None where it is one part that is in order already)."""
    whole = np.concatenate(parts)
    if len(parts) == 1 and (whole[1:] >= whole[:-1]).all():
        return whole, None
    order = np.argsort(whole, kind="stable")
    return whole[order], order


def _line(parts: list[Times], services: list[Times], layout: Layout, key: str) -> list[tuple[Times, Times]]:
    """Starts and ends of each part in the one line ``key``; who never arrives (NaN) is never served."""
    arrivals, order = _merged(parts)
    wanted = np.concatenate(services)
    known = (
        int(arrivals.size - np.isnan(arrivals[-1000:]).sum())
        if arrivals.size and np.isnan(arrivals[-1])
        else arrivals.size
    )
    if known < arrivals.size:
        known = int((~np.isnan(arrivals)).sum())  # NaN sorts last
    ordered = wanted if order is None else wanted[order]
    served = fifo(arrivals[:known], ordered[:known], layout.steps[key])
    starts, ends = np.full(arrivals.size, np.nan), np.full(arrivals.size, np.nan)
    target = slice(0, known) if order is None else order[:known]
    starts[target], ends[target] = served.starts, served.ends
    cuts = np.cumsum([part.size for part in parts])[:-1]
    return list(zip(np.split(starts, cuts), np.split(ends, cuts), strict=True))


def play_lines(layout: Layout, drawn: list[Drawn]) -> list[Played]:
    """Every line by the recursion, one after another along the way."""
    played = play_primary(layout, drawn)
    found = serve_secondary(layout, [one.sent for one in played], [one.secondary_service for one in drawn])
    for one, sent in zip(played, found, strict=True):
        one.secondary_start = sent.start
    return played


def play_primary(layout: Layout, drawn: list[Drawn]) -> list[Played]:
    """Export stations and booths; those classes that share a line must be there together."""
    scenario = layout.scenario
    names = [lane.name for lane in scenario.lanes]
    at_road = {one.name: one.arrival for one in drawn}
    by_name = {one.name: one for one in drawn}
    for station in scenario.neighbour:
        parts = [by_name[name] for name in station.traffic if name in by_name]
        needs = [one.export_service for one in parts if one.export_service is not None]
        if parts:
            found = _line([one.arrival for one in parts], needs, layout, f"neighbour/{station.name}")
            at_road.update({one.name: ends for one, (_starts, ends) in zip(parts, found, strict=True)})
    primary: dict[str, tuple[Times, Times]] = {}
    lane_of = {traffic.name: traffic.lanes[0] for traffic in scenario.traffic}
    for owner in {layout.owner(name) for name in names}:
        parts = [one for one in drawn if layout.owner(lane_of[one.name]) == owner]
        if parts:
            needs = [one.service * layout.factors[lane_of[one.name]] for one in parts]
            found = _line([at_road[one.name] for one in parts], needs, layout, owner)
            primary.update({one.name: times for one, times in zip(parts, found, strict=True)})
    played = []
    for one in drawn:
        start, end = primary[one.name]
        sent = end[one.referred >= 0]
        status = np.where(np.isnan(start), 0, DONE).astype(np.int8)
        lane = np.full(start.size, names.index(lane_of[one.name]), np.int8)
        nothing = np.full(sent.size, np.nan)
        played.append(
            Played(one.name, one.arrival, at_road[one.name], lane, start, end, nothing, sent, one.referred, status)
        )
    return played


def serve_secondary(layout: Layout, sent: list[Sent], needs: list[Times]) -> list[Sent]:
    """Those sent on, with the start of their secondary service."""
    starts = [np.full(one.at.size, np.nan) for one in sent]
    for index, station in enumerate(layout.scenario.secondary):
        masks = [one.to == index for one in sent]
        parts = [one.at[mask] for one, mask in zip(sent, masks, strict=True)]
        services = [need[mask] for need, mask in zip(needs, masks, strict=True)]
        found = _line(parts, services, layout, f"secondary/{station.name}")
        for start, mask, (begun, _ends) in zip(starts, masks, found, strict=True):
            start[mask] = begun
    return [replace(one, start=start) for one, start in zip(sent, starts, strict=True)]


def play_network(layout: Layout, drawn: list[Drawn]) -> list[Played]:
    """All lines together, event by event."""
    from otay.engines.queueing.network import new_vehicles, run_network

    scenario = layout.scenario
    first_lane = len(scenario.neighbour)
    first_secondary = first_lane + len(scenario.lanes)
    sizes = [one.arrival.size for one in drawn]
    arrival = np.concatenate([one.arrival for one in drawn])
    order = np.argsort(arrival, kind="stable")
    kind = np.repeat(np.arange(len(drawn)), sizes)
    referred = np.concatenate([one.referred for one in drawn]).astype(np.int64)
    secondary = np.zeros(arrival.size)
    secondary[referred >= 0] = np.concatenate([one.secondary_service for one in drawn])
    export = [np.zeros(one.arrival.size) if one.export_service is None else one.export_service for one in drawn]
    patience = [np.full(one.arrival.size, np.inf) if one.patience is None else one.patience for one in drawn]
    vehicles = new_vehicles(
        arrival[order],
        kind[order],
        np.concatenate([one.service for one in drawn])[order],
        export_service=np.concatenate(export)[order],
        referred=np.where(referred >= 0, referred + first_secondary, -1)[order],
        secondary_service=secondary[order],
        patience=np.concatenate(patience)[order],
    )
    run_network(network_plan(layout), vehicles)
    back = np.empty_like(order)
    back[order] = np.arange(order.size)
    played = []
    for one, place in zip(drawn, np.split(back, np.cumsum(sizes)[:-1]), strict=True):
        sent = one.referred >= 0
        lane = (vehicles.lane[place] - first_lane).astype(np.int8)
        status = vehicles.status[place].astype(np.int8)
        times = (vehicles.at_road[place], vehicles.start[place], vehicles.end[place])
        starts = vehicles.secondary_start[place][sent]
        played.append(
            Played(
                one.name, one.arrival, times[0], lane, times[1], times[2], starts, times[2][sent], one.referred, status
            )
        )
    return played


def network_plan(layout: Layout) -> Plan:
    """The scenario's stations and lines for the kernel."""
    from otay.engines.queueing.network import Plan

    scenario = layout.scenario
    lanes, exports, docks = scenario.lanes, scenario.neighbour, scenario.secondary
    keys = (
        [f"neighbour/{one.name}" for one in exports]
        + sorted(layout.booths)
        + [f"secondary/{one.name}" for one in docks]
    )
    steps = sorted((at, station, level) for station, key in enumerate(keys) for at, level in layout.steps[key])
    served_by = [f"neighbour/{one.name}" for one in exports] + [layout.owner(lane.name) for lane in lanes]
    served_by += [f"secondary/{one.name}" for one in docks]
    storage = [None] * len(exports) + storages(scenario)
    means = [mean_minutes(one.service) for one in exports] + [_mean_in(layout, lane.name) for lane in lanes]
    means += [mean_minutes(one.service) for one in docks]
    padding_front, padding_back = [1.0] * len(exports), [1.0] * len(docks)
    export_line = {name: index for index, one in enumerate(exports) for name in one.traffic}
    front, back = [False] * len(exports), [False] * len(docks)
    return Plan(
        station_of=np.array([keys.index(key) for key in served_by]),
        rank=np.array([0] * len(exports) + [lane.rank for lane in lanes] + [0] * len(docks)),
        storage=np.array([UNBOUNDED if places is None else places for places in storage]),
        factor=np.array(padding_front + [layout.factors[lane.name] for lane in lanes] + padding_back),
        mean_service=np.array(means),
        stations=len(keys),
        road=UNBOUNDED if scenario.road_storage is None else scenario.road_storage,
        step_times=np.array([at for at, _, _ in steps], float),
        step_stations=np.array([station for _, station, _ in steps]),
        step_levels=np.array([level for _, _, level in steps]),
        export_line=np.array([export_line.get(one.name, -1) for one in scenario.traffic]),
        eligible=np.array([front + [lane.name in one.lanes for lane in lanes] + back for one in scenario.traffic]),
    )


def _mean_in(layout: Layout, lane: str) -> float:
    users = [float(layout.services[one.name].mean()) for one in layout.scenario.traffic if lane in one.lanes]
    return layout.factors[lane] * sum(users) / len(users)
