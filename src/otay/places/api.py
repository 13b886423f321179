"""The API of places: ports, crossings, volumes, what to expect, GeoJSON. All of it is for reading."""

# No postponed annotations here: the paginated operation is wrapped, and ninja would look its names up elsewhere.
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Router
from ninja.pagination import LimitOffsetPagination, paginate
from pydantic import Field

from otay.node import clock
from otay.places import queries
from otay.places.models import Crossing, MonthlyVolume, Port
from otay.places.schemas import CrossingOut, ExpectedOut, FeaturesOut, PortDetailOut, PortOut, VolumeOut

router = Router()


class BoundedPagination(LimitOffsetPagination):
    """Stretches of a list, counted in numbers that a database can hold."""

    class Input(LimitOffsetPagination.Input):
        """Which stretch."""

        limit: int = Field(100, ge=1, le=10_000)
        offset: int = Field(0, ge=0, le=2**31 - 1)


def _may_view(request: HttpRequest) -> None:
    request.actor.require("places.view")  # type: ignore[attr-defined]


@router.get("/ports", response=list[PortOut], summary="Ports of entry")
def list_ports(request: HttpRequest, state: str = "", mode: str = "") -> list[Port]:
    """All ports; those of one state (``US-TX``, ``MX-SON``: either side's) or that serve one mode when given."""
    _may_view(request)
    return queries.ports(state=state, mode=mode)


@router.get("/ports.geojson", response=FeaturesOut, summary="Ports of entry as GeoJSON")
def ports_geojson(request: HttpRequest) -> dict[str, Any]:
    """One point a port; ports without a position are left out."""
    _may_view(request)
    return {
        "features": [
            {
                "geometry": {"type": "Point", "coordinates": [port.longitude, port.latitude]},
                "properties": {"code": port.code, "name": port.name, "state": port.state, "time_zone": port.time_zone},
            }
            for port in queries.ports()
            if port.longitude is not None
        ]
    }


@router.get("/ports/{code}", response=PortDetailOut, summary="One port with its crossings")
def get_port(request: HttpRequest, code: str) -> Port:
    """The port with both sides of its crossings, lanes and hours."""
    _may_view(request)
    return queries.port(code)


@router.get("/ports/{code}/expected", response=ExpectedOut, summary="What a port can expect in one hour")
def get_expected(request: HttpRequest, code: str, at: datetime | None = None) -> dict[str, Any]:
    """Counts of the reference month spread over hours as assumed; ``at`` is now when left out."""
    _may_view(request)
    found, moment = queries.port(code), at or clock.now()
    moment = moment if moment.tzinfo else moment.replace(tzinfo=found.zone)
    local = moment.astimezone(found.zone)
    return {
        "port": code,
        "at": moment,
        "reference_month": queries.reference_month(local),
        "expected": queries.expected_per_hour(moment).get(code, {}),
    }


@router.get("/crossings", response=list[CrossingOut], summary="Crossings")
def list_crossings(request: HttpRequest, port: str = "") -> list[Crossing]:
    """All crossings, or those of one port."""
    _may_view(request)
    return queries.crossings_of(port) if port else queries.crossings()


@router.get("/crossings/{key}", response=CrossingOut, summary="One crossing")
def get_crossing(request: HttpRequest, key: str) -> Crossing:
    """A crossing with both sides, lanes and hours."""
    _may_view(request)
    return queries.crossing(key)


@router.get("/volumes", response=list[VolumeOut], summary="Monthly volumes")
@paginate(BoundedPagination)
def list_volumes(
    request: HttpRequest, port: str = "", measure: str = "", start: date | None = None, end: date | None = None
) -> QuerySet[MonthlyVolume]:
    """Counts by port, month and measure; ``start`` and ``end`` are months, both included."""
    _may_view(request)
    return queries.monthly_volumes(port=port, measure=measure, start=start, end=end)
