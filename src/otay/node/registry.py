"""What rooms tell the rest of the house, from their ``apps.py``. Nobody keeps a central list.

A room's ``AppConfig.ready`` registers its pages, API, menu entries, indicators, home panels, jobs and demo data;
intake handlers and exchanged record types have their own registries one floor up (``intake.registry``,
``exchange.registry``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from django.utils.functional import Promise

if TYPE_CHECKING:
    from django.http import HttpRequest

    from otay.node.actors import Actor

Text = str | Promise
T = TypeVar("T")


class Registry(Generic[T]):
    """Things by key, in the order given by ``order`` (else by registration)."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._items: dict[str, T] = {}

    def register(self, item: T) -> T:
        """Add ``item`` under its ``key``. A key taken twice is an error of the programmer."""
        key = item.key  # type: ignore[attr-defined]
        if key in self._items:
            raise ValueError(f"{self.name}: {key} is registered twice")
        self._items[key] = item
        return item

    def __getitem__(self, key: str) -> T:
        return self._items[key]

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(self._items.values(), key=lambda item: getattr(item, "order", 0)))

    def __len__(self) -> int:
        return len(self._items)


@dataclass(frozen=True, slots=True)
class Pages:
    """A room's pages: ``prefix`` of the URL (``"declarations/"``) and dotted name of its urls module."""

    key: str
    prefix: str
    urlconf: str


@dataclass(frozen=True, slots=True)
class Api:
    """A room's API: mounted below ``/api/v1/<prefix>``; ``router`` is a dotted name (``otay.x.api:router``)."""

    key: str
    prefix: str
    router: str
    tag: str


@dataclass(frozen=True, slots=True)
class MenuEntry:
    """An entry of the main navigation, shown to actors that hold ``permission`` (to all when empty).

    ``section`` is one of ``border``, ``infrastructure``, ``people``, ``goods``, ``partnership``, ``node``.
    """

    key: str
    section: str
    label: Text
    url_name: str
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, slots=True)
class Measure:
    """A measured value; ``series`` are (label, value) pairs to draw, oldest first. ``note`` says what it rests on."""

    value: Decimal | int | None
    series: tuple[tuple[str, Decimal | int], ...] = ()
    note: Text = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """An indicator of the action plan. ``points``: numbers of the 22 points it speaks to. ``unit``: shown after the
    value. ``compute``: returns the measure now. ``explanation``: how it is computed, a sentence."""

    key: str
    points: tuple[int, ...]
    title: Text
    unit: Text
    explanation: Text
    compute: Callable[[], Measure]
    order: int = 100


@dataclass(frozen=True, slots=True)
class Panel:
    """A block of the home page ("the border now"). ``context`` gives what ``template`` (Jinja2) draws."""

    key: str
    title: Text
    template: str
    context: Callable[[HttpRequest, Actor], dict[str, Any]]
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that wants a person's eye now. ``level``: info, warning, error."""

    level: str
    title: Text
    url: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class AlertSource:
    """A room's open alerts for an actor, newest first, few."""

    key: str
    open_alerts: Callable[[Actor], list[Alert]]
    order: int = 100


@dataclass(frozen=True, slots=True)
class PortFact:
    """What a room knows of every port now, for the map and the port's page: port code -> short text or number."""

    key: str
    label: Text
    by_port: Callable[[Actor], dict[str, Any]]
    permission: str = ""
    order: int = 100


@dataclass(frozen=True, slots=True)
class Schedule:
    """A periodic job: ``run`` is called about every ``every``; it must be safe to call again after a crash."""

    key: str
    title: Text
    every: timedelta
    run: Callable[[], object]


@dataclass(frozen=True, slots=True)
class Loop:
    """Background work of a node that must be quick to react: ``step`` does what is due and returns the seconds to
    wait before the next call (0 = more is waiting). An exception is logged and the loop goes on."""

    key: str
    step: Callable[[], float]


@dataclass(frozen=True, slots=True)
class DemoChapter:
    """Invented data of one room for a demo node. ``seed`` must be repeatable: a second call adds nothing."""

    key: str
    title: Text
    seed: Callable[[], None]
    order: int = 100


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of the node's health for Prometheus. ``key`` is its name there (``otay_..._unit``); ``read`` returns
    (values of ``labels``, figure) at the moment it is asked, quickly, and names nobody."""

    key: str
    help: str
    read: Callable[[], Iterable[tuple[Sequence[str], float]]]
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a room must do when the node was brought back from an older copy, before it serves: ``run`` is called once,
    in the restored node."""

    key: str
    run: Callable[[], None]


pages: Registry[Pages] = Registry("pages")
apis: Registry[Api] = Registry("apis")
menu: Registry[MenuEntry] = Registry("menu")
indicators: Registry[Indicator] = Registry("indicators")
panels: Registry[Panel] = Registry("panels")
alerts: Registry[AlertSource] = Registry("alerts")
port_facts: Registry[PortFact] = Registry("port_facts")
schedules: Registry[Schedule] = Registry("schedules")
gauges: Registry[Gauge] = Registry("gauges")
loops: Registry[Loop] = Registry("loops")
demo_chapters: Registry[DemoChapter] = Registry("demo_chapters")
restorations: Registry[Restoration] = Registry("restorations")
