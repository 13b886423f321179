"""The plan as it stands on this node: each point, the indicators measured for it, and what is not measured yet."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.cache import cache
from django.utils import translation

from otay.core.errors import NotFound
from otay.core.i18n import N_
from otay.node import clock, registry
from otay.node.actors import Actor
from otay.node.registry import Indicator, Measure
from otay.partnership.plan import domain
from otay.partnership.plan.domain import Point

log = logging.getLogger(__name__)
CACHE_SECONDS = 60
SPARK_WIDTH, SPARK_HEIGHT = 160, 32


@dataclass(frozen=True, slots=True)
class Reading:
    """An indicator with its measure. ``broken``: it could not be computed, and the node's log says why."""

    indicator: Indicator
    measure: Measure
    broken: bool = False

    @property
    def spark(self) -> str:
        """The series as points of an SVG line, empty for fewer than two values."""
        values = [Decimal(value) for _label, value in self.measure.series]
        if len(values) < 2:
            return ""
        low, span = min(values), (max(values) - min(values)) or Decimal(1)
        step = Decimal(SPARK_WIDTH) / (len(values) - 1)
        return " ".join(
            f"{step * place:.1f},{SPARK_HEIGHT - 2 - (value - low) / span * (SPARK_HEIGHT - 4):.1f}"
            for place, value in enumerate(values)
        )


@dataclass(frozen=True, slots=True)
class PointNow:
    """A point with what is measured for it. ``built``: the room that answers to it stands on this node."""

    point: Point
    title: str
    text: str
    built: bool
    readings: tuple[Reading, ...]

    @property
    def measured(self) -> bool:
        """True if at least one indicator has a value."""
        return any(reading.measure.value is not None for reading in self.readings)


def read(indicator: Indicator) -> Reading:
    """The indicator's measure, at most a minute old. One that fails does not take the page with it."""
    key = f"plan:{indicator.key}:{translation.get_language()}"  # a note is text in the reader's language
    reading: tuple[Measure, bool] | None = cache.get(key)
    if reading is None:
        try:
            reading = indicator.compute(), False
        except Exception:
            log.exception("indicator %s could not be computed", indicator.key)
            reading = Measure(None), True
        cache.set(key, reading, CACHE_SECONDS)
    return Reading(indicator, *reading)


def _room_stands(room: str) -> bool:
    return bool(room) and apps.is_installed(f"otay.{room}")


def points_now(numbers: Iterable[int] | None = None) -> list[PointNow]:
    """The points (all, or those of ``numbers``) with their readings, in the active language."""
    language = translation.get_language() or "en"
    wanted = domain.points().values() if numbers is None else [domain.points()[number] for number in numbers]
    readings: dict[int, list[Reading]] = {point.number: [] for point in wanted}
    for indicator in registry.indicators:
        for number in readings.keys() & set(indicator.points):
            readings[number].append(read(indicator))
    return [
        PointNow(
            point,
            domain.in_language(point.title, language),
            domain.in_language(point.text, language),
            _room_stands(point.room),
            tuple(readings[point.number]),
        )
        for point in wanted
    ]


def point_now(number: int) -> PointNow:
    """One point.

    Raises:
        NotFound: for a number that is not one of the 22.
    """
    if number not in domain.points():
        raise NotFound(N_("The action plan has no point %(number)s"), number=number)
    return points_now([number])[0]


def by_pillar(found: Iterable[PointNow]) -> list[tuple[str, list[PointNow]]]:
    """``found`` under the three headings of the joint statement."""
    items = list(found)
    return [
        (translation.gettext(title), [item for item in items if item.point.pillar == pillar])
        for pillar, title in domain.PILLARS.items()
    ]


@dataclass(frozen=True, slots=True)
class GroupNow:
    """A working group in the active language."""

    key: str
    title: str
    task: str
    points: tuple[int, ...]


def groups_now(number: int | None = None) -> list[GroupNow]:
    """The working groups, or those whose business point ``number`` is."""
    language = translation.get_language() or "en"
    return [
        GroupNow(
            group.key, domain.in_language(group.title, language), domain.in_language(group.task, language), group.points
        )
        for group in domain.groups()
        if number is None or number in group.points
    ]


@dataclass(frozen=True, slots=True)
class Statement:
    """A dated statement of progress of this node."""

    node: str
    country: str
    made_at: datetime
    points: list[PointNow]

    @property
    def measured(self) -> list[PointNow]:
        """Points for which something is measured."""
        return [item for item in self.points if item.measured]

    @property
    def unmeasured(self) -> list[PointNow]:
        """Points for which nothing is measured yet."""
        return [item for item in self.points if not item.measured]


def statement(actor: Actor) -> Statement:
    """The statement of progress as of now."""
    actor.require("plan.view")
    return Statement(settings.OTAY.name, settings.OTAY.country, clock.now(), points_now())


def as_record(item: PointNow) -> dict[str, Any]:
    """A point as JSON has it, in the active language."""
    return {
        "number": item.point.number, "pillar": item.point.pillar, "title": item.title, "text": item.text,
        "room": item.point.room, "built": item.built, "measured": item.measured,
        "indicators": [_reading_record(reading) for reading in item.readings],
    }  # fmt: skip


def _reading_record(reading: Reading) -> dict[str, Any]:
    indicator, measure = reading.indicator, reading.measure
    return {
        "key": indicator.key, "title": str(indicator.title), "unit": str(indicator.unit),
        "value": None if measure.value is None else str(measure.value), "note": str(measure.note),
        "explanation": str(indicator.explanation), "broken": reading.broken,
        "series": [{"label": label, "value": str(value)} for label, value in measure.series],
    }  # fmt: skip


def statement_record(made: Statement) -> dict[str, Any]:
    """The statement as JSON has it, in the active language."""
    return {
        "node": made.node, "country": made.country, "made_at": made.made_at.isoformat(),
        "measured_points": [item.point.number for item in made.measured],
        "unmeasured_points": [item.point.number for item in made.unmeasured],
        "points": [as_record(item) for item in made.points],
    }  # fmt: skip
