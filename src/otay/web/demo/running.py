"""The demonstration from start to end: folders, tables, invented data, pairing, servers, life, a clean stop."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.node.commandline import Console, setup
from otay.web.demo import homes, pairing, processes, summary
from otay.web.demo.asking import Clerk
from otay.web.demo.bars import Bars
from otay.web.demo.homes import PlayedClock, Side, State, first_moment

if TYPE_CHECKING:
    from otay.web.demo.playing import Stage

DRAIN_PATIENCE = 120.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. ``speed`` None: as fast as it goes. ``port`` None: as last time, else 8001."""

    base: Path
    days: Decimal | None
    speed: float | None
    headless: bool
    port: int | None
    share: Decimal | None


@dataclass(slots=True)
class Demonstration:
    """One run. Use as a context: whatever happens, no process of it is left."""

    wish: Wish
    console: Console
    bars: Bars
    servers: list[subprocess.Popen[str]] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Demonstration:
        self._stack.enter_context(homes.locked(self.wish.base))
        self._stack.enter_context(_terminated_like_interrupted())
        return self

    def __exit__(self, *_error: object) -> None:
        with _undisturbed():
            self.bars.close()
            processes.stop(self.servers)
            self._stack.close()

    def prepare(self) -> Stage:
        """Both nodes made, filled, paired and serving."""
        known = homes.load_state(self.wish.base)
        port = self.wish.port or (known.port if known else 8001)
        processes.require_free(range(port, port + homes.DOORS))
        sides = homes.sides(self.wish.base, port)
        for side in sides:
            homes.make(side)
        state = self._state(known, port)
        clock = PlayedClock(tuple(side.home for side in sides))
        clock.set(state.played_until, 1.0)
        homes.save_state(self.wish.base, state)
        self._fill(sides)
        self._serve(sides)
        setup(sides[0].home)
        from otay.web.demo.playing import Stage  # reads the volumes from the node's tables: needs it set up

        return Stage(self.wish.base, sides, clock, state)

    def _state(self, known: State | None, port: int) -> State:
        if known:
            if self.wish.share is not None and self.wish.share != known.share:
                raise OtayError(
                    N_("The demo in %(folder)s plays %(share)s of the real volume; another share needs another --home"),
                    folder=self.wish.base, share=known.share,
                )  # fmt: skip
            return replace(known, port=port)
        start = first_moment(live=not self.wish.headless and self.wish.days is None)
        return State(port, self.wish.share or Decimal(1), start, start)

    def _fill(self, sides: tuple[Side, Side]) -> None:
        """Tables, invented data and pairing, both nodes at once."""
        with ExitStack() as stack:
            clerks = [stack.enter_context(Clerk(side)) for side in sides]
            with ThreadPoolExecutor(2) as pool:
                for future in [pool.submit(self._fill_one, clerk) for clerk in clerks]:
                    future.result()
            self.bars.step(self.console.text(N_("The nodes come to know each other")))
            pairing.pair(*clerks)

    def _fill_one(self, clerk: Clerk) -> None:
        text = self.console.text
        name = text(N_("United States") if clerk.side.key == "us" else N_("Mexico"))
        bar = self.bars.bar(text(N_("%(name)s: tables"), name=name), 1)
        clerk.ask("migrate")

        def advance(done: int, total: int, title: str) -> None:
            self.bars.move(bar, done, total, text(N_("%(name)s: %(title)s"), name=name, title=title))

        count = clerk.ask("seed", progress=advance)
        self.bars.move(bar, count, count, text(N_("%(name)s: ready"), name=name))

    def _serve(self, sides: tuple[Side, Side]) -> None:
        self.bars.step(self.console.text(N_("The servers start")))
        for side in sides:
            self.servers.append(processes.serve(side.home))
        for side, server in zip(sides, self.servers, strict=True):
            processes.wait_until_ready(side.url, server, log=processes.server_log(side.home))

    def play_days(self, stage: Stage, days: Decimal) -> dict[str, Any]:
        """Play ``days`` more as fast as it goes, wait until all is receipted, and read the books of both."""
        with ExitStack() as stack:
            clerks = [stack.enter_context(Clerk(side)) for side in stage.sides]
            before = clerks[0].ask("books"), clerks[1].ask("books")
            until = stage.state.played_until + timedelta(days=float(days))
            seconds = self.fast_forward(stage, until)
            after = self._drained(clerks)
            self.bars.step(self.console.text(N_("The audit logs are checked")))
            audits = clerks[0].ask("audit"), clerks[1].ask("audit")
        return summary.summarise(
            before=before, after=after, audits=audits, days=float(days), share=str(stage.state.share), seconds=seconds
        )

    def fast_forward(self, stage: Stage, until: datetime) -> float:
        """Play until ``until`` as fast as it goes; returns the seconds it took."""
        from otay.web.demo.playing import play_fast

        began = stage.state.played_until
        minutes = int((until - began) / timedelta(minutes=1))
        bar = self.bars.bar(self.console.text(N_("Border life")), minutes)

        def progress(now: datetime) -> None:
            self.require_alive()
            self.bars.move(bar, int((now - began) / timedelta(minutes=1)), minutes, f"{now:%Y-%m-%d %H:%M} UTC")

        with contextlib.closing(stage.player(speed=None)) as player:
            return play_fast(stage, player, until, progress=progress)

    def _drained(self, clerks: list[Clerk]) -> tuple[summary.Books, summary.Books]:
        """Both nodes' books once nothing is on its way, or once nothing has moved for too long."""
        self.bars.step(self.console.text(N_("Waiting for the last receipts")))
        last: object = None
        moved = time.monotonic()
        while True:
            found = clerks[0].ask("books"), clerks[1].ask("books")
            if summary.settled(*found) or time.monotonic() - moved > DRAIN_PATIENCE:
                return found
            self.require_alive()
            if found != last:
                last, moved = found, time.monotonic()
            time.sleep(0.5)

    def live(self, stage: Stage, *, speed: float, until: datetime | None) -> None:
        """Play at ``speed`` until ``until``, or until interrupted."""
        from otay.web.demo.playing import play_live

        def told(now: datetime, at: float) -> None:
            self.require_alive()
            self.bars.line(
                self.console.text(
                    N_("%(now)s UTC, %(speed)s times as fast as real time; Ctrl-C stops"),
                    now=f"{now:%Y-%m-%d %H:%M:%S}", speed=f"{at:g}",
                )
            )  # fmt: skip

        with contextlib.closing(stage.player(speed=speed)) as player:
            play_live(stage, player, speed=speed, until=until, told=told)

    def rest(self, stage: Stage) -> None:
        """Keep the nodes serving until interrupted."""
        stage.clock.set(stage.state.played_until, 1.0)
        while True:
            self.require_alive()
            time.sleep(1)

    def require_alive(self) -> None:
        """Notice a server that ended by itself.

        Raises:
            StartFailed: naming its log.
        """
        for key, server in zip(("us", "mx"), self.servers, strict=True):
            if server.poll() is not None:
                log = processes.server_log(self.wish.base / key)
                raise processes.StartFailed(N_("A node's server ended by itself. Its log: %(log)s"), log=log)


@contextmanager
def _terminated_like_interrupted() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does."""

    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """While all is stopped, which takes seconds, Ctrl-C is not heard again: it would leave processes behind."""
    before = [(number, signal.signal(number, signal.SIG_IGN)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
