"""How long what devices said is kept: thinned, then removed; what is evidence of a movement stays.

Never touched: reports with an alarm, reports that a keeper names (:data:`otay.goods.transit.reports.keepers`), reports
that still wait for their judgement, and of each device the newest report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.transit import reports
from otay.goods.transit.reports.domain import Kept
from otay.goods.transit.reports.models import Report, ReportFrame, ReportingDevice, ReportMark, ReportRetention
from otay.goods.transit.reports.queries import chunks
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor

MOST_UNREAD = 200_000
"""Frames that could not be read; beyond it the oldest go, so that nobody fills the disk with noise."""
DEVICES_TOGETHER = 200
_FIELDS = ("thin_after_days", "keep_one_in_minutes", "remove_after_days", "unread_after_days")


def settings() -> ReportRetention:
    """As set, else the defaults."""
    return ReportRetention.objects.first() or ReportRetention(pk=1)


def set_retention(*, actor: Actor, **days: int) -> ReportRetention:
    """Change some of the settings.

    Raises:
        Forbidden: unless ``actor`` may. Refused: for values that contradict one another.
    """
    actor.require("transit.set_retention")
    with transaction.atomic():
        found = settings()
        before = {name: getattr(found, name) for name in _FIELDS}
        for name in _FIELDS:
            setattr(found, name, days.get(name, before[name]))
        _check(found)
        found.pk = 1
        found.save()
        changed: dict[str, Any] = {
            name: [before[name], getattr(found, name)] for name in _FIELDS if before[name] != getattr(found, name)
        }
        audit.record(actor=actor, action="transit.retention_set", subject="retention:reports", **changed)
    return found


def _check(found: ReportRetention) -> None:
    bounds = {"thin_after_days": 1, "keep_one_in_minutes": 1, "remove_after_days": 1, "unread_after_days": 1}
    findings = [
        error(name, "retention.range", N_("%(name)s must be from %(least)s to 36500"), getattr(found, name), name=name,
              least=least)
        for name, least in bounds.items() if not least <= getattr(found, name) <= 36_500
    ]  # fmt: skip
    if found.thin_after_days > found.remove_after_days:
        text = N_("Positions cannot be thinned after they were removed")
        findings.append(error("thin_after_days", "retention.order", text, found.thin_after_days))
    if findings:
        raise Refused(N_("The retention was not changed"), findings=findings)


def tidy() -> dict[str, int]:
    """The scheduled job: thin, remove, and forget noise; what went is counted in the audit log."""
    rules, now = settings(), clock.now()
    gone: Counter[str] = Counter()
    numbers = list(ReportingDevice.objects.order_by("pk").values_list("pk", "identifier"))
    for part in chunks(numbers, DEVICES_TOGETHER):
        gone += _tidy_devices(dict(part), rules, now)
    gone["unread"] += _tidy_unread(now - timedelta(days=rules.unread_after_days))
    gone["devices"] += _tidy_strangers(now - timedelta(days=rules.unread_after_days))
    counts = {name: count for name, count in gone.items() if count}
    if counts:
        detail: dict[str, Any] = dict(counts)
        audit.record(actor=SYSTEM, action="transit.retention_run", subject="retention:reports", **detail)
    return counts


def _tidy_devices(devices: Mapping[int, str], rules: ReportRetention, now: datetime) -> Counter[str]:
    thin_before = now - timedelta(days=rules.thin_after_days)
    remove_before = now - timedelta(days=rules.remove_after_days)
    windows = _windows(list(devices.values()), thin_before)
    gone: Counter[str] = Counter()
    for pk, identifier in devices.items():
        old = _old(pk, thin_before, rules.keep_one_in_minutes, remove_before)
        kept = windows.get(identifier, [])
        removed, thinned = [], []
        for number, at, is_spare in old:
            if any(item.since <= at <= item.until for item in kept):
                continue
            if at < remove_before:
                removed.append(number)
            elif is_spare:
                thinned.append(number)
        _delete([*removed, *thinned])
        gone["removed"] += len(removed)
        gone["thinned"] += len(thinned)
    return gone


def _windows(identifiers: Sequence[str], before: datetime) -> dict[str, list[Kept]]:
    named: Iterable[Kept] = (item for keeper in reports.keepers for item in keeper(identifiers, before))
    ordered = sorted(named, key=lambda item: item.device_id)
    return {name: list(items) for name, items in groupby(ordered, key=lambda item: item.device_id)}


def _old(pk: int, before: datetime, minutes: int, removed_before: datetime) -> Iterator[tuple[int, datetime, bool]]:
    """Old reports without alarm: number, event time, and whether another one stands for it."""
    found = Report.objects.filter(device=pk, at__lt=before)
    waits = ReportMark.objects.filter(device=pk).order_by("since").values_list("since", flat=True).first()
    if waits is not None:
        found = found.filter(at__lt=waits)
    newest = Report.objects.filter(device=pk).order_by("-at").values_list("pk", flat=True).first()
    slot: object = None
    for number, at, alarmed in found.order_by("at", "pk").values_list("pk", "at", "alarmed").iterator():
        own = int(at.timestamp()) // (minutes * 60)
        spare, slot = own == slot, own
        if not alarmed and number != newest:
            yield number, at, spare


def _delete(numbers: Sequence[int]) -> None:
    for part in chunks(numbers):
        with transaction.atomic():
            frames = list(Report.objects.filter(pk__in=part).values_list("frame", flat=True))
            Report.objects.filter(pk__in=part).delete()
            used = Report.objects.filter(frame=OuterRef("pk"))
            ReportFrame.objects.filter(~Exists(used), pk__in=frames).delete()


def _tidy_unread(before: datetime) -> int:
    unread = ReportFrame.objects.filter(device=None)
    gone, _ = unread.filter(received_at__lt=before).delete()
    excess = unread.count() - MOST_UNREAD
    if excess > 0:
        last = unread.order_by("pk").values_list("pk", flat=True)[excess - 1]
        more, _ = unread.filter(pk__lte=last).delete()
        gone += more
    return gone


def _tidy_strangers(before: datetime) -> int:
    """Forget devices that nobody admitted and that have been silent for long, with what they said."""
    later = Report.objects.filter(device=OuterRef("pk"), received_at__gte=before)
    silent = ReportingDevice.objects.filter(
        ~Exists(later), state=ReportingDevice.State.QUARANTINED, first_heard_at__lt=before
    )
    numbers = list(silent.values_list("pk", flat=True)[:1000])
    for part in chunks(numbers, 100):
        with transaction.atomic():
            Report.objects.filter(device__in=part).delete()
            ReportFrame.objects.filter(device__in=part).delete()
            ReportingDevice.objects.filter(pk__in=part, state=ReportingDevice.State.QUARANTINED).delete()
    return len(numbers)
