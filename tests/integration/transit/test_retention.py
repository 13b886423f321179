"""Positions are thinned and removed by age; what is evidence stays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest

from factories.node import plain_actor
from factories.seals import START, own_report
from factories.transit_room import departed
from otay.core.errors import Forbidden, Refused
from otay.goods.transit import reports
from otay.goods.transit.reports import retention, storing
from otay.goods.transit.reports.domain import Kept
from otay.goods.transit.reports.incoming import Message
from otay.goods.transit.reports.models import Door, Report, ReportFrame, ReportingDevice
from otay.node import clock
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> object:
    """Sets the node's clock."""

    def set_clock(moment: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: moment)

    set_clock(START)
    return set_clock


def drive(device: str, begin: datetime, minutes: int, **said: object) -> None:
    """A report a minute."""
    frames = [own_report(device, begin + timedelta(minutes=number), **said) for number in range(minutes)]
    storing.store(Door.MQTT, [Message("seals/x", frame, "otay-seal") for frame in frames])


def minutes_of(device: str, begin: datetime = START) -> list[int]:
    return [round((item.time - begin).total_seconds() / 60) for item in reports.of_device(device, trusted=False)]


def judged() -> None:
    while (due := reports.due()).since:
        reports.judged(due)


def test_old_positions_are_thinned_and_older_ones_removed_but_for_the_newest(at: object) -> None:
    reports.admit(actor=SYSTEM, device_ids=["S-1"])
    drive("S-1", START - timedelta(minutes=60), 60)
    judged()
    at(START + 29 * DAY)  # type: ignore[operator]
    assert retention.tidy() == {}
    at(START + 31 * DAY)  # type: ignore[operator]
    assert retention.tidy() == {"thinned": 55}
    assert minutes_of("S-1") == [-60, -45, -30, -15, -1]
    assert ReportFrame.objects.count() == 5, "the bytes go with the report"
    assert retention.tidy() == {}
    at(START + 400 * DAY)  # type: ignore[operator]
    assert retention.tidy() == {"removed": 4}
    assert minutes_of("S-1") == [-1]
    assert AuditEvent.objects.filter(action="transit.retention_run").count() == 2


def test_alarms_movements_and_what_waits_for_judgement_are_kept(at: object, monkeypatch: pytest.MonkeyPatch) -> None:
    reports.admit(actor=SYSTEM, device_ids=["S-1", "S-2"])
    drive("S-1", START - timedelta(minutes=60), 30)
    drive("S-1", START - timedelta(minutes=30), 2, alarms=["rope_cut"])
    drive("S-2", START - timedelta(minutes=60), 30)
    drive("S-2", START - timedelta(minutes=1), 1)
    judged()
    drive("S-2", START - timedelta(minutes=40, seconds=30), 1)  # not judged yet: all after it waits

    def keeper(devices: Sequence[str], before: datetime) -> Iterable[Kept]:
        assert set(devices) == {"S-1", "S-2"}
        return [Kept("S-1", START - timedelta(minutes=50), START - timedelta(minutes=41))]

    monkeypatch.setattr(reports, "keepers", [keeper])
    at(START + 400 * DAY)  # type: ignore[operator]
    retention.tidy()
    assert minutes_of("S-1") == [*range(-50, -40), -30, -29]
    assert minutes_of("S-2")[0] == -40
    assert len(minutes_of("S-2")) == 12
    assert Report.objects.count() == ReportFrame.objects.count()


def test_all_that_a_seal_said_on_its_movement_is_evidence(at: object) -> None:
    row = departed(device="S-1")
    use = row.seals.get()
    reports.admit(actor=SYSTEM, device_ids=["S-1"])
    begin = use.affixed_at - timedelta(minutes=30)
    at(begin + timedelta(hours=1))  # type: ignore[operator]
    drive("S-1", begin, 60)
    judged()
    use.removed_at = use.affixed_at + timedelta(minutes=20)
    use.save()
    at(begin + 400 * DAY)  # type: ignore[operator]
    retention.tidy()
    assert len(reports.of_device("S-1", use.affixed_at, use.removed_at)) >= 20
    assert len(minutes_of("S-1", begin)) <= 23, "what came before and after is gone, but for the newest"


def test_noise_and_strangers_are_forgotten(at: object, monkeypatch: pytest.MonkeyPatch) -> None:
    drive("X-1", START, 3)
    storing.store(Door.MQTT, [Message("x", bytes([number]) * 30, "jt701") for number in range(1, 9)])
    monkeypatch.setattr(retention, "MOST_UNREAD", 5)
    at(START + DAY)  # type: ignore[operator]
    assert retention.tidy() == {"unread": 3}
    at(START + 91 * DAY)  # type: ignore[operator]
    assert retention.tidy()["unread"] == 5
    assert not ReportFrame.objects.exists()
    assert not ReportingDevice.objects.exists()


def test_the_setting_is_changed_by_who_may_and_noted() -> None:
    changed = retention.set_retention(actor=SYSTEM, thin_after_days=10)
    assert (changed.thin_after_days, retention.settings().thin_after_days) == (10, 10)
    (event,) = AuditEvent.objects.filter(action="transit.retention_set")
    assert event.detail == {"thin_after_days": [30, 10]}
    for actor in (plain_actor("transit"), plain_actor("carrier", party="acme")):
        with pytest.raises(Forbidden):
            retention.set_retention(actor=actor, thin_after_days=1)
    for wrong in ({"thin_after_days": 0}, {"thin_after_days": 999}, {"keep_one_in_minutes": 10**6}):
        with pytest.raises(Refused):
            retention.set_retention(actor=SYSTEM, **wrong)
    assert retention.settings().thin_after_days == 10
