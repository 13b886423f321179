"""Routes as GeoJSON: one line, alone or as the feature of a collection."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.geography import Line, join_lines
from otay.core.i18n import N_
from otay.engines.corridor import Corridor

MAX_BYTES = 64 * 1024 * 1024


def read_route(data: bytes) -> Corridor:
    """The route in a GeoJSON document.

    Raises:
        Refused: when it is not GeoJSON, or holds no line or several that do not join.
    """
    if len(data) > MAX_BYTES:
        raise _refused(N_("The file has more than %(limit)s bytes."), limit=MAX_BYTES)
    try:
        document = json.loads(data.decode("utf-8-sig"))
        lines = [line for line in _lines(document) if len(line) > 1]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as failure:
        raise _refused(N_("The route is not GeoJSON: %(reason)s."), reason=str(failure)[:100]) from None
    joined = join_lines(lines) if len(lines) <= 1000 else lines
    if not joined:
        raise _refused(N_("The route has no LineString."))
    if len(joined) > 1:
        raise _refused(N_("The route has %(count)s lines that do not join: give one."), count=len(joined))
    try:
        return Corridor(joined[0])
    except ValueError as failure:
        raise _refused(N_("The route is not GeoJSON: %(reason)s."), reason=str(failure)) from None


def _refused(message: str, **params: Any) -> Refused:
    remedy = N_("Give a LineString of longitude and latitude, or a Feature of one.")
    return Refused(
        N_("The route cannot be used."), findings=[error("", "route.geojson", message, "", remedy, **params)]
    )


def _lines(item: Mapping[str, Any]) -> Iterator[Line]:
    match item["type"]:
        case "FeatureCollection":
            for feature in item["features"]:
                yield from _lines(feature)
        case "Feature":
            if item["geometry"] is not None:
                yield from _lines(item["geometry"])
        case "GeometryCollection":
            for geometry in item["geometries"]:
                yield from _lines(geometry)
        case "LineString":
            yield [(float(position[0]), float(position[1])) for position in item["coordinates"]]
        case "MultiLineString":
            for line in item["coordinates"]:
                yield [(float(position[0]), float(position[1])) for position in line]
