"""Plays border life on both nodes: brokers declare, trucks arrive, officers inspect and release.

Everything goes through the nodes' own doors. Played time moves in slices; what falls in a slice is sent in batches,
both nodes at once. A slice that was cut off is played again after a restart: the doors know what they have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from otay.web.demo import life
from otay.web.demo.life import Truck
from otay.web.demo.schedule import EARLIEST, INSPECTION, Action, Agenda, Due, finding
from otay.web.demo.side import Answer, Side

HOUR = timedelta(hours=1)
#: (port, hour) -> loaded and empty trucks that cross in that hour.
Volumes = Callable[[datetime], dict[str, tuple[int, int]]]


@dataclass(slots=True)
class Tally:
    """What was played, by kind."""

    counts: Counter[str] = field(default_factory=Counter)

    def add(self, key: str, count: int = 1) -> None:
        """Count ``count`` more of ``key``."""
        self.counts[key] += count


class Player:
    """Border life from ``start`` on. ``patience``: how long (played time) the trucks of the visitor's booth wait."""

    def __init__(
        self,
        *,
        us: Side,
        mx: Side,
        volumes: Volumes,
        start: datetime,
        seed: str = "otay",
        patience: timedelta = timedelta(0),
    ) -> None:
        self.us, self.mx = us, mx
        self.volumes, self.seed, self.patience = volumes, seed, patience
        self.played_until = start
        self.tally = Tally()
        self._agenda = Agenda()
        self._exports: dict[str, Answer] = {}
        self._imports: dict[str, Answer] = {}
        self._next_hour = _floor_hour(start)
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="side")

    def close(self) -> None:
        """Stop the sender threads."""
        self._pool.shutdown()

    def play(self, until: datetime) -> None:
        """Everything that falls between the last slice and ``until``."""
        self._fill(until)
        while due := list(self._agenda.until(until)):
            mexican = [one for one in due if one.action.startswith("export")]
            american = [one for one in due if not one.action.startswith("export")]
            work = [self._pool.submit(self._mexico, mexican), self._pool.submit(self._united_states, american)]
            for future in work:
                future.result()
        self.played_until = until

    def _fill(self, until: datetime) -> None:
        """Put the trucks of every hour on the agenda whose first declaration falls before ``until``."""
        while self._next_hour + EARLIEST < until:
            for port, (loaded, empty) in self.volumes(self._next_hour).items():
                for truck in life.trucks_of_hour(
                    seed=self.seed, port=port, hour=self._next_hour, loaded=loaded, empty=empty
                ):
                    self._agenda.expect(truck)
                    self.tally.add("trucks")
            self._next_hour += HOUR

    def _mexico(self, due: Sequence[Due]) -> None:
        side = _Play(self.mx, self.tally, "export", self._exports)
        side.lodge(_of(due, Action.EXPORT_LODGED), life.export_declaration)
        side.take("arrived", _of(due, Action.EXPORT_ARRIVED))
        leaving = _of(due, Action.EXPORT_RELEASED)
        side.take(
            "inspected", [one for one in leaving if side.asks_inspection(one.truck)], lambda _: {"result": "conforms"}
        )
        side.take("released", leaving)

    def _united_states(self, due: Sequence[Due]) -> None:
        side = _Play(self.us, self.tally, "import", self._imports)
        side.lodge(_of(due, Action.IMPORT_LODGED), lambda truck: life.import_declaration(truck, corrected=False))
        side.lodge(_of(due, Action.IMPORT_CORRECTED), life.import_declaration)
        for one in side.take("arrived", _of(due, Action.IMPORT_ARRIVED)):
            self._agenda.arrived(one.truck, side.lane(one.truck), patience=self.patience)
        side.take("inspected", _of(due, Action.IMPORT_INSPECTED), _inspection)
        side.take("released", _of(due, Action.IMPORT_RELEASED))


def _of(due: Sequence[Due], action: Action) -> list[Due]:
    return [one for one in due if one.action is action]


def _inspection(truck: Truck) -> dict[str, str]:
    result, remarks = finding(truck)
    return {"result": result, "remarks": remarks}


def _floor_hour(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(slots=True)
class _Play:
    """One node's part of a slice. ``known``: truck key -> what the node answered to its declaration."""

    side: Side
    tally: Tally
    name: str
    known: dict[str, Answer]

    def lodge(self, due: Sequence[Due], declare: Callable[[Truck], dict[str, Any]]) -> None:
        """Declare each truck and remember number and lane."""
        answers = self.side.lodge([declare(one.truck) for one in due])
        for one, answer in zip(due, answers, strict=True):
            self.tally.add(f"{self.name} {'accepted' if answer.accepted else 'refused'}")
            if answer.accepted:
                self.known[one.truck.key] = answer
                self.tally.add(f"{self.name} lane {answer.lane}")

    def lane(self, truck: Truck) -> str:
        """The lane that the node directed ``truck`` to."""
        return self.known[truck.key].lane

    def asks_inspection(self, truck: Truck) -> bool:
        """True where release needs an inspection first."""
        return truck.key in self.known and self.lane(truck) in INSPECTION

    def take(
        self, kind: str, due: Sequence[Due], detail: Callable[[Truck], dict[str, str]] = lambda _truck: {}
    ) -> list[Due]:
        """Report a step of each truck that was declared; those that were taken before are only counted as such."""
        declared = [one for one in due if one.truck.key in self.known]
        answers = self.side.take(
            [
                {
                    "number": self.known[one.truck.key].number,
                    "kind": kind,
                    "at": one.at.isoformat(),
                    **detail(one.truck),
                }
                for one in declared
            ]
        )
        for answer in answers:
            self.tally.add(f"{self.name} {kind}" if not answer["problem"] else f"{self.name} {kind} before")
        return declared
