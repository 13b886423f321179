"""The border now: what every port expects this hour, whether it is open, what rooms and alerts say of it."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pycountry
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest

from otay.node import clock, registry
from otay.node.actors import Actor
from otay.places import border_map, queries, reference
from otay.places.domain import Mode, Status
from otay.places.models import Port
from otay.places.profile import Measure

LEVELS = ("info", "warning", "error")
SHOWN = (Measure.TRUCKS, Measure.CARS, Measure.PEDESTRIANS)


@dataclass(frozen=True, slots=True)
class PortNow:
    """A port at one moment. ``expected``: per hour, from the reference month. ``facts``: what rooms tell of it, as
    (label, value). ``level``: the gravest open alert's, or empty."""

    port: Port
    at: datetime
    expected: Mapping[Measure, float]
    status: Mapping[Mode, Status]
    facts: Sequence[tuple[Any, Any]]
    alerts: Sequence[registry.Alert]

    @property
    def level(self) -> str:
        """info, warning, error, or empty."""
        return max((alert.level for alert in self.alerts), key=LEVELS.index, default="")

    @property
    def trucks(self) -> float | None:
        """Trucks expected this hour; None where none are counted."""
        return self.expected.get(Measure.TRUCKS)

    @property
    def cars(self) -> float | None:
        """Cars expected this hour."""
        return self.expected.get(Measure.CARS)

    @property
    def pedestrians(self) -> float | None:
        """Pedestrians expected this hour."""
        return self.expected.get(Measure.PEDESTRIANS)


def overview(actor: Actor, at: datetime, *, state: str = "", mode: str = "") -> list[PortNow]:
    """All ports at ``at`` as ``actor`` may see them."""
    expected, status = queries.expected_per_hour(at), queries.statuses(at)
    facts, alerts = facts_by_port(actor), alerts_by_port(actor)
    return [
        PortNow(
            port,
            at,
            {measure: count for measure, count in expected.get(port.code, {}).items() if measure in SHOWN},
            status.get(port.code, {}),
            facts.get(port.code, ()),
            alerts.get(port.code, ()),
        )
        for port in queries.ports(state=state, mode=mode)
    ]


def facts_by_port(actor: Actor) -> dict[str, list[tuple[Any, Any]]]:
    """What rooms know of each port now: one call a room, however many ports."""
    found: dict[str, list[tuple[Any, Any]]] = defaultdict(list)
    for fact in registry.port_facts:
        if not fact.permission or actor.may(fact.permission):
            for code, value in fact.by_port(actor).items():
                found[code].append((fact.label, value))
    return found


def alerts_by_port(actor: Actor) -> dict[str, list[registry.Alert]]:
    """Open alerts that name a port."""
    found: dict[str, list[registry.Alert]] = defaultdict(list)
    for source in registry.alerts:
        for alert in source.open_alerts(actor):
            if alert.port:
                found[alert.port].append(alert)
    return found


def panel_context(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What the home page's map block shows."""
    return map_context(overview(actor, clock.now()))


def map_context(now: Sequence[PortNow]) -> dict[str, Any]:
    """What ``places/_map.html`` draws from the ports at one moment."""
    by_code = {entry.port.code: entry for entry in now}
    totals = queries.yearly_totals((Measure.TRUCKS, Measure.CARS, Measure.BUSES))
    spots = tuple(
        border_map.Spot(port.code, port.name, port.longitude, port.latitude, float(totals.get(port.code, 0)))
        for port in queries.ports()
        if port.longitude is not None and port.latitude is not None
    )
    sheets = [
        {
            "key": layout.key,
            "width": layout.width,
            "height": border_map.canvas(layout).height,
            "font": layout.font,
            "markers": [
                (marker, by_code[marker.key])
                for marker in border_map.draw_markers(layout, spots)
                if marker.key in by_code
            ],
        }
        for layout in border_map.LAYOUTS.values()
    ]
    return {
        "now": now,
        "sheets": sheets,
        "at": now[0].at if now else None,
        "reference": queries.reference_month(now[0].at) if now else None,
        "totals": {measure: sum(entry.expected.get(measure, 0.0) for entry in now) for measure in SHOWN},
        "alerting": sum(1 for entry in now if entry.level in {"warning", "error"}),
    }


@lru_cache(maxsize=4)
def base_picture(key: str) -> str:
    """The picture below the markers, drawn once a process. Raises :class:`KeyError` for a layout that is none."""
    land = border_map.Land(_topology("countries-50m.json"), _topology("states-10m.json"), _numeric_codes())
    return border_map.picture(border_map.LAYOUTS[key], reference.border_line(), reference.railways(), land)


def _topology(name: str) -> Mapping[str, Any] | None:
    """An atlas that set-up brought; None where it did not run: the map then shows the line alone."""
    found = finders.find(f"vendor/geo/{name}")
    return json.loads(Path(str(found)).read_text(encoding="utf-8")) if found else None


def _numeric_codes() -> tuple[str, ...]:
    """ISO 3166 numbers of the countries that meet here, the node's own first."""
    codes = {
        side.country for port in queries.ports() for crossing in port.crossings.all() for side in crossing.sides.all()
    }
    ordered = sorted(codes, key=lambda code: (code != settings.OTAY.country, code))
    return tuple(found.numeric for code in ordered if (found := pycountry.countries.get(alpha_2=code)))
