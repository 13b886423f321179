"""Border life against the clock: as fast as it goes for so many days, or at a given speed until somebody stops it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from otay.node import demo_people
from otay.web.demo.homes import PlayedClock, Side, State, save_state
from otay.web.demo.player import Player
from otay.web.demo.side import Side as Door
from otay.web.demo.volumes import HourlyVolumes

SLICE = timedelta(minutes=30)
TICK_SECONDS = 1.0
OVERLAP = timedelta(hours=2)
"""How far before the point where life was stopped it is taken up again: trucks that were at the port then are known
anew by declaring them once more, which changes nothing at the door."""
REAL_PATIENCE = timedelta(minutes=10)
LONGEST_LAG = timedelta(minutes=20)


@dataclass(slots=True)
class Stage:
    """All that life is played with; ``state`` moves on as it is played."""

    base: Path
    sides: tuple[Side, Side]
    clock: PlayedClock
    state: State

    def player(self, *, speed: float | None) -> Player:
        """A player that goes on where the last one stopped; ``speed`` None: as fast as it goes."""
        patience = REAL_PATIENCE * speed if speed else timedelta(0)
        fresh = self.state.played_until == self.state.started
        us, mx = (_door(side) for side in self.sides)
        return Player(
            us=us, mx=mx, volumes=HourlyVolumes(self.state.share),
            start=self.state.played_until if fresh else max(self.state.started, self.state.played_until - OVERLAP),
            patience=min(patience, timedelta(hours=3)),
        )  # fmt: skip

    def moved(self, until: datetime) -> None:
        """Life is played until ``until``: remember it."""
        self.state = replace(self.state, played_until=until)
        save_state(self.base, self.state)


def _door(side: Side) -> Door:
    token = demo_people.token_of
    return Door(side.url, broker=token(side.home, "demo-broker"), officer=token(side.home, "demo-life"))


def play_fast(stage: Stage, player: Player, until: datetime, *, progress: Callable[[datetime], None]) -> float:
    """Play until ``until`` as fast as it goes; returns the seconds it took."""
    began = time.monotonic()
    while stage.state.played_until < until:
        end = min(stage.state.played_until + SLICE, until)
        stage.clock.set(end, 1.0)
        player.play(end)
        stage.moved(end)
        progress(end)
    return time.monotonic() - began


def play_live(
    stage: Stage, player: Player, *, speed: float, until: datetime | None, told: Callable[[datetime, float], None]
) -> None:
    """Play at ``speed`` until ``until``, or for ever. A machine that cannot keep up gets a slower
    clock, and ``told`` hears of it."""
    anchor_played, anchor_real = stage.state.played_until, time.monotonic()
    stage.clock.set(anchor_played, speed)
    while until is None or stage.state.played_until < until:
        now = anchor_played + timedelta(seconds=(time.monotonic() - anchor_real) * stage.clock.speed)
        end = min(now, until) if until else now
        if end - stage.state.played_until > max(LONGEST_LAG, timedelta(seconds=15 * stage.clock.speed)):
            anchor_played, anchor_real = stage.state.played_until, time.monotonic()
            stage.clock.set(anchor_played, max(1.0, stage.clock.speed / 2))
            told(anchor_played, stage.clock.speed)
            continue
        player.play(end)
        stage.moved(end)
        told(end, stage.clock.speed)
        time.sleep(TICK_SECONDS)
