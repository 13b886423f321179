"""A port as a network of stations, event by event: export station, approach road, lanes before booths, secondary.

Used where lines depend on one another: lane choice, shared booths with priority, finite storage. A vehicle goes

    export line -> export booth -> approach road -> lane -> primary booth -> (secondary line -> dock) -> out

and is held where it is while the next place has no room: a secondary line that is full blocks primary booths, lanes
that are full hold the approach road (the first in it holds all behind), a full road holds the neighbour's export
booths. Without numba the same functions run plain.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

EXPORT, PRIMARY, SECONDARY = 0, 1, 2
UNFINISHED, DONE, BALKED, TURNED_AWAY = 0, 1, 2, 3
NONE = -1


class Plan(NamedTuple):
    """What stands: one row a line (export lines, lanes, secondary lines), one a station, staffing steps by time."""

    station_of: Ints
    """Station that serves each line."""
    rank: Ints
    """Among lines of one station the lowest is served first."""
    storage: Ints
    """Vehicles that may wait in each line."""
    factor: Floats
    """Service times in this line are multiplied by this."""
    mean_service: Floats
    """What drivers reckon with when they choose."""
    stations: int
    road: int
    """Vehicles that fit on the approach road."""
    step_times: Floats
    step_stations: Ints
    step_levels: Ints
    export_line: Ints
    """By class of traffic: its export line, or -1."""
    eligible: NDArray[np.bool_]
    """By class and line: whether it may use this lane."""


class Vehicles(NamedTuple):
    """Who comes, in order of arrival, and what happened to them (the arrays after ``patience`` are filled)."""

    arrival: Floats
    kind: Ints
    export_service: Floats
    service: Floats
    referred: Ints
    """Secondary line, or -1."""
    secondary_service: Floats
    patience: Floats
    status: Ints
    lane: Ints
    at_road: Floats
    """Arrival on this side: the end of the export station, or the arrival."""
    start: Floats
    end: Floats
    """End of primary service; the booth may be held longer."""
    secondary_start: Floats
    out: Floats


class State(NamedTuple):
    """What changes while it runs."""

    open: Ints
    busy: Ints
    first: Ints
    last: Ints
    length: Ints
    held_first: Ints
    held_last: Ints
    """Vehicles held before each line; the last entry is the road."""
    next: Ints
    stage: Ints
    heap_time: Floats
    heap_vehicle: Ints
    counts: Ints
    """0: in the heap; 1: next step; 2: most vehicles seen on the road."""


@kernel
def push_end(state: State, time: float, vehicle: int) -> None:
    """Add the end of a service."""
    at = state.counts[0]
    state.counts[0] += 1
    while at > 0:
        parent = (at - 1) >> 1
        if state.heap_time[parent] <= time:
            break
        state.heap_time[at] = state.heap_time[parent]
        state.heap_vehicle[at] = state.heap_vehicle[parent]
        at = parent
    state.heap_time[at] = time
    state.heap_vehicle[at] = vehicle


@kernel
def pop_end(state: State) -> int:
    """Take the earliest end of a service away; its vehicle."""
    vehicle: int = state.heap_vehicle[0]
    state.counts[0] -= 1
    size = state.counts[0]
    time, moved = state.heap_time[size], state.heap_vehicle[size]
    at, child = 0, 1
    while child < size:
        if child + 1 < size and state.heap_time[child + 1] < state.heap_time[child]:
            child += 1
        if state.heap_time[child] >= time:
            break
        state.heap_time[at] = state.heap_time[child]
        state.heap_vehicle[at] = state.heap_vehicle[child]
        at = child
        child = 2 * at + 1
    state.heap_time[at] = time
    state.heap_vehicle[at] = moved
    return vehicle


@kernel
def append(first: Ints, last: Ints, following: Ints, line: int, vehicle: int) -> None:
    """Put ``vehicle`` at the end of a linked list."""
    following[vehicle] = NONE
    if first[line] == NONE:
        first[line] = vehicle
    else:
        following[last[line]] = vehicle
    last[line] = vehicle


@kernel
def has_room(plan: Plan, state: State, line: int) -> bool:
    """True if a vehicle may enter ``line``: storage is left, or a server is idle and nobody waits."""
    station = plan.station_of[line]
    idle = state.busy[station] < state.open[station] and state.length[line] == 0
    return bool(idle or state.length[line] < plan.storage[line])


@kernel
def expected_wait(plan: Plan, state: State, line: int, now: float) -> float:
    """What a driver reckons: vehicles ahead at the mean service over open servers, from the next opening."""
    station = plan.station_of[line]
    ahead = 0
    for other in range(plan.rank.size):
        if plan.station_of[other] == station and plan.rank[other] <= plan.rank[line]:
            ahead += state.length[other]
    servers = state.open[station]
    if ahead == 0 and state.busy[station] < servers:
        return 0.0
    closed = 0.0
    if servers == 0:
        closed = np.inf
        for step in range(state.counts[1], plan.step_times.size):
            if plan.step_stations[step] == station and plan.step_levels[step] > 0:
                closed = plan.step_times[step] - now
                servers = plan.step_levels[step]
                break
    return closed if servers == 0 else closed + (ahead + 1) * plan.mean_service[line] / servers


@kernel
def choose(plan: Plan, state: State, kind: int, now: float) -> tuple[int, float]:
    """The eligible lane with the least expected wait (the first of equals) and that wait; -1 where there is none."""
    best, least = NONE, np.inf
    for line in range(plan.rank.size):
        if plan.eligible[kind, line]:
            wait = expected_wait(plan, state, line, now)
            if best == NONE or wait < least:
                best, least = line, wait
    return best, least


@kernel
def enter_lane(plan: Plan, state: State, vehicles: Vehicles, vehicle: int, now: float) -> bool:
    """Move ``vehicle`` from the road into the lane of its choice, if that has room."""
    line, _wait = choose(plan, state, vehicles.kind[vehicle], now)
    if line == NONE or not has_room(plan, state, line):
        return False
    vehicles.lane[vehicle] = line
    append(state.first, state.last, state.next, line, vehicle)
    state.length[line] += 1
    state.stage[vehicle] = PRIMARY
    return True


@kernel
def enter_road(plan: Plan, state: State, vehicles: Vehicles, vehicle: int, now: float) -> bool:
    """Move ``vehicle`` to this side: through to a lane where the road is empty, else onto the road if it has room."""
    road = plan.rank.size
    passed = state.first[road] == NONE and enter_lane(plan, state, vehicles, vehicle, now)
    if not passed:
        if state.length[road] >= plan.road:
            return False
        append(state.first, state.last, state.next, road, vehicle)
        state.length[road] += 1
        state.counts[2] = max(state.counts[2], state.length[road])
    vehicles.at_road[vehicle] = now
    return True


@kernel
def serve(plan: Plan, state: State, vehicles: Vehicles, now: float) -> bool:
    """Start every service that can start."""
    changed = False
    for station in range(plan.stations):
        while state.busy[station] < state.open[station]:
            line = NONE
            for other in range(plan.rank.size):
                waits = plan.station_of[other] == station and state.first[other] != NONE
                if waits and (line == NONE or plan.rank[other] < plan.rank[line]):
                    line = other
            if line == NONE:
                break
            vehicle = state.first[line]
            state.first[line] = state.next[vehicle]
            state.length[line] -= 1
            state.busy[station] += 1
            service = vehicles.export_service[vehicle]
            if state.stage[vehicle] == PRIMARY:
                vehicles.start[vehicle] = now
                service = vehicles.service[vehicle] * plan.factor[line]
            elif state.stage[vehicle] == SECONDARY:
                vehicles.secondary_start[vehicle] = now
                service = vehicles.secondary_service[vehicle]
            push_end(state, now + service, vehicle)
            changed = True
    return changed


@kernel
def release_held(plan: Plan, state: State, vehicles: Vehicles, now: float) -> bool:
    """Let vehicles that were held go on where there is room now."""
    changed = False
    road = plan.rank.size
    while state.first[road] != NONE:
        vehicle = state.first[road]
        following = state.next[vehicle]
        if not enter_lane(plan, state, vehicles, vehicle, now):
            break
        state.first[road] = following
        state.length[road] -= 1
        changed = True
    for line in range(road + 1):
        while state.held_first[line] != NONE:
            vehicle = state.held_first[line]
            following = state.next[vehicle]
            station = plan.station_of[vehicles.lane[vehicle]] if line < road else NONE
            if line < road:
                if not has_room(plan, state, line):
                    break
                enter_secondary(state, vehicle, line)
            else:
                station = plan.station_of[plan.export_line[vehicles.kind[vehicle]]]
                if not enter_road(plan, state, vehicles, vehicle, now):
                    break
            state.held_first[line] = following
            state.busy[station] -= 1
            changed = True
    return changed


@kernel
def enter_secondary(state: State, vehicle: int, line: int) -> None:
    """Put ``vehicle`` into a secondary line."""
    append(state.first, state.last, state.next, line, vehicle)
    state.length[line] += 1
    state.stage[vehicle] = SECONDARY


@kernel
def finish(plan: Plan, state: State, vehicles: Vehicles, vehicle: int, now: float) -> None:
    """A service ends: on to the next place, or held in the booth until that has room."""
    stage = state.stage[vehicle]
    if stage == EXPORT:
        station = plan.station_of[plan.export_line[vehicles.kind[vehicle]]]
        road = plan.rank.size
        if state.held_first[road] != NONE or not enter_road(plan, state, vehicles, vehicle, now):
            append(state.held_first, state.held_last, state.next, road, vehicle)
            return
    elif stage == PRIMARY:
        station = plan.station_of[vehicles.lane[vehicle]]
        vehicles.end[vehicle] = now
        line = vehicles.referred[vehicle]
        if line == NONE:
            vehicles.status[vehicle], vehicles.out[vehicle] = DONE, now
        elif state.held_first[line] != NONE or not has_room(plan, state, line):
            append(state.held_first, state.held_last, state.next, line, vehicle)
            return
        else:
            enter_secondary(state, vehicle, line)
    else:
        station = plan.station_of[vehicles.referred[vehicle]]
        vehicles.status[vehicle], vehicles.out[vehicle] = DONE, now
    state.busy[station] -= 1


@kernel
def arrive(plan: Plan, state: State, vehicles: Vehicles, vehicle: int, now: float) -> None:
    """A vehicle comes: it leaves if it reckons to wait longer than it is willing to, or finds no room."""
    kind = vehicles.kind[vehicle]
    line = plan.export_line[kind]
    if line != NONE:
        if expected_wait(plan, state, line, now) > vehicles.patience[vehicle]:
            vehicles.status[vehicle] = BALKED
        elif not has_room(plan, state, line):
            vehicles.status[vehicle] = TURNED_AWAY
        else:
            append(state.first, state.last, state.next, line, vehicle)
            state.length[line] += 1
            state.stage[vehicle] = EXPORT
        return
    _lane, wait = choose(plan, state, kind, now)
    if wait > vehicles.patience[vehicle]:
        vehicles.status[vehicle] = BALKED
    elif state.held_first[plan.rank.size] != NONE or not enter_road(plan, state, vehicles, vehicle, now):
        vehicles.status[vehicle] = TURNED_AWAY


@kernel
def network_kernel(plan: Plan, state: State, vehicles: Vehicles) -> int:
    """Run until nothing is left to happen; the most vehicles that stood on the approach road.

    At one moment staffing changes before services end, and those before arrivals.
    """
    total, index = vehicles.arrival.size, 0
    while True:
        step = state.counts[1]
        step_at = plan.step_times[step] if step < plan.step_times.size else np.inf
        end_at = state.heap_time[0] if state.counts[0] > 0 else np.inf
        arrive_at = vehicles.arrival[index] if index < total else np.inf
        now = min(step_at, end_at, arrive_at)
        if now == np.inf:
            break
        if step_at == now:
            state.open[plan.step_stations[step]] = plan.step_levels[step]
            state.counts[1] += 1
        elif end_at == now:
            finish(plan, state, vehicles, pop_end(state), now)
        else:
            arrive(plan, state, vehicles, index, now)
            index += 1
        while serve(plan, state, vehicles, now) or release_held(plan, state, vehicles, now):
            pass
    most: int = state.counts[2]
    return most


def new_vehicles(
    arrival: Floats,
    kind: Ints,
    service: Floats,
    *,
    export_service: Floats | None = None,
    referred: Ints | None = None,
    secondary_service: Floats | None = None,
    patience: Floats | None = None,
) -> Vehicles:
    """Vehicles in order of arrival, before anything has happened to them."""
    count = arrival.size
    nothing = np.full((5, count), np.nan)
    return Vehicles(
        arrival,
        kind,
        np.zeros(count) if export_service is None else export_service,
        service,
        np.full(count, NONE, np.int64) if referred is None else referred,
        np.zeros(count) if secondary_service is None else secondary_service,
        np.full(count, np.inf) if patience is None else patience,
        np.zeros(count, np.int64),
        np.full(count, NONE, np.int64),
        *nothing,
    )


def run_network(plan: Plan, vehicles: Vehicles) -> int:
    """Play ``vehicles`` through ``plan``, filling their arrays; the most that stood on the approach road."""
    lines, count = plan.rank.size, vehicles.arrival.size
    most = int(plan.step_levels.max(initial=0)) * plan.stations + 1

    def nobody() -> Ints:
        return np.full(lines + 1, NONE, np.int64)

    state = State(
        np.zeros(plan.stations, np.int64),
        np.zeros(plan.stations, np.int64),
        nobody(),
        nobody(),
        np.zeros(lines + 1, np.int64),
        nobody(),
        nobody(),
        np.full(count, NONE, np.int64),
        np.zeros(count, np.int64),
        np.empty(most),
        np.empty(most, np.int64),
        np.zeros(3, np.int64),
    )
    return int(network_kernel(plan, state, vehicles))
