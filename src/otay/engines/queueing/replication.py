"""One replication of a scenario counted: classes with a lane to themselves pass without a trace, others are played."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import COMPILED
from otay.engines.queueing.arrivals import expected
from otay.engines.queueing.layout import Layout
from otay.engines.queueing.measures import Counted, Numbers, Series, count, figures, frame_of
from otay.engines.queueing.playing import (
    SECONDARY_PURPOSE,
    Sent,
    chance,
    draw_traffic,
    play,
    play_primary,
    referrals,
    secondary_needs,
    serve_secondary,
)
from otay.engines.queueing.scenario import Profile, Traffic
from otay.engines.queueing.tallying import new_tally

Floats = NDArray[np.float64]


def passes(layout: Layout, traffic: Traffic) -> bool:
    """True for a class with a Poisson profile and a first-come-first-served lane that nobody else uses."""
    owner = layout.owner(traffic.lanes[0])
    others = [one for one in layout.scenario.traffic if any(layout.owner(name) == owner for name in one.lanes)]
    behind = any(traffic.name in station.traffic for station in layout.scenario.neighbour)
    if not isinstance(traffic.arrivals, Profile) or len(others) > 1 or behind:
        return False
    return bool(expected(traffic.arrivals, layout.scenario)[-1] > 0)


def counted(layout: Layout, replication: int, *, compiled: bool = COMPILED) -> tuple[list[Counted], list[Sent]]:
    """Every class of one replication, in the order of the scenario, and who of each was sent to secondary."""
    if not (compiled and layout.independent):
        played = play(layout, replication)
        return [count(layout, one, compiled=compiled) for one in played], [one.sent for one in played]
    alone = [one for one in layout.scenario.traffic if passes(layout, one)]
    classes: dict[str, Counted] = {}
    sent: dict[str, Sent] = {}
    needs: dict[str, Floats] = {}
    for one in alone:
        found = _pass(layout, one, replication)
        classes[one.name], sent[one.name] = found
        needs[one.name] = secondary_needs(layout, found[1].to, chance(layout, replication, one.name, SECONDARY_PURPOSE))
    rest = [one.name for one in layout.scenario.traffic if one.name not in classes]
    drawn = draw_traffic(layout, replication, rest)
    for vehicles, one_played in zip(drawn, play_primary(layout, drawn), strict=True):
        name = vehicles.name
        classes[name], sent[name], needs[name] = count(layout, one_played), one_played.sent, vehicles.secondary_service
    order = [one.name for one in layout.scenario.traffic]
    served = serve_secondary(layout, [sent[name] for name in order], [needs[name] for name in order])
    return [classes[name] for name in order], served


def run(layout: Layout, replication: int, *, compiled: bool = COMPILED) -> tuple[dict[str, Numbers], Series]:
    """Figures of one replication, see :func:`otay.engines.queueing.measures.figures`."""
    return figures(layout, *counted(layout, replication, compiled=compiled))


def _pass(layout: Layout, traffic: Traffic, replication: int) -> tuple[Counted, Sent]:
    from otay.engines.queueing.drawing import state_of
    from otay.engines.queueing.passing import framed, pass_kernel

    scenario, lane = layout.scenario, traffic.lanes[0]
    if not isinstance(traffic.arrivals, Profile):
        raise TypeError("only classes with a profile pass")
    passed = expected(traffic.arrivals, scenario)
    edges, targets = referrals(layout, traffic)
    share = float(edges[-1]) if edges.size else 0.0
    most = int(share * passed[-1] + 8 * np.sqrt(share * passed[-1]) + 64) if edges.size else 0
    steps = layout.steps[layout.owner(lane)]
    gaps, cells, shares = (
        state_of(chance(layout, replication, traffic.name, name)) for name in ("arrivals", "service", "referral")
    )
    index = [one.name for one in scenario.lanes].index(lane)
    while True:
        tally = new_tally(2, layout.horizon)
        at, to, arrival = np.empty(most), np.empty(most, np.int64), np.empty(most)
        sent = pass_kernel(
            framed(frame_of(layout)),
            tally[1],
            gaps.copy(),
            cells.copy(),
            shares.copy(),
            passed,
            60.0 * -24 * scenario.warm_up_days,
            layout.services[traffic.name] * layout.factors[lane],
            edges,
            np.array([at for at, _ in steps], float),
            np.array([level for _, level in steps], np.int64),
            at,
            to,
            arrival,
        )
        if sent >= 0:
            break
        most *= 2
    nothing = np.full(sent, np.nan)
    return Counted(traffic.name, [index], tally), Sent(
        traffic.name, targets[to[:sent]], at[:sent], arrival[:sent], nothing
    )
