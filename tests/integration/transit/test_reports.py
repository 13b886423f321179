"""Reports of seals are kept once, whole and in order of event time, whatever arrives and however often."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from factories.node import plain_actor
from factories.seals import after, eseal, gt06, jt701, own_report
from otay.core.errors import Forbidden
from otay.formats.seals.frames import Family, Kind, Piece
from otay.goods.transit import reports
from otay.goods.transit.reports import keeping, reading, storing
from otay.goods.transit.reports.incoming import MESSAGE_BYTES, Message
from otay.goods.transit.reports.models import (
    Door,
    Flag,
    Report,
    ReportBatch,
    ReportFrame,
    ReportingDevice,
    ReportMark,
    ReportWording,
)
from otay.node import clock
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: after(60))


def send(*frames: bytes, family: str = "otay-seal", door: Door = Door.MQTT, **about: Any) -> storing.Settled:
    """Through the door, in one batch."""
    return storing.store(door, [Message("seals/test", frame, family, **about) for frame in frames])


def admit(*devices: str, **given: str) -> None:
    reports.admit(actor=SYSTEM, device_ids=devices, **given)


def test_a_report_is_kept_with_its_bytes_and_read_back_in_full() -> None:
    admit("7012345678", family="jt701")
    frame = jt701(at=after(10), flags=["rope_cut_alarm", "rope_inserted"], battery=55, index=7)
    assert send(frame, family="jt701").counts == {"stored": 1}
    (report,) = reports.of_device("7012345678")
    assert (report.time, report.received_at, report.battery, report.number) == (after(10), after(60), 55, 7)
    assert (round(report.lat or 0, 4), round(report.lon or 0, 4), report.valid) == (32.5503, -116.9384, True)
    assert report.alarms == ("rope_cut",)
    assert report.status["rope_inserted"] is True
    assert report.status["motor_locked"] is False
    assert report.trusted
    kept = ReportFrame.objects.get(pk=report.frame_id)
    assert (bytes(kept.raw), kept.door, kept.source, kept.family) == (frame, "mqtt", "seals/test", "jt701")
    assert not ReportBatch.objects.exists()


def test_event_time_orders_reports_whatever_order_they_came_in() -> None:
    admit("S-1")
    for minute in (30, 10, 50, 20):
        send(own_report(at=after(minute)))
    assert [item.time for item in reports.of_device("S-1")] == [after(minute) for minute in (10, 20, 30, 50)]
    assert [item.time for item in reports.of_device("S-1", after(20), after(50))] == [after(20), after(30)]
    assert reports.latest(["S-1", "S-2"])["S-1"].time == after(50)


def test_a_frame_that_comes_again_is_counted_and_not_doubled() -> None:
    admit("S-1")
    frame = own_report(at=after(1))
    assert send(frame, frame).counts == {"stored": 1, "duplicates": 1}
    assert send(frame, door=Door.HTTP).counts == {"duplicates": 1}
    assert Report.objects.count() == ReportFrame.objects.count() == 1
    device = ReportingDevice.objects.get(identifier="S-1")
    assert (device.duplicates, device.last_heard_at) == (2, after(60))


def test_the_same_bytes_of_two_devices_are_two_reports() -> None:
    """A status of GT06 names no device: the connection does."""
    status = gt06(0x13)
    storing.store(Door.TCP, [Message("x", status, "gt06", device=name) for name in ("1", "2")])
    assert sorted(Report.objects.values_list("device__identifier", flat=True)) == ["1", "2"]


def test_frames_without_a_time_count_once_and_keep_the_device_heard() -> None:
    admit("7000000001")
    first = send(b"(7000000001,@JT)", family="jt701")
    again = send(b"(7000000001,@JT)", family="jt701")
    assert (first.counts, again.counts) == ({"stored": 1}, {"duplicates": 1})
    (report,) = reports.of_device("7000000001")
    assert (report.time, report.flags) == (after(60), Flag.NO_TIME)
    assert ReportingDevice.objects.get(identifier="7000000001").last_heard_at == after(60)


@pytest.mark.parametrize(
    ("at", "flag"),
    [
        (after(60) + timedelta(minutes=6), Flag.FUTURE),
        (after(60) + timedelta(days=7000), Flag.FUTURE),
        (after(60) - timedelta(days=367), Flag.PAST),
    ],
)
def test_a_wrong_clock_is_kept_and_flagged_and_judges_nothing(at: Any, flag: Flag) -> None:
    admit("S-1")
    send(own_report(at=after(1)))
    ReportMark.objects.all().delete()
    assert send(own_report(at=at)).counts == {"stored": 1, "flagged": 1}
    assert [item.time for item in reports.of_device("S-1")] == [after(1)]
    odd = [item for item in reports.of_device("S-1", trusted=False) if not item.trusted]
    assert [item.flags for item in odd] == [flag]
    assert reports.latest(["S-1"])["S-1"].time == after(1)
    assert not ReportMark.objects.exists()
    assert ReportingDevice.objects.get(identifier="S-1").flagged == 1


def test_a_clock_that_is_a_little_ahead_is_trusted() -> None:
    admit("S-1")
    send(own_report(at=after(60) + timedelta(minutes=4)))
    assert reports.latest(["S-1"])


@pytest.mark.parametrize(
    ("data", "family", "rule"),
    [
        (b"\x00\xff\x17 noise", "jt701", "seal.garbage"),
        (b"", "jt701", "seal.empty"),
        (jt701()[:-9], "jt701", "seal.truncated"),
        (b'{"otay": "seal/1"}', "otay-seal", "seal.field"),
        (b"hello", "", "seal.family"),
        (b"hello", "nosuch", "seal.family"),
        (b"(" * (MESSAGE_BYTES + 100), "jt701", "seal.too_large"),
        (b"\x7e" + bytes(30) + b"\x01\x7e", "jt808", "seal"),
        (gt06(0x13), "gt06", "seal.device"),
    ],
)
def test_what_cannot_be_read_is_kept_with_the_reason(data: bytes, family: str, rule: str) -> None:
    settled = send(data, family=family)
    assert settled.counts["unread"] >= 1
    assert settled.counts["stored"] == 0
    frame = ReportFrame.objects.get(device=None)
    assert bytes(frame.raw) == data[: MESSAGE_BYTES + 1]
    assert any(str(item["rule"]).startswith(rule) for item in frame.findings)


def test_the_same_noise_is_one_row_with_a_count() -> None:
    send(b"noise", b"noise", family="jt701")
    send(b"noise", family="jt701")
    assert list(ReportFrame.objects.values_list("copies", flat=True)) == [3]


def test_noise_between_frames_costs_no_frame() -> None:
    admit("7012345678")
    data = b"abc" + jt701(at=after(1)) + b"\xfe\xfe" + jt701(at=after(2)) + b"$70"
    settled = send(data, family="jt701")
    assert settled.counts == {"stored": 2, "unread": 3}


def test_what_a_database_cannot_keep_is_made_storable() -> None:
    admit("S-1")
    text = own_report(at=after(1), card="a\x00b")
    tera = (
        b'{"MDeviceID": "T-1", "DateTime": "2026-01-15 08:00:00", "CardNo": "\\u0000\\ud800", "DeviceType": "\\udfff"}'
    )
    assert send(text).counts == {"stored": 1}
    assert send(tera, family="teratrack").counts == {"stored": 1}
    assert send(b'{"otay": "seal/1", "x": "\\u0000"}').counts == {"unread": 1}
    assert storing.store(Door.MQTT, [Message("seals/\x00", b"\x00", "")]).counts == {"unread": 1}
    assert reports.of_device("S-1")[0].card == "a\N{REPLACEMENT CHARACTER}b"


# --- who may speak ----------------------------------------------------------------------------------------------


def test_an_unknown_device_is_in_quarantine_until_admitted_and_then_judged() -> None:
    settled = send(own_report("X-9", at=after(5)), own_report("X-9", at=after(3)))
    assert settled.counts == {"stored": 2}
    assert ReportingDevice.objects.get(identifier="X-9").state == "quarantined"
    assert not reports.due().since
    admit("X-9")
    assert reports.due().since == {"X-9": after(3)}
    assert [item.flags for item in reports.of_device("X-9")] == [Flag.QUARANTINED, Flag.QUARANTINED]
    assert AuditEvent.objects.filter(action="transit.device_admitted", subject="device:X-9").count() == 1


def test_inventing_names_fills_the_quarantine_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MAX_QUARANTINED", 3)
    admit("S-1")
    settled = send(*(own_report(f"N-{number}", at=after(1)) for number in range(10)), own_report(at=after(1)))
    assert settled.counts == {"stored": 4, "unread": 7}
    assert ReportingDevice.objects.filter(state="quarantined").count() == 3
    assert ReportFrame.objects.filter(device=None).count() == 7
    assert reports.latest(["S-1"])


def test_a_report_in_anothers_topic_is_not_trusted_and_does_not_hide_the_true_one() -> None:
    admit("S-1", "S-2")
    frame = own_report("S-1", at=after(1))
    assert send(frame, device="S-2").counts == {"stored": 1, "flagged": 1}
    assert not reports.of_device("S-1")
    assert not reports.due().since
    assert send(frame, device="S-1").counts == {"stored": 1}
    assert [item.flags for item in reports.of_device("S-1")] == [0]
    assert reports.due().since == {"S-1": after(1)}


def test_a_device_in_another_makers_protocol_is_not_trusted() -> None:
    admit("7012345678", family="jt701")
    assert send(own_report("7012345678", at=after(1))).counts == {"stored": 1, "flagged": 1}
    assert not reports.of_device("7012345678")


def test_a_barred_device_is_heard_and_judges_nothing() -> None:
    admit("S-1")
    reports.bar(actor=SYSTEM, device_ids=["S-1"], reason="stolen")
    assert send(own_report(at=after(1))).counts == {"stored": 1, "flagged": 1}
    assert not reports.of_device("S-1")
    assert len(reports.of_device("S-1", trusted=False)) == 1


def test_admitting_needs_the_permission() -> None:
    for actor in (plain_actor("port_officer"), plain_actor("carrier", party="acme")):
        with pytest.raises(Forbidden):
            reports.admit(actor=actor, device_ids=["S-1"])
        with pytest.raises(Forbidden):
            reports.bar(actor=actor, device_ids=["S-1"], reason="x")
    assert not ReportingDevice.objects.exists()


# --- marks ------------------------------------------------------------------------------------------------------


def test_marks_name_the_earliest_news_of_a_device_and_go_with_the_judgement() -> None:
    admit("S-1", "S-2")
    send(own_report("S-1", at=after(9)), own_report("S-2", at=after(7)))
    send(own_report("S-1", at=after(4)))
    due = reports.due()
    assert due.since == {"S-1": after(4), "S-2": after(7)}
    send(own_report("S-1", at=after(2)))  # while somebody judges
    reports.judged(due)
    assert reports.due().since == {"S-1": after(2)}


def test_a_judgement_that_fails_keeps_its_marks() -> None:
    admit("S-1")
    send(own_report(at=after(4)))
    with contextlib.suppress(RuntimeError), transaction.atomic():
        reports.judged(reports.due())
        raise RuntimeError
    assert reports.due().since == {"S-1": after(4)}


def test_duplicates_are_not_judged_again() -> None:
    admit("S-1")
    send(own_report(at=after(4)))
    reports.judged(reports.due())
    send(own_report(at=after(4)))
    assert not reports.due().since


def test_many_devices_are_judged_in_turns() -> None:
    names = [f"S-{number}" for number in range(7)]
    admit(*names)
    send(*(own_report(name, at=after(1)) for name in names))
    seen: list[str] = []
    while (due := reports.due(limit=3)).since:
        assert len(due.since) <= 3
        seen += due.since
        reports.judged(due)
    assert sorted(seen) == names


def test_a_seal_that_complains_is_judged_before_the_positions_of_others() -> None:
    admit("S-1", "S-2", "S-3", "S-4")
    send(own_report("S-1"), own_report("S-2"), own_report("S-1", at=after(1)))
    send(own_report("S-3", alarms=["rope_cut"]), own_report("S-4", status={"locked": False}))
    send(own_report("S-3", at=after(2)))
    turns = []
    while (due := reports.due(limit=2)).since:
        turns.append(dict(due.since))
        reports.judged(due)
    assert turns == [{"S-3": after(0), "S-4": after(0)}, {"S-1": after(0), "S-2": after(0)}], "and each once"


def test_many_windows_at_once_are_the_windows_one_by_one() -> None:
    admit("S-1", "S-2")
    send(
        *(
            own_report(f"S-{1 + minute % 2}", at=after(minute), alarms=["rope_cut"] * (minute == 4))
            for minute in range(12)
        )
    )
    send(own_report("S-1", at=after(5)), device="S-2")  # in another's name: not trusted
    windows = [
        *(("S-1", after(0), None), ("S-1", after(2), after(8)), ("S-2", after(3), after(4)), ("S-2", after(20), None)),
        ("S-9", after(0), None),
    ]
    found = reports.of_windows(windows)
    assert found == {window: reports.of_device(*window) for window in windows}
    assert [len(told) for told in found.values()] == [6, 3, 1, 0, 0]


def test_listeners_hear_of_devices_with_news_and_their_faults_hurt_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[frozenset[str]] = []

    def faulty(devices: frozenset[str]) -> None:
        raise RuntimeError("a fault of the listener")

    monkeypatch.setattr(reports, "listeners", [faulty, heard.append])
    admit("S-1")
    send(own_report("S-1", at=after(1)), own_report("X-1", at=after(1)))
    send(own_report("S-1", at=after(1)))
    assert heard == [frozenset({"S-1"})]


# --- crashes and faults -----------------------------------------------------------------------------------------


def test_a_batch_left_behind_is_settled_by_whoever_comes_next(monkeypatch: pytest.MonkeyPatch) -> None:
    admit("S-1")
    storing.take(Door.MQTT, [Message("seals/test", own_report(at=after(1)), "otay-seal")])
    assert not Report.objects.exists()
    assert storing.settle_left_behind() == 0, "it may still be at work"
    real = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: real + storing.LEFT_AFTER * 2)
    assert storing.settle_left_behind() == 1
    assert storing.settle_left_behind() == 0
    assert reports.due().since == {"S-1": after(1)}


def test_settling_twice_is_harmless() -> None:
    admit("S-1")
    batch = storing.take(Door.MQTT, [Message("seals/test", own_report(at=after(1)), "otay-seal")])
    assert storing.settle(batch).counts == {"stored": 1}
    assert storing.settle(batch).counts == {}
    assert Report.objects.count() == ReportMark.objects.count() == 1


def test_a_batch_that_kills_every_process_is_kept_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def read(messages: Sequence[Message]) -> list[reading.Frame]:
        raise Killed

    batch = storing.take(Door.MQTT, [Message("seals/test", own_report(at=after(1)), "otay-seal")] * 2)
    real = clock.real_now()
    monkeypatch.setattr(clock, "real_now", lambda: real + storing.LEFT_AFTER * 2)
    monkeypatch.setattr(reading, "read", read)
    with pytest.raises(Killed):
        storing.settle(batch)
    for _ in range(storing.ATTEMPTS - 1):
        with pytest.raises(Killed):
            storing.settle_left_behind()
    assert storing.settle_left_behind() == 1
    frame = ReportFrame.objects.get()
    assert (frame.copies, frame.findings[0]["rule"]) == (2, "seal.poison")


def test_a_fault_of_a_reader_costs_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(data: bytes) -> Any:
        yield Piece(Kind.FRAME, 0, data)
        raise RuntimeError("a fault of the reader")

    monkeypatch.setitem(reading.FAMILIES, "upro", Family("upro", faulty, lambda *_: []))
    admit("S-1")
    settled = storing.store(
        Door.MQTT, [Message("a", b"*x", "upro"), Message("b", own_report(at=after(1)), "otay-seal")]
    )
    assert settled.counts == {"stored": 1, "unread": 1}
    assert ReportFrame.objects.get(device=None).findings[0]["rule"] == "seal.fault"


def test_a_message_that_the_database_refuses_costs_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    real = keeping._row

    def row(item: Any, received: Any, wording: int) -> Any:
        if item.device.identifier == "S-2":
            raise DatabaseError("refused")
        return real(item, received, wording)

    monkeypatch.setattr(keeping, "_row", row)
    admit("S-1", "S-2", "S-3")
    settled = send(*(own_report(name, at=after(1)) for name in ("S-1", "S-2", "S-3")))
    assert settled.counts == {"stored": 2, "unread": 1}
    assert set(reports.due().since) == {"S-1", "S-3"}
    assert not ReportBatch.objects.exists()


def test_wordings_are_kept_once_and_survive_a_rollback() -> None:
    admit("S-1")
    with contextlib.suppress(RuntimeError), transaction.atomic():
        send(own_report(at=after(1), alarms=["drop"]))
        raise RuntimeError
    keeping._wordings.clear()  # what a process of its own would not have
    send(own_report(at=after(1), alarms=["drop"]), own_report(at=after(2), alarms=["drop"]))
    assert ReportWording.objects.count() == 1
    assert {item.alarms for item in reports.of_device("S-1")} == {("drop",)}


def test_answers_of_eseal_and_jointech_are_given_by_the_http_service() -> None:
    from otay.goods.transit.reports import services

    _, answers = services.receive(
        actor=SYSTEM, frames=[("eseal", eseal()), ("jt701", jt701(flags=["ack_required"], index=5))]
    )
    assert answers == [b"##S,eSeal,1000821,256,3.0.8,Normal ACK,1,E##\r\n", b"(P35)"]
