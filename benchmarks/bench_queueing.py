"""How fast queues are: lines and priorities beside Ciw and SimPy, a year of the whole border, a week of shifts.

    python benchmarks/bench_queueing.py [--quick] [--json]

Processor time of one process, so that other work on the machine counts less; ratios are of one run. Kernels are
compiled before they are timed. A line is timed with its random numbers, and every customer's wait is kept.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections.abc import Callable
from typing import Any

import ciw
import numpy as np
import simpy

from otay.engines.queueing import closed_forms
from otay.engines.queueing.lines import priority
from otay.engines.queueing.scenario import ServiceTime
from otay.engines.queueing.services import quantiles
from otay.engines.queueing.shifts import cover
from otay.engines.queueing.simulation import interval
from otay.engines.queueing.steady import steady
from otay.engines.queueing.streaming import lane_hours
from otay.engines.queueing.streams import stream

RATE, SERVERS = 2.7, 3
BUFFER = np.empty(4096)
STEPS = [(120.0 * step, level) for step, level in enumerate([3, 5, 4, 6, 2, 4] * 12)]


def seconds(work: Callable[[], Any]) -> tuple[float, Any]:
    """Processor time and answer."""
    started = time.process_time()
    answer = work()
    return time.process_time() - started, answer


def best(work: Callable[[], Any], times: int = 10) -> tuple[float, Any]:
    return min((seconds(work) for _ in range(times)), key=lambda one: one[0])


def otay_line(count: int, seed: int = 1) -> np.ndarray:
    return steady(count, RATE, 1.0, SERVERS, stream(seed, "bench", "line"))


def numbers_alone(count: int) -> None:
    """The random numbers of a line, without the line."""
    chance = stream(1, "bench", "line")
    for _ in range(2 * count // 4096):
        chance.standard_exponential(4096, out=BUFFER)


def ciw_line(count: int) -> float:
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(RATE)],
        service_distributions=[ciw.dists.Exponential(1.0)],
        number_of_servers=[SERVERS],
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(count)
    return float(np.mean([record.waiting_time for record in simulation.get_all_records()]))


def simpy_line(count: int) -> float:
    env = simpy.Environment()
    servers = simpy.Resource(env, SERVERS)
    chance = random.Random(1)
    waits = []

    def customer() -> Any:
        came = env.now
        with servers.request() as turn:
            yield turn
            waits.append(env.now - came)
            yield env.timeout(chance.expovariate(1.0))

    def source() -> Any:
        for _ in range(count):
            yield env.timeout(chance.expovariate(RATE))
            env.process(customer())

    env.process(source())
    env.run()
    return float(np.mean(waits))


def otay_priority(count: int) -> np.ndarray:
    chance = stream(1, "bench", "priority")
    arrivals = np.cumsum(chance.standard_exponential(count) / 3.4)
    services = np.exp(chance.standard_normal(count) * 0.47238 - 0.11157)
    return priority(arrivals, chance.integers(0, 5, count) > 0, services, STEPS).waits


def ciw_priority(count: int) -> float:
    numbers, ends = [level for _, level in STEPS], [at + 120.0 for at, _ in STEPS]
    lognormal = ciw.dists.Lognormal(-0.11157, 0.47238)
    network = ciw.create_network(
        arrival_distributions={"trusted": [ciw.dists.Exponential(0.68)], "general": [ciw.dists.Exponential(2.72)]},
        service_distributions={"trusted": [lognormal], "general": [lognormal]},
        number_of_servers=[ciw.Schedule(numbers_of_servers=numbers, shift_end_dates=ends, preemption=False)],
        priority_classes={"trusted": 0, "general": 1},
    )
    ciw.seed(1)
    simulation = ciw.Simulation(network)
    simulation.simulate_until_max_customers(count)
    return float(np.mean([record.waiting_time for record in simulation.get_all_records()]))


def lines(count: int, slow: int) -> dict[str, Any]:
    otay_line(1000)
    ours, waits = best(lambda: otay_line(count), 40)
    drawn, _ = best(lambda: numbers_alone(count), 40)
    theirs, ciw_wait = seconds(lambda: ciw_line(slow))
    plain, simpy_wait = seconds(lambda: simpy_line(slow))
    means = interval([float(otay_line(count, seed)[count // 20 :].mean()) for seed in range(2, 22)])
    rates = {"otay": count / ours, "ciw": slow / theirs, "simpy": slow / plain}
    return {
        "customers": {"otay": count, "ciw and simpy": slow},
        "per_second": rates,
        "times_ciw": rates["otay"] / rates["ciw"],
        "times_simpy": rates["otay"] / rates["simpy"],
        "nanoseconds": {"a customer": ours / count * 1e9, "numpy's numbers alone": drawn / count * 1e9},
        "mean_wait": {"otay, one run": float(waits.mean()), "ciw": ciw_wait, "simpy": simpy_wait},
        "otay_20_runs": [means.low, means.high],
        "exact": closed_forms.mean_wait(SERVERS, RATE, 1.0),
    }


def priorities(count: int, slow: int) -> dict[str, Any]:
    otay_priority(1000)
    ours, waits = best(lambda: otay_priority(count))
    theirs, ciw_wait = seconds(lambda: ciw_priority(slow))
    return {
        "customers": {"otay": count, "ciw": slow},
        "per_second": {"otay": count / ours, "ciw": slow / theirs},
        "times_ciw": count / ours / (slow / theirs),
        "mean_wait": {"otay": float(np.nanmean(waits)), "ciw": ciw_wait},
    }


# Lane groups: share of the border's yearly total of its mode, mean service in seconds, referral.
GROUPS = [
    (33.8e6, 55, 0.02),
    (24.2e6, 40, 0.02),
    (17.0e6, 20, 0.02),
    (40.0e6, 20, 0.02),
    (3.2e6, 60, 0.15),
    (1.6e6, 27, 0.05),
    (2.1e6, 40, 0.05),
    (0.1e6, 240, 0.02),
]


def border_year(hours: int) -> dict[str, Any]:
    """48 crossings of unequal size, 8 lane groups each; staffing by the hour at about 90 % of the load."""
    sizes = 1 / np.arange(1, 49)
    sizes /= sizes.sum()
    day = np.array([1, 1, 1, 1, 2, 5, 6, 6, 6, 5, 4, 4, 4, 4, 5, 5, 6, 6, 5, 4, 4, 3, 2, 2], float)
    shape = np.tile(day / day.mean(), hours // 24 + 1)[:hours]
    secondary = quantiles(ServiceTime(mean_seconds=600.0), 4096)
    tables = [quantiles(ServiceTime(mean_seconds=float(mean)), 4096) for _, mean, _ in GROUPS]

    def run() -> dict[str, float]:
        total, referred, waited = 0.0, 0, 0.0
        for crossing, size in enumerate(sizes):
            for group, (yearly, mean, referral) in enumerate(GROUPS):
                rates = yearly * size / 8760 * shape
                booths = np.maximum(1, np.ceil(rates * mean / 3600 / 0.9)).astype(np.int64)
                docks = int(np.ceil(rates.max() * referral * 600 / 3600 + 2))
                chance = stream(1, crossing, group, "lane")
                lane = lane_hours(
                    rates, booths, tables[group], chance, referral=referral, docks=docks, secondary=secondary
                )
                total += lane.arrivals.sum()
                referred += lane.referred
                waited += lane.waited.sum()
        return {"vehicles": total, "referred": referred, "mean_wait": waited / total}

    def random_numbers(count: int) -> None:
        chance = stream(1, "bench", "numbers")
        for _ in range(count // 65536 + 1):
            chance.standard_exponential(65536)
            chance.integers(0, 1 << 32, 65536, dtype=np.uint32)

    lane_hours(np.full(24, 50.0), np.full(24, 2), tables[0], stream(1, "warm"), referral=0.1, secondary=secondary)
    taken, found = seconds(run)
    drawn, _ = seconds(lambda: random_numbers(int(found["vehicles"])))
    return found | {
        "seconds": taken,
        "per_second": found["vehicles"] / taken,
        "share_random_numbers": drawn / taken,
        "hours": hours,
    }


def shifts(limit: float) -> dict[str, Any]:
    """San Ysidro's size: one week by the quarter-hour."""
    hour = np.arange(168) % 24
    day = np.array([8, 6, 5, 7, 14, 32, 38, 39, 36, 28, 26, 26, 27, 28, 30, 33, 37, 38, 34, 28, 25, 21, 16, 11])
    need = np.repeat(np.round(day[hour] * (1 + 0.08 * np.sin(np.arange(168) / 24))).astype(np.int64), 4)
    began = time.perf_counter()
    found = cover(need, seconds=limit)
    return {
        "officer_hours": found.officer_hours,
        "bound": found.bound,
        "gap": found.gap,
        "seconds": time.perf_counter() - began,
    }


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    quick = options.quick
    parts: list[tuple[str, Callable[[], dict[str, Any]]]] = [
        ("M/M/3, rho 0.9", lambda: lines(200_000, 10_000 if quick else 200_000)),
        ("two ranks, staffing steps", lambda: priorities(28_000, 5_000 if quick else 28_000)),
        ("the border, one thread", lambda: border_year(876 if quick else 8760)),
        ("shifts of one week", lambda: shifts(30.0)),
    ]
    found: dict[str, dict[str, Any]] = {}
    for name, work in parts:
        found[name] = work()
        if not options.json:
            print(name)
            for key, value in found[name].items():
                print(f"  {key:<22} {_shown(value)}")
    if options.json:
        print(json.dumps(found))
    return 0


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items())
    if isinstance(value, list):
        return " to ".join(_shown(one) for one in value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.4g}"


if __name__ == "__main__":
    sys.exit(main())
