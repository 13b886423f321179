"""Builds the worked cases: for each port a scenario from its counts and an alternative, waiting to be played.

Counts and some hours are data; the rest is assumed, and says so in the scenario's own lists.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from otay.infrastructure.planning import editing, services
from otay.infrastructure.planning.domain import Origin, Step
from otay.node.accounts import actor_of_user
from otay.node.actors import SYSTEM, Actor
from otay.node.models import User

MONTH = "2023-07"
DAYS = 7
REPLICATIONS = 10
COSTS = {"officer_hour": 60.0, "waiting_hour": 20.0, "currency": "USD"}
Body = dict[str, Any]
NUEVO_LAREDO = [
    {"days": "mon-fri", "opens": "08:00", "closes": "24:00"},
    {"days": "sat-sun", "opens": "10:00", "closes": "14:00"},
]
"""Hours of Nuevo Laredo for trucks into Mexico (Líder, 2021), here assumed for its export station too."""


def planner() -> Actor:
    """The invented planner of the demo; the node itself where there is none."""
    user = User.objects.filter(role_assignments__role="planner").order_by("pk").first()
    return actor_of_user(user) if user else SYSTEM


def make() -> None:
    """Make both cases."""
    actor = planner()
    _case(
        actor, "2504", lambda body: body, more_ready,
        (_("San Ysidro and Tijuana: July 2023"), _("San Ysidro: two more Ready booths from 06 to 22 h")), [],
    )  # fmt: skip
    _case(
        actor, "2304", short_hours, harmonised,
        (_("Laredo and Nuevo Laredo: July 2023"), _("Laredo and Nuevo Laredo: harmonised hours for trucks")),
        [_("Nuevo Laredo's export station keeps the hours of trucks into Mexico (Mon–Fri 08–24 h, Sat–Sun 10–14 h)")],
    )  # fmt: skip


def _case(
    actor: Actor, port: str, change: Callable[[Body], Body], alternative: Callable[[Body], Body],
    titles: tuple[str, str], assumed: list[str],
) -> None:  # fmt: skip
    from otay.infrastructure.planning.building import default_scenario

    body: Body = default_scenario(port, MONTH, DAYS).model_dump(mode="json", by_alias=True)
    body |= {"costs": COSTS, "replications": REPLICATIONS}
    costs = _("Costs: 60 USD for an officer's hour and 20 USD for an hour of waiting, invented for the demonstration")
    body["assumptions"] = [*body["assumptions"], *assumed, costs]
    body = change(body)
    first = services.create_scenario(actor=actor, port=port, title=titles[0], body=body, origin=Origin.DEFAULT)
    told = _("Worked case of the demonstration")
    services.take_step(actor=actor, number=first.scenario.number, version=1, step=Step.SUBMITTED, text=told)
    second = services.create_scenario(
        actor=actor, port=port, title=titles[1], body=alternative(body), origin=Origin.COPIED,
        note=f"{first.scenario.number} v1",
    )  # fmt: skip
    for version in (first, second):
        services.start_run(actor=actor, version=version, replications=REPLICATIONS, at_once=False)


def more_ready(body: Body) -> Body:
    """Two booths more in the Ready lanes from 06 to 22 h, taken from nobody."""
    index = next(place for place, lane in enumerate(body["lanes"]) if lane["name"] == "ready")
    given = editing.fields(body, f"lane-{index}")
    for day in range(7):
        for hour in range(6, 22):
            name = f"lanes.{index}.booths.{day}.{hour}"
            given[name] = str(int(given[name]) + 2)
    return editing.changed(body, f"lane-{index}", given)


def short_hours(body: Body) -> Body:
    """The neighbour's export station with the hours that its country is known to keep."""
    station = body["neighbour"][0] | {"hours": NUEVO_LAREDO, "source": "Líder 2021 (import); assumed for export"}
    return body | {"neighbour": [station, *body["neighbour"][1:]]}


def harmonised(body: Body) -> Body:
    """Both sides open when either is."""
    from otay.engines.queueing.opening import HARMONISED, variants
    from otay.engines.queueing.reading import make_scenario

    found: Body = dict(variants(make_scenario(body)))[HARMONISED].model_dump(mode="json", by_alias=True)
    return found
