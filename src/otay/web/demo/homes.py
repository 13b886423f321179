"""The two nodes' folders, and what the demo remembers from one run to the next."""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from otay.core.errors import Conflict
from otay.core.i18n import N_
from otay.node import clock, config

STATE = "state.json"
LOCK = "lock"


@dataclass(frozen=True, slots=True)
class Side:
    """One of the demo's nodes: its folder and its address."""

    key: str
    country: str
    name: str
    language: str
    time_zone: str
    home: Path
    url: str
    exchange_url: str
    """Its door for the neighbour, with mutual TLS."""


def sides(base: Path, port: int) -> tuple[Side, Side]:
    """The United States at ``port`` and Mexico at the next; their doors for each other at the two after."""
    http, https = "http://127.0.0.1", "https://127.0.0.1"
    us = f"{http}:{port}", f"{https}:{port + 2}"
    mx = f"{http}:{port + 1}", f"{https}:{port + 3}"
    return (
        Side("us", "US", "United States", "en", "America/Los_Angeles", base / "us", *us),
        Side("mx", "MX", "México", "es-mx", "America/Tijuana", base / "mx", *mx),
    )


DOORS = 4
"""How many ports the two nodes listen at."""


def make(side: Side) -> bool:
    """The node's folder, if it is not there yet; another port than before is written into its settings. True if new."""
    path = side.home / config.FILE
    if not path.exists():
        config.create(
            side.home,
            country=side.country,
            name=side.name,
            language=side.language,
            url=side.url,
            time_zone=side.time_zone,
            demo=True,
            exchange_url=side.exchange_url,
            currency="MXN" if side.country == "MX" else "USD",
        )
        return True
    known = config.load(side.home)
    if (known.url, known.exchange_url) != (side.url, side.exchange_url):
        text = re.sub(r"(?m)^(exchange_)?url\s*=.*\n", "", path.read_text(encoding="utf-8"))
        text += f'url = "{side.url}"\nexchange_url = "{side.exchange_url}"\n'
        partial = path.with_suffix(".partial")
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    return False


@dataclass(frozen=True, slots=True)
class State:
    """Where border life stands: ``started`` and ``played_until`` on the played clock, and what it is played with."""

    port: int
    share: Decimal
    started: datetime
    played_until: datetime

    @property
    def days(self) -> Decimal:
        """Days played so far."""
        return Decimal((self.played_until - self.started) // timedelta(minutes=1)) / (24 * 60)


def load_state(base: Path) -> State | None:
    """What the last run left; None before the first."""
    try:
        found = json.loads((base / STATE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return State(
        port=found["port"],
        share=Decimal(found["share"]),
        started=datetime.fromisoformat(found["started"]),
        played_until=datetime.fromisoformat(found["played_until"]),
    )


def save_state(base: Path, state: State) -> None:
    """Write ``state`` whole or not at all."""
    partial = base / (STATE + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file, default=str)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(base / STATE)


def first_moment(*, live: bool) -> datetime:
    """Where life starts: at midnight UTC of the day for whole days; three hours ago where people watch."""
    now = datetime.now(UTC)
    if live:
        return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=3)
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


@contextmanager
def locked(base: Path) -> Iterator[None]:
    """Keep a second demo out of the same folder; the lock goes with the process, however it ends.

    Raises:
        Conflict: when another demo runs there.
    """
    base.mkdir(parents=True, exist_ok=True)
    with (base / LOCK).open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                N_("Another demo runs in %(folder)s. Stop it (Ctrl-C), or choose another folder with --home"),
                folder=base,
            ) from None
        yield


class PlayedClock:
    """The clock that both nodes follow."""

    def __init__(self, homes: tuple[Path, ...]) -> None:
        self._homes = homes
        self.speed = 1.0

    def set(self, played: datetime, speed: float) -> None:
        """From now on it is ``played``, and time runs ``speed`` times as fast."""
        self.speed = speed
        for home in self._homes:
            clock.write_anchor(home, played=played, speed=speed)
