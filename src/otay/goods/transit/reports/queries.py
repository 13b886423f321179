"""Reads of reports."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from django.db.models import F, OuterRef, QuerySet, Subquery

from otay.goods.transit.reports.domain import DeviceReport, Due
from otay.goods.transit.reports.models import UNTRUSTED, Report, ReportingDevice, ReportMark

_T = TypeVar("_T")
CHUNK = 500


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


def due(limit: int) -> Due:
    """Devices with reports that nobody judged yet, those marked first first."""
    marks: list[int] = []
    since: dict[str, datetime] = {}
    rows = ReportMark.objects.order_by("pk").values_list("pk", "device__identifier", "since")[: limit * 8]
    for pk, identifier, begin in rows:
        if identifier not in since and len(since) == limit:
            break
        marks.append(pk)
        since[identifier] = min(begin, since.get(identifier, begin))
    return Due(since, tuple(marks))
