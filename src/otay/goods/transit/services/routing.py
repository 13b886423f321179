"""Routes: from a GeoJSON file or drawn on the map, kept as they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.geography import Position
from otay.core.i18n import N_
from otay.engines.corridor import Corridor
from otay.goods.transit.models import Route
from otay.goods.transit.queries import access
from otay.goods.transit.route import read_route
from otay.node import audit, clock
from otay.node.actors import Actor

MAX_BYTES = 2 * 1024 * 1024
MAX_POSITIONS = 20_000
LONGEST_M = 6_000_000.0


def make(
    *,
    actor: Actor,
    name: str,
    line: Sequence[Position],
    source: str = "",
    stops: Sequence[dict[str, Any]] = (),
    in_library: bool = True,
) -> Route:
    """A route from positions, in the caller's transaction.

    Raises:
        Refused: when the line is none, too long, or has too many positions.
    """
    try:
        if len(line) > MAX_POSITIONS:
            raise ValueError(f"more than {MAX_POSITIONS} positions")
        corridor = Corridor(line)
        if corridor.length > LONGEST_M:
            raise ValueError("longer than 6,000 km")
    except (ValueError, TypeError) as failure:
        text = N_("The route cannot be used: %(reason)s.")
        found = error(
            "/route", "transit.route", text, "", N_("Give positions of longitude and latitude."), reason=failure
        )
        raise Refused(N_("The route cannot be used."), findings=[found]) from None
    return Route.objects.create(
        name=name.strip()[:120], line=[[round(lon, 6), round(lat, 6)] for lon, lat in corridor.line],
        length_m=corridor.length, source=source[:300], stops=list(stops), in_library=in_library, made_by=actor.key,
        made_at=clock.now(),
    )  # fmt: skip


@transaction.atomic
def add_to_library(
    *, actor: Actor, name: str, line: Sequence[Position] = (), geojson: bytes = b"", source: str = ""
) -> Route:
    """A route that new movements are offered, drawn or from a GeoJSON file.

    Raises:
        Forbidden: without the permission to lodge or to control.
        Refused: when it cannot be used.
    """
    if not actor.may(access.CONTROL):
        actor.require(access.LODGE)
    if len(geojson) > MAX_BYTES:
        found = error(
            "/file", "transit.route", N_("The file has more than %(most)s bytes."), len(geojson), most=MAX_BYTES
        )
        raise Refused(N_("The route cannot be used."), findings=[found])
    positions = read_route(geojson).line if geojson else line
    made = make(actor=actor, name=name or "-", line=positions, source=source)
    audit.record(actor=actor, action="transit.route_added", subject=f"route:{made.pk}")
    return made
