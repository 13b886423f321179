"""Reports of seals: from the door to the table, and what the rest of the room may ask.

The judgement of movements goes like this; a crash at any point loses nothing and judges nothing twice::

    with transaction.atomic():
        due = reports.due(limit=500)
        for device_id, since in due.since.items():
            ... reports.of_device(device_id, since - settle, None) ... raise alarms ...
        reports.judged(due)

``listeners`` are called in the process that stored reports, after the commit, with the identifiers of the devices
that have something new: a wake-up, nothing more. What counts are the marks that :func:`due` reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from otay.goods.transit.reports.domain import DeviceReport, Due, Kept
    from otay.goods.transit.reports.queries import Window
    from otay.node.actors import Actor

listeners: list[Callable[[frozenset[str]], None]] = []
"""Called after each stored batch; an exception is logged and hurts nothing."""

keepers: list[Callable[[Sequence[str], datetime], Iterable[Kept]]] = []
"""Asked by retention: which windows of these devices, before this time, are evidence of a movement."""


def latest(device_ids: Iterable[str]) -> dict[str, DeviceReport]:
    """The newest trusted report by event time of each device that has one."""
    from otay.goods.transit.reports import queries

    return queries.latest(device_ids)


def of_device(
    device_id: str, since: datetime | None = None, until: datetime | None = None, *, trusted: bool = True
) -> list[DeviceReport]:
    """The device's reports in order of event time, ``since <= time < until``; all of them with ``trusted=False``."""
    from otay.goods.transit.reports import queries

    return queries.of_device(device_id, since, until, trusted=trusted)


def of_windows(windows: Sequence[Window]) -> dict[Window, list[DeviceReport]]:
    """The trusted reports of many windows at once, each as :func:`of_device` gives them."""
    from otay.goods.transit.reports import queries

    return queries.of_windows(windows)


def due(limit: int = 500) -> Due:
    """Devices with reports that nobody judged yet: those that complain, then those marked first."""
    from otay.goods.transit.reports import queries

    return queries.due(limit)


def judged(due: Due) -> None:
    """Take the marks off, in the transaction that keeps the judgement."""
    from otay.goods.transit.reports import services

    services.judged(due)


def admit(*, actor: Actor, device_ids: Sequence[str], family: str = "", party: str = "") -> None:
    """Let devices speak (the seal register calls this): what they said in quarantine is marked to be judged.

    ``family``: the protocol they speak, where known; another one is then not trusted. ``party``: the firm whose
    gateway may report for them.
    """
    from otay.goods.transit.reports import services

    services.admit(actor=actor, device_ids=device_ids, family=family, party=party)


def bar(*, actor: Actor, device_ids: Sequence[str], reason: str) -> None:
    """Take the right to speak away: what they say from now on is kept and judges nothing."""
    from otay.goods.transit.reports import services

    services.bar(actor=actor, device_ids=device_ids, reason=reason)
