"""Words for codes, and what pages show of scenarios and results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from otay.infrastructure.planning.domain import Method, Origin, Quality, Standing, Step
from otay.places.naming import LANE_KINDS
from otay.places.queries import ports

Words = Mapping[str, str | Promise]
STANDINGS: Words = {
    Standing.DRAFT: pgettext_lazy("standing of a plan", "Draft"),
    Standing.SUBMITTED: pgettext_lazy("standing of a plan", "Submitted for approval"),
    Standing.APPROVED: pgettext_lazy("standing of a plan", "Approved"),
    Standing.RETURNED: pgettext_lazy("standing of a plan", "Returned"),
}
STANDING_KINDS = {
    Standing.DRAFT: "neutral",
    Standing.SUBMITTED: "info",
    Standing.APPROVED: "success",
    Standing.RETURNED: "warning",
}
STEPS: Words = {
    Step.SUBMITTED: pgettext_lazy("step of a plan", "Submitted"),
    Step.APPROVED: pgettext_lazy("step of a plan", "Approved"),
    Step.RETURNED: pgettext_lazy("step of a plan", "Returned"),
    Step.WITHDRAWN: pgettext_lazy("step of a plan", "Withdrawn"),
    Step.COMMENTED: pgettext_lazy("step of a plan", "Comment"),
}
ORIGINS: Words = {
    Origin.DEFAULT: _("from the counts of the port"),
    Origin.EDITED: _("edited"),
    Origin.UPLOADED: _("uploaded as a file"),
    Origin.COPIED: _("copied"),
    Origin.STAFFING: _("proposed: fewest officers"),
    Origin.HOURS: _("proposed: hours of service"),
    Origin.LANES: _("proposed: allocation of booths"),
    Origin.INFRASTRUCTURE: _("proposed: smallest addition"),
    Origin.CALIBRATED: _("fitted to observations"),
}
METHODS: Words = {
    Method.MANUAL: _("counted by hand"),
    Method.RFID: "RFID",
    Method.BLUETOOTH: "Bluetooth",
    Method.LOOP: _("loops in the road"),
    Method.API: _("published feed"),
}
QUALITIES: Words = {
    Quality.MEASURED: _("measured"),
    Quality.ESTIMATED: _("estimated"),
    Quality.DOUBTFUL: _("doubtful"),
}
PARTS: Words = {
    "general": _("General"),
    "traffic": _("Traffic"),
    "lane": _("Lane group"),
    "secondary": _("Secondary"),
    "neighbour": _("Neighbour's side"),
}
SERVICE_KINDS: Words = {
    "lognormal": _("lognormal"),
    "gamma": "gamma",
    "erlang": "Erlang",
    "exponential": _("exponential"),
    "constant": _("constant"),
    "empirical": _("as measured"),
}
STATIONS: Words = {
    "vehicle secondary": _("Vehicle secondary"),
    "cargo scan": _("Cargo scan (NII)"),
    "agricultural inspection": _("Agricultural inspection"),
    "physical examination": _("Physical examination"),
    "documents": _("Documents"),
    "export": _("Export customs of the neighbour"),
}
CLASSES: Words = {
    "general": _("General traffic"),
    "ready": _("Ready traffic"),
    "sentri": _("SENTRI traffic"),
    "pedestrian": _("Pedestrians"),
    "bus": _("Buses"),
    "cargo": _("Loaded trucks"),
    "cargo_fast": _("FAST trucks"),
    "cargo_empty": _("Empty trucks"),
    "rail": _("Trains"),
}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))
FIGURES: Words = {
    "mean_wait": _("Mean wait"),
    "p95_wait": _("95 of 100 wait at most"),
    "share_within": _("Within the service level"),
    "delay_hours": _("Hours of waiting"),
}
REMARKS: Words = {
    "never_served": _("%(name)s: %(value)s of those who come are never served: the line grows and does not clear. "
                      "Open more booths or hours."),
    "saturated": _("%(name)s: booths are busy %(value)s %% of their time; small changes make waits grow steeply."),
}  # fmt: skip
OPTIONS: Words = {
    "as it stands": _("As it stands"),
    "harmonised": _("Harmonised: both sides keep the hours of either"),
    "harmonised, same officer-hours": _("Harmonised, with the same officer-hours"),
    "common": _("Only the hours that both sides keep now"),
}


def told(text: str) -> str:
    """A text of a scenario, in the reader's language where the house has it."""
    return _now(text) if text else ""


def lane_name(name: str) -> str:
    """A lane group in the reader's language; its own name where it is not one of the usual."""
    return str(LANE_KINDS.get(name, name))


def class_name(name: str) -> str:
    """A class of traffic in the reader's language."""
    return str(CLASSES.get(name, name))


def station_name(name: str) -> str:
    """A secondary or neighbour station in the reader's language."""
    return str(STATIONS.get(name, name))


def group_name(key: str) -> str:
    """A group of figures (``lane/general``) in the reader's language."""
    kind, _slash, name = key.partition("/")
    return {"lane": lane_name, "traffic": class_name, "secondary": station_name}.get(kind, lambda _name: _now("All"))(
        name
    )


def remark(one: Mapping[str, Any]) -> str:
    """A remark on a run as a sentence."""
    value = f"{100 * one['value']:.0f}" if one["kind"] == "saturated" else f"{one['value']:,.0f}"
    name = lane_name(one["name"]) if one["kind"] == "saturated" else class_name(one["name"])
    return str(REMARKS[one["kind"]]) % {"name": name, "value": value}


def port_names() -> dict[str, str]:
    """Names of ports by code."""
    return {port.code: port.name for port in ports()}


HOURS = [f"{hour:02d}" for hour in range(24)]


def wait_chart(curve: Mapping[str, Any]) -> dict[str, Any]:
    """Wait by hour of the day with the interval of chance and the band of what is assumed."""
    rows = curve["wait"]
    lines = [
        (_now("Mean wait"), "mean"),
        (_now("95 % interval, from"), "low"),
        (_now("to"), "high"),
        (_now("Band of service times, from"), "band_low"),
        (_now("band, to"), "band_high"),
    ]
    lines = [(label, key) for label, key in lines if any(row.get(key) is not None for row in rows)]
    return _chart(HOURS, [(label, [row.get(key) for row in rows]) for label, key in lines])


def lanes_chart(curves: Mapping[str, Any], key: str, factor: float = 1.0) -> dict[str, Any]:
    """One line a lane group: ``wait``, ``queue`` or ``use``, by hour of the day."""
    lines = [
        (lane_name(name), [None if row["mean"] is None else round(factor * row["mean"], 3) for row in curve[key]])
        for name, curve in curves.items()
        if key in curve
    ]
    return _chart(HOURS, lines)


def _chart(x: Sequence[str], lines: Sequence[tuple[str, Sequence[float | None]]]) -> dict[str, Any]:
    return {"x": list(x), "time": False, "series": [{"label": label, "values": list(row)} for label, row in lines]}


chart = _chart
HEAT = (1, 5, 10, 20, 40)
"""Minutes at which a cell of the heat map changes its shade."""


def heat(week: Sequence[float | None]) -> list[list[tuple[str, int]]]:
    """The week as 7 rows of 24 cells: the wait in whole minutes and its shade, 0 to 5 (-1: nobody came)."""
    cells = [("", -1) if value is None else (f"{value:.0f}", sum(value >= step for step in HEAT)) for value in week]
    return [cells[day * 24 : day * 24 + 24] for day in range(7)]


def touched(options: Sequence[Mapping[str, Any]]) -> list[str]:
    """Classes of traffic whose mean wait changes by three seconds or more in a variant; all where there is none."""
    names = list(options[0]["mean_wait_minutes"])
    changes = [[one["mean_wait_change_minutes"][name]["mean"] or 0.0 for one in options[1:]] for name in names]
    return [name for name, row in zip(names, changes, strict=True) if max(map(abs, row), default=0) >= 0.05] or names


def parameter(name: str) -> str:
    """A factor of a fit in the reader's language."""
    if name == "service":
        return _now("service time")
    if name == "level":
        return _now("level of demand")
    days, _space, hours = name.rpartition(" ")
    kind = _now("weekend") if days == "weekend" else _now("working days")
    return _now("demand, %(days)s %(hours)s h") % {"days": kind, "hours": hours}


def fit_chart(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Observed, as it was, and fitted, by hour of the week."""
    hours = [f"{WEEKDAYS[hour // 24]} {hour % 24:02d}" for hour in range(168)]
    lines = ((_now("Observed"), "observed"), (_now("Before"), "before"), (_now("Fitted"), "after"))
    return _chart(hours, [(label, figures[key]) for label, key in lines])


def profile_chart(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Misfit by factor on the service time."""
    rows = figures["profile"]
    return _chart([f"{factor:.2f}" for factor, _cost in rows], [(_now("misfit"), [cost for _factor, cost in rows])])
