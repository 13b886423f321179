"""The collector and the TCP door with a real database: handed over, on the disk, answered, settled."""

from __future__ import annotations

import socket
import threading
from typing import Any

import pytest
from django.db import OperationalError, connections

from factories.seals import jt701, own_report
from otay.goods.transit import reports
from otay.goods.transit.reports import collector as collecting
from otay.goods.transit.reports import storing
from otay.goods.transit.reports.collector import Collector
from otay.goods.transit.reports.incoming import Message
from otay.goods.transit.reports.models import Door, Report, ReportBatch
from otay.goods.transit.reports.tcp import Listening, TcpDoor
from otay.node import clock
from otay.node.actors import SYSTEM


@pytest.mark.django_db(transaction=True)
def test_from_the_wire_to_the_table_though_the_database_is_away_at_first(monkeypatch: pytest.MonkeyPatch) -> None:
    now = clock.now()
    reports.admit(actor=SYSTEM, device_ids=["7012345678", "S-1"])
    failures = [OperationalError("away"), OperationalError("away")]
    real = storing.take

    def take(*given: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(*given)

    monkeypatch.setattr(storing, "take", take)
    collector = Collector(Door.TCP)
    door = TcpDoor([Listening("127.0.0.1", 0, "jt701")], collector)
    collector.start()
    door.start()
    with socket.create_connection(("127.0.0.1", door.ports[0]), timeout=20) as device:
        device.sendall(jt701(at=now, flags=["ack_required"]))
        assert device.recv(10) == b"(P35)"
        assert not failures
    answered = threading.Semaphore(0)
    for number in range(250):
        message = Message("seals/otay-seal", own_report("S-1", now, index=number), "otay-seal")
        collector.submit(message, answered.release)
    # what cannot be settled stays in the journal, and its senders are answered all the same: it is on the disk
    door.stop()
    collector.stop()
    connections.close_all()
    assert all(answered.acquire(blocking=False) for _ in range(250))
    assert len(reports.of_device("S-1")) == 250
    assert len(reports.of_device("7012345678")) == 1
    _settling_fails(monkeypatch, now)


def _settling_fails(monkeypatch: pytest.MonkeyPatch, now: Any) -> None:
    """A batch that cannot be settled now waits in the journal; the next collector finds it there."""
    stored, real = Report.objects.count(), storing.settle

    def settle(batch: ReportBatch) -> Any:
        raise OperationalError("the database went away")

    monkeypatch.setattr(storing, "settle", settle)
    answered = threading.Event()
    collector = Collector(Door.MQTT)
    collector.start()
    collector.submit(Message("seals/otay-seal", own_report("S-1", now, index=999), "otay-seal"), answered.set)
    assert answered.wait(20)
    collector.stop()
    assert (Report.objects.count(), ReportBatch.objects.count()) == (stored, 1)
    monkeypatch.setattr(storing, "settle", real)
    monkeypatch.setattr(storing, "LEFT_AFTER", storing.LEFT_AFTER * 0)
    monkeypatch.setattr(collecting, "LEFT_BEHIND_SECONDS", 0.0)
    collector = Collector(Door.MQTT)
    collector.start()
    collector.submit(Message("seals/otay-seal", own_report("S-1", now, index=1000), "otay-seal"), lambda: None)
    collector.stop()
    connections.close_all()
    assert (Report.objects.count(), ReportBatch.objects.count()) == (stored + 2, 0)


def test_a_full_collector_refuses_who_must_not_wait() -> None:
    collector = Collector(Door.TCP, most=2)
    message = Message("x", b"y")
    assert [collector.offer(message, lambda: None) for _ in range(3)] == [True, True, False]
