"""What the API answers with."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ninja import Schema


class SideOut(Schema):
    """A crossing as one country knows it; what nobody told is empty."""

    country: str
    name: str
    state: str
    time_zone: str
    unlocode: str
    customs_office: str
    customs_section: str


class LanesOut(Schema):
    """A group of lanes into ``country``; ``lanes`` is null where unknown."""

    country: str
    kind: str
    lanes: int | None
    booths: int | None
    as_of: date | None
    source_id: str


class HoursOut(Schema):
    """Hours into ``country`` on a weekday (Monday is 0), in minutes since local midnight."""

    country: str
    mode: str
    weekday: int
    opens: int
    closes: int
    valid_from: date | None
    valid_to: date | None
    as_of: date | None
    source_id: str


class CrossingOut(Schema):
    """A crossing with both sides, lanes and hours."""

    key: str
    port_id: str | None
    name: str
    wait_feed_id: str
    latitude: float | None
    longitude: float | None
    mode_list: list[str]
    valid_from: date | None
    valid_to: date | None
    sides: list[SideOut]
    lane_groups: list[LanesOut]
    opening_hours: list[HoursOut]


class PortOut(Schema):
    """A port of entry."""

    code: str
    country: str
    name: str
    state: str
    latitude: float | None
    longitude: float | None
    time_zone: str
    valid_from: date | None
    valid_to: date | None


class PortDetailOut(PortOut):
    """A port with its crossings."""

    crossings: list[CrossingOut]


class VolumeOut(Schema):
    """A monthly count, as the statistics say."""

    port_id: str
    month: date
    measure: str
    value: int


class ExpectedOut(Schema):
    """What a port can expect in one hour; ``reference_month`` says which counts that rests on."""

    port: str
    at: datetime
    reference_month: date
    expected: dict[str, float]


class FeatureOut(Schema):
    """A port as a GeoJSON feature."""

    type: Literal["Feature"] = "Feature"
    geometry: dict[str, Any]
    properties: dict[str, Any]


class FeaturesOut(Schema):
    """All ports as GeoJSON."""

    type: Literal["FeatureCollection"] = "FeatureCollection"
    features: list[FeatureOut]
