"""Reads of reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection
from django.db.models import F, OuterRef, QuerySet, Subquery

from otay.goods.transit.reports.domain import DeviceReport, Due
from otay.goods.transit.reports.models import UNTRUSTED, Report, ReportingDevice, ReportMark, ReportWording

_T = TypeVar("_T")
CHUNK = 500
WINDOWS = 50
Window = tuple[str, datetime, datetime | None]
"""Device, since when, until when (not included); None: up to now."""


def chunks(items: Sequence[_T], size: int = CHUNK) -> Iterator[Sequence[_T]]:
    """``items`` in pieces that a database takes in one statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def trusted(found: QuerySet[Report]) -> QuerySet[Report]:
    """Without the reports that judge nothing."""
    return found.annotate(doubt=F("flags").bitand(int(UNTRUSTED))).filter(doubt=0)


def as_told(row: Report) -> DeviceReport:
    """A row as the rest of the room hears it; ``device`` and ``wording`` must have been selected with it."""
    said = row.wording.content
    return DeviceReport(
        id=row.pk,
        frame_id=row.frame_id,
        device_id=row.device.identifier,
        time=row.at,
        received_at=row.received_at,
        valid=row.valid,
        trusted=not row.flags & UNTRUSTED,
        flags=row.flags,
        lat=row.lat,
        lon=row.lon,
        speed=row.speed,
        course=row.course,
        battery=row.battery,
        battery_v=row.battery_v,
        number=row.number,
        card=row.card,
        alarms=tuple(said.get("alarms", ())),
        status=said.get("status", {}),
        more=said.get("more", {}),
    )


def latest(device_ids: Iterable[str]) -> dict[str, DeviceReport]:
    """The newest trusted report by event time of each device that has one."""
    newest = trusted(Report.objects.filter(device=OuterRef("pk"))).order_by("-at", "-digest", "-part").values("pk")[:1]
    found: dict[str, DeviceReport] = {}
    for part in chunks(sorted(set(device_ids))):
        numbers = ReportingDevice.objects.filter(identifier__in=part).annotate(newest=Subquery(newest))
        rows = Report.objects.filter(pk__in=[pk for pk in numbers.values_list("newest", flat=True) if pk])
        found |= {row.device.identifier: as_told(row) for row in rows.select_related("device", "wording")}
    return found


def of_device(
    device_id: str, since: datetime | None = None, until: datetime | None = None, *, trusted: bool = True
) -> list[DeviceReport]:
    """The device's reports in order of event time, ``since <= time < until``."""
    rows = Report.objects.filter(device__identifier=device_id)
    if since is not None:
        rows = rows.filter(at__gte=since)
    if until is not None:
        rows = rows.filter(at__lt=until)
    if trusted:
        rows = _trusted(rows)
    return [as_told(row) for row in rows.select_related("device", "wording").order_by("at", "digest", "part")]


_trusted = trusted
_TOLD = (
    *("device_id", "at", "pk", "frame_id", "received_at", "valid", "flags", "lat", "lon", "speed", "course"),
    *("battery", "battery_v", "number", "card", "wording_id"),
)


def of_windows(windows: Sequence[Window]) -> dict[Window, list[DeviceReport]]:
    """The trusted reports of each window, as :func:`of_device` gives them; a few statements for many windows."""
    names = sorted({device for device, _, _ in windows})
    numbers = {
        name: pk
        for part in chunks(names)
        for name, pk in ReportingDevice.objects.filter(identifier__in=part).values_list("identifier", "pk")
    }
    found: dict[Window, list[DeviceReport]] = {window: [] for window in windows}
    for part in chunks([window for window in found if window[0] in numbers], WINDOWS):
        by_device: dict[int, list[Window]] = {}
        for window in part:
            by_device.setdefault(numbers[window[0]], []).append(window)
        rows = list(_within(by_device).order_by("at", "digest", "part").values_list(*_TOLD))
        wordings = ReportWording.objects.in_bulk({row[-1] for row in rows})
        for row in rows:
            for window in by_device[row[0]]:
                if window[1] <= row[1] and (window[2] is None or row[1] < window[2]):
                    found[window].append(_told(window[0], row, wordings[row[-1]].content))
    return found


def _within(by_device: Mapping[int, Sequence[Window]]) -> QuerySet[Report]:
    """The trusted reports of these windows. Written out, for Django takes longer to say it in Q than to fetch them."""
    adapted = connection.ops.adapt_datetimefield_value
    said: list[str] = []
    values: list[Any] = []
    for device, windows in by_device.items():
        for _, since, until in windows:
            said.append("(device_id = %s AND at >= %s" + ("" if until is None else " AND at < %s") + ")")
            values += [device, adapted(since)] + ([] if until is None else [adapted(until)])
    return trusted(Report.objects.extra(where=[" OR ".join(said)], params=values))  # noqa: S610 - only values vary


def _told(identifier: str, row: tuple[Any, ...], said: Mapping[str, Any]) -> DeviceReport:
    _, at, pk, frame, received_at, valid, flags, lat, lon, speed, course, battery, battery_v, number, card, _ = row
    return DeviceReport(
        id=pk, frame_id=frame, device_id=identifier, time=at, received_at=received_at, valid=valid, trusted=True,
        flags=flags, lat=lat, lon=lon, speed=speed, course=course, battery=battery, battery_v=battery_v, number=number,
        card=card, alarms=tuple(said.get("alarms", ())), status=said.get("status", {}), more=said.get("more", {}),
    )  # fmt: skip


def due(limit: int) -> Due:
    """Devices with reports that nobody judged yet: those that complain, then those marked first.

    Every mark of such a device is taken with it: under load a device is judged once for all that it said meanwhile.
    """
    ordered = ReportMark.objects.order_by("-urgent", "pk").values_list("device_id", flat=True)
    devices = list(dict.fromkeys(ordered[: limit * 8]))[:limit]
    marks: list[int] = []
    since: dict[str, datetime] = {}
    for part in chunks(devices):
        rows = ReportMark.objects.filter(device__in=part).values_list("pk", "device__identifier", "since")
        for pk, identifier, begin in rows:
            marks.append(pk)
            since[identifier] = min(begin, since.get(identifier, begin))
    return Due(since, tuple(marks))
