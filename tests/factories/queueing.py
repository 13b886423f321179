"""Plain SimPy models of what the queueing kernels compute, and small networks."""

from __future__ import annotations

from typing import Any

import numpy as np
import simpy

from otay.engines.queueing.network import NONE, Plan, new_vehicles

CLOSED = -1
"""Rank of the stand-ins that keep a booth closed: before every customer."""


def staffed(env: simpy.Environment, steps: list[tuple[float, int]]) -> simpy.PriorityResource:
    """A resource whose free capacity follows ``steps``: closed booths are held by stand-ins."""
    most = max(level for _, level in steps)
    resource = simpy.PriorityResource(env, most)

    def schedule() -> Any:
        held: list[Any] = []
        for at, level in [(0.0, 0), *steps]:
            yield env.timeout(at - env.now)
            while len(held) < most - level:
                held.append(resource.request(priority=CLOSED))
            while len(held) > most - level:
                stand_in = held.pop()
                if stand_in.triggered:
                    resource.release(stand_in)
                else:
                    stand_in.cancel()

    env.process(schedule())
    return resource


def simpy_line(arrivals: Any, services: Any, steps: list[tuple[float, int]], ranks: Any = None) -> np.ndarray:
    """Start of each service in one line, by rank where given."""
    env = simpy.Environment()
    booths = staffed(env, steps)
    starts = np.full(len(arrivals), np.nan)

    def customer(index: int) -> Any:
        yield env.timeout(arrivals[index])
        with booths.request(priority=0 if ranks is None else int(ranks[index])) as turn:
            yield turn
            starts[index] = env.now
            yield env.timeout(services[index])

    for index in range(len(arrivals)):
        env.process(customer(index))
    env.run()
    return starts


def simpy_chain(
    arrivals: Any,
    services: tuple[Any, Any, Any],
    referred: Any,
    staffing: tuple[Any, Any, Any],
    room: tuple[int, int, int],
) -> dict[str, np.ndarray]:
    """Export booth, road, lane, booth, secondary; ``room``: places on the road, in the lane, in the secondary line."""
    env = simpy.Environment()
    export, booths, docks = (staffed(env, steps) for steps in staffing)
    road, lane, line = (simpy.Resource(env, places) for places in room)
    seen = {name: np.full(len(arrivals), np.nan) for name in ("at_road", "start", "end", "secondary_start", "out")}

    def vehicle(index: int) -> Any:
        yield env.timeout(arrivals[index])
        officer = export.request(priority=0)
        yield officer
        yield env.timeout(services[0][index])
        on_road = road.request()
        yield on_road
        export.release(officer)
        seen["at_road"][index] = env.now
        in_lane = lane.request()
        yield in_lane
        road.release(on_road)
        booth = booths.request(priority=0)
        yield booth
        lane.release(in_lane)
        seen["start"][index] = env.now
        yield env.timeout(services[1][index])
        seen["end"][index] = env.now
        if referred[index] != NONE:
            place = line.request()
            yield place
            booths.release(booth)
            dock = docks.request(priority=0)
            yield dock
            line.release(place)
            seen["secondary_start"][index] = env.now
            yield env.timeout(services[2][index])
            docks.release(dock)
        else:
            booths.release(booth)
        seen["out"][index] = env.now

    for index in range(len(arrivals)):
        env.process(vehicle(index))
    env.run()
    return seen


def chain_plan(staffing: tuple[Any, Any, Any], room: tuple[int, int, int]) -> Plan:
    """The same chain as a plan of the kernel: lines 0 export, 1 lane, 2 secondary."""
    steps = sorted((at, station, level) for station, one in enumerate(staffing) for at, level in one)
    return Plan(
        station_of=np.array([0, 1, 2]),
        rank=np.zeros(3, np.int64),
        storage=np.array([10**9, room[1], room[2]]),
        factor=np.ones(3),
        mean_service=np.ones(3),
        stations=3,
        road=room[0],
        step_times=np.array([at for at, _, _ in steps], float),
        step_stations=np.array([station for _, station, _ in steps]),
        step_levels=np.array([level for _, _, level in steps]),
        export_line=np.array([0]),
        eligible=np.array([[False, True, False]]),
    )


def choice_plan(booths: list[int], eligible: list[list[bool]], **changes: Any) -> Plan:
    """Lanes side by side, each with its own booths, and classes with the lanes that they may use."""
    count = len(booths)
    plan = Plan(
        station_of=np.arange(count),
        rank=np.zeros(count, np.int64),
        storage=np.full(count, 10**9),
        factor=np.ones(count),
        mean_service=np.ones(count),
        stations=count,
        road=10**9,
        step_times=np.zeros(count),
        step_stations=np.arange(count),
        step_levels=np.array(booths),
        export_line=np.full(len(eligible), NONE),
        eligible=np.array(eligible),
    )
    return plan._replace(**changes)


def vehicles_of(arrivals: Any, services: Any, kinds: Any = None, **more: Any) -> Any:
    """Vehicles of class 0 unless said."""
    arrived = np.array(arrivals, float)
    kind = np.zeros(arrived.size, np.int64) if kinds is None else np.array(kinds, np.int64)
    return new_vehicles(arrived, kind, np.array(services, float), **more)
