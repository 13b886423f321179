"""Doors that the node opens by itself: those of node.toml, and the demonstration's small broker."""

from __future__ import annotations

import dataclasses
import socket
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from factories.seal_traffic import HOST, free_port, wait
from factories.seals import jt701, own_report
from otay.goods.transit import reports
from otay.goods.transit.demo import door as demo_door
from otay.goods.transit.demo.door import DemoDoor
from otay.goods.transit.reports import storing
from otay.goods.transit.reports.doors import NONE_SECONDS, TEND_SECONDS, Doors
from otay.node import clock, config
from otay.node.actors import SYSTEM


@pytest.mark.django_db(transaction=True)
def test_a_node_opens_the_doors_that_its_settings_name(monkeypatch: pytest.MonkeyPatch) -> None:
    doors = Doors()
    assert doors.step() == NONE_SECONDS, "none is named"
    reports.admit(actor=SYSTEM, device_ids=["7012345678"])
    given = dataclasses.replace(settings.OTAY, seal_tcp=(f"{HOST}:0=jt701",))
    monkeypatch.setattr(settings, "OTAY", given)
    assert doors.step() == doors.step() == TEND_SECONDS
    assert doors.listener is not None
    assert doors.listener.tcp is not None
    with socket.create_connection((HOST, doors.listener.tcp.ports[0]), timeout=20) as device:
        device.sendall(jt701(at=clock.now(), flags=["ack_required"]))
        assert device.recv(10) == b"(P35)"
    doors.listener.stop()
    connections.close_all()
    assert len(reports.of_device("7012345678")) == 1


@pytest.mark.django_db(transaction=True)
def test_the_seals_of_the_demonstration_come_through_a_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_door, "ANSWER_SECONDS", 60.0)
    reports.admit(actor=SYSTEM, device_ids=["DEMO-X"])
    door = DemoDoor(free_port())
    try:
        wait("the door", door.open)
        now = clock.now()
        assert door.send([("DEMO-X", own_report("DEMO-X", now, index=number)) for number in range(5)])
        wait("the reports", lambda: door.stored == 5)
    finally:
        door.close()
        connections.close_all()
    # what could not be settled at once, because a table of the tests' database was being read, waits in the journal
    monkeypatch.setattr(storing, "LEFT_AFTER", storing.LEFT_AFTER * 0)
    storing.settle_left_behind()
    assert len(reports.of_device("DEMO-X")) == 5


def test_a_demonstration_whose_port_is_taken_does_without_a_door() -> None:
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        door = DemoDoor(other.getsockname()[1])
        assert not door.open()
        assert not door.send([("DEMO-X", b"{}")])
        door.close()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('seal_mqtt = "http://broker"', "seal_mqtt"),
        ('seal_mqtt = "broker:1883"', "seal_mqtt"),
        ('seal_tcp = "0.0.0.0:10011"', "seal_tcp"),
        ("seal_tcp = [10011]", "seal_tcp"),
    ],
)
def test_a_door_that_cannot_be_is_refused_with_its_setting(tmp_path: Path, line: str, named: str) -> None:
    home = tmp_path / "node"
    config.create(home, country="US", name="Test", language="en", url="http://127.0.0.1:8000")
    (home / config.FILE).write_text((home / config.FILE).read_text() + line + "\n")
    with pytest.raises(config.BadConfiguration) as refused:
        config.load(home)
    assert named in str(refused.value)
