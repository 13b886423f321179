"""Queues at a port of entry. In a notebook::

    from otay.engines import queueing

    waits = queueing.fifo(arrivals, services, [(0.0, 3), (480.0, 6)]).waits
    result = queueing.simulate(queueing.read_scenario(open("port.json").read()))

Times are minutes unless a name says otherwise. Kernels are compiled where numba is installed (the extra ``fast``).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from otay.engines.queueing import closed_forms
from otay.engines.queueing.approximations import fluid, psa, sipp
from otay.engines.queueing.lines import Served, fifo, priority
from otay.engines.queueing.reading import make_scenario, read_scenario
from otay.engines.queueing.scenario import Scenario, ServiceTime
from otay.engines.queueing.services import quantiles
from otay.engines.queueing.simulation import Interval, Result, interval, simulate
from otay.engines.queueing.streams import stream

if TYPE_CHECKING:
    from otay.engines.queueing.steady import steady
    from otay.engines.queueing.streaming import lane_hours

__all__ = [
    "Interval",
    "Result",
    "Scenario",
    "Served",
    "ServiceTime",
    "closed_forms",
    "fifo",
    "fluid",
    "interval",
    "lane_hours",
    "make_scenario",
    "priority",
    "psa",
    "quantiles",
    "read_scenario",
    "simulate",
    "sipp",
    "steady",
    "stream",
]

COMPILED_PARTS = {"lane_hours": "streaming", "steady": "steady"}


def __getattr__(name: str) -> Any:
    """What is compiled is loaded when asked for, so that a web process can read scenarios without numba."""
    if name in COMPILED_PARTS:
        return getattr(import_module(f"otay.engines.queueing.{COMPILED_PARTS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
