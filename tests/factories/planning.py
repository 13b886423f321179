"""Small scenarios, and plans of ports made from them."""

from __future__ import annotations

from typing import Any

from otay.infrastructure.planning import queries, services
from otay.infrastructure.planning.domain import Origin
from otay.infrastructure.planning.models import PlanVersion, SimulationRun
from otay.node import jobs, roles
from otay.node.actors import Actor, Kind

PORT = "2506"


def body(**changes: Any) -> dict[str, Any]:
    """A scenario of one day with cars in two lane groups and trucks behind an export station."""
    hours = [{"days": "mon-sun", "opens": "00:00", "closes": "24:00"}]

    def profile(count: float) -> dict[str, Any]:
        return {"kind": "profile", "monthly": {"2023-07": count}, "weekday": [1.0] * 7, "hour": [1.0] * 24}

    def timed(mean: float) -> dict[str, Any]:
        return {**service, "mean_seconds": mean, "low": 0.85 * mean, "high": 1.15 * mean}

    service = {"kind": "lognormal", "mean_seconds": 50.0, "cv": 0.5, "low": 45.0, "high": 55.0, "source": "Test"}
    return {
        "format": "otay-scenario/1",
        "name": "Small",
        "port": PORT,
        "start": "2023-07-03",
        "days": 1,
        "warm_up_days": 0,
        "replications": 4,
        "traffic": [
            {"name": "general", "lanes": ["general"], "arrivals": profile(60_000.0), "service": service},
            {
                "name": "ready",
                "lanes": ["ready"],
                "arrivals": profile(30_000.0),
                "service": {**service, "mean_seconds": 45.0},
            },
            {
                "name": "cargo",
                "lanes": ["cargo"],
                "arrivals": profile(20_000.0),
                "service": {**service, "mean_seconds": 50.0},
                "referrals": [{"to": "cargo scan", "share": 0.1, "source": "Assumption"}],
            },
        ],
        "lanes": [
            {"name": "general", "booths": 2, "hours": hours},
            {"name": "ready", "booths": 1, "hours": hours},
            {"name": "cargo", "booths": 1, "hours": hours},
        ],
        "secondary": [{"name": "cargo scan", "docks": 1, "service": timed(300.0)}],
        "neighbour": [{"name": "export", "traffic": ["cargo"], "booths": 1, "hours": hours, "service": timed(30.0)}],
        "data": ["Counts of the test"],
        "assumptions": ["Everything else"],
        **changes,
    }


def actor(role: roles.Role, *, ports: tuple[str, ...] = ("*",), key: str = "") -> Actor:
    """An actor that holds ``role`` at ``ports``."""
    grants = dict.fromkeys(roles.permissions_of(role.key), frozenset(ports))
    return Actor(Kind.CLIENT, key or f"client:{role.key}", f"Test {role.key}", grants)


def plan(by: Actor | None = None, *, port: str = PORT, title: str = "Plan", **changes: Any) -> PlanVersion:
    """The first version of a new scenario."""
    by = by or actor(roles.PLANNER)
    return services.create_scenario(actor=by, port=port, title=title, body=body(**changes), origin=Origin.UPLOADED)


def played(version: PlanVersion, by: Actor, replications: int = 4) -> SimulationRun:
    """A run to its end, in this process; ``by`` must be somebody with a row, for a job asks who started it."""
    row = services.start_run(actor=by, version=version, replications=replications)
    assert row.job is not None
    jobs.execute(row.job.pk)
    return queries.run(by, row.pk)
