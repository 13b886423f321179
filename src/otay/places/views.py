"""Pages: the list of ports with the map, a port, a crossing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_GET

from otay.node import clock
from otay.node.actors import Actor
from otay.places import border_now, naming, queries
from otay.places.domain import Change, Mode, Status, next_change, status_at
from otay.places.models import Crossing, CrossingSide, Port
from otay.places.naming import Footnotes, HoursLine


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether a side takes in traffic of ``mode`` now, and when that changes."""

    mode: str
    status: Status
    change: Change | None


@dataclass(frozen=True, slots=True)
class SideNow:
    """A side of a crossing as the page shows it, in its own zone."""

    side: CrossingSide
    openings: Sequence[Opening]
    hours: Sequence[HoursLine]
    lanes: Sequence[Any]


def _reader(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require("places.view")
    return actor


@require_GET
def ports(request: HttpRequest) -> HttpResponse:
    """All ports, with the map; narrowed by state and mode."""
    actor = _reader(request)
    states = sorted({state for port in queries.ports() for state in queries.states_of(port)})
    return render(request, "places/ports.html", {
        **_live(request, actor),
        "states": [(state, naming.state_name(state)) for state in states],
        "modes": [(mode.value, naming.MODES[mode.value]) for mode in Mode],
    })  # fmt: skip


@require_GET
@cache_control(private=True, no_cache=True)
@conditional_page
def live(request: HttpRequest) -> HttpResponse:
    """The part of the list that renews itself."""
    return render(request, "places/ports_live.html", _live(request, _reader(request)))


def _live(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    state, mode = request.GET.get("state", ""), request.GET.get("mode", "")
    now = border_now.overview(actor, clock.now(), state=state, mode=mode)
    return {**border_now.map_context(now), "state": state, "mode": mode, "names": naming}


@require_GET
def port(request: HttpRequest, code: str) -> HttpResponse:
    """One port: both sides of its crossings, its volumes, what rooms tell of it."""
    actor = _reader(request)
    found, at = queries.port(code), clock.now()
    return render(request, "places/port.html", {
        "port": found, "at": at, "names": naming, "notes": Footnotes(),
        "crossings": [(crossing, _sides(crossing, at)) for crossing in found.crossings.all()],
        "facts": border_now.facts_by_port(actor).get(code, []),
        "alerts": border_now.alerts_by_port(actor).get(code, []),
        "charts": _charts(found), "reference": queries.reference_month(at),
        "expected": queries.expected_per_hour(at).get(code, {}),
    })  # fmt: skip


def _charts(found: Port) -> list[dict[str, Any]]:
    """One chart a measure, for scales differ too much to share one."""
    return [
        {
            "measure": measure, "title": naming.MEASURES[measure],
            "series": {
                "x": [f"{month:%Y-%m}" for month, _value in counts], "time": False,
                "series": [{"label": naming.MEASURES[measure], "values": [value for _month, value in counts]}],
            },
        }
        for measure, counts in queries.recent_volumes(found.code).items()
    ]  # fmt: skip


@require_GET
def crossing(request: HttpRequest, key: str) -> HttpResponse:
    """One crossing: both sides beside each other."""
    _reader(request)
    found, at = queries.crossing(key), clock.now()
    return render(request, "places/crossing.html", {
        "crossing": found, "at": at, "sides": _sides(found, at), "names": naming, "notes": Footnotes(),
    })  # fmt: skip


def _sides(found: Crossing, at: datetime) -> list[SideNow]:
    """Both sides; needs the crossing with everything prefetched."""
    return [_side(found, side, at) for side in found.sides.all()]


def _side(found: Crossing, side: CrossingSide, at: datetime) -> SideNow:
    entries = [entry for entry in found.opening_hours.all() if entry.country == side.country]
    by_mode = {mode: [entry.hours for entry in entries if entry.mode == mode] for mode in found.mode_list}
    return SideNow(
        side,
        [_opening(mode, hours, side, at) for mode, hours in by_mode.items()],
        naming.hours_lines(entries),
        [group for group in found.lane_groups.all() if group.country == side.country],
    )


def _opening(mode: str, hours: list[Any], side: CrossingSide, at: datetime) -> Opening:
    return Opening(mode, status_at(hours, side.zone, at), next_change(hours, side.zone, at))


@require_GET
@cache_control(private=True, max_age=86400)
def picture(request: HttpRequest, layout: str) -> HttpResponse:
    """The map below the markers, as an SVG picture."""
    _reader(request)
    try:
        return HttpResponse(border_now.base_picture(layout), content_type="image/svg+xml")
    except KeyError:
        raise Http404 from None
