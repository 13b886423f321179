"""What the exchange's integration tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from factories.exchange import Neighbour, paired, registered_parcels
from otay.exchange.registry import Received


class Room:
    """A room that takes parcels: remembers what it was given, and fails where a test tells it to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.failing: dict[str, Exception] = {}

    def receive(self, received: list[Received]) -> None:
        for one in received:
            if one.business_key in self.failing:
                raise self.failing[one.business_key]
        self.taken += [f"{one.business_key}/{one.version}" for one in received]


@pytest.fixture
def room() -> Iterator[Room]:
    made = Room()
    with registered_parcels(made.receive):
        yield made


@pytest.fixture
def neighbour() -> Neighbour:
    return Neighbour()


@pytest.fixture
def peer(db: None, room: Room, neighbour: Neighbour):
    return paired(neighbour)


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch):
    """``otay exchange ...`` in this process, which is a node already."""
    from click.testing import CliRunner

    from otay.exchange.commands import exchange

    monkeypatch.setattr("otay.node.commandline.setup", lambda _home: None)
    monkeypatch.setenv("OTAY_LANG", "en")
    return lambda *arguments: CliRunner().invoke(exchange, arguments, catch_exceptions=False)
