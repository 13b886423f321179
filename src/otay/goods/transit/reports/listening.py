"""The doors of one process, put together: a collector for each, sessions tended, all of it ended in order."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import paho.mqtt.client as paho
from django.conf import settings
from django.db import close_old_connections

from otay.goods.transit.reports.collector import Collector
from otay.goods.transit.reports.models import Door
from otay.goods.transit.reports.mqtt import broker_at
from otay.goods.transit.reports.sessions import Sessions
from otay.goods.transit.reports.tcp import Listening, TcpDoor

logger = logging.getLogger(__name__)

TEND_SECONDS = 1.0


class Listener:
    """What ``otay transit listen`` runs."""

    def __init__(self) -> None:
        self._collectors: list[Collector] = []
        self.sessions: Sessions | None = None
        self.tcp: TcpDoor | None = None

    def over_mqtt(
        self,
        url: str,
        *,
        password: str = "",
        topic: str = "seals/#",
        group: str = "otay",
        sessions: int = 2,
        mqtt_version: str = "5",
        mqtt_ca: Path | None = None,
        mqtt_cert: Path | None = None,
        mqtt_key: Path | None = None,
    ) -> None:
        """Listen to a broker. Without a group one session has all of it."""
        version = paho.MQTTv5 if mqtt_version == "5" else paho.MQTTv311
        broker = broker_at(
            url, password=password, topic=topic, group=group, version=int(version), ca=mqtt_ca, certificate=mqtt_cert,
            key=mqtt_key,
        )  # fmt: skip
        count = sessions if group else 1
        names = [f"otay-{settings.OTAY.country.lower()}-{group or 'all'}-{number}" for number in range(1, count + 1)]
        self.sessions = Sessions(broker, names, self._collector(Door.MQTT))

    def over_tcp(self, addresses: list[Listening]) -> None:
        """Listen on addresses."""
        self.tcp = TcpDoor(addresses, self._collector(Door.TCP))

    def addresses(self) -> list[str]:
        """Where the TCP door listens."""
        if self.tcp is None:
            return []
        return [f"{item.host}:{port}" for item, port in zip(self.tcp.addresses, self.tcp.ports, strict=True)]

    @property
    def stored(self) -> int:
        """How many messages this process put on the disk."""
        return sum(collector.stored for collector in self._collectors)

    def start(self) -> None:
        """Open the doors."""
        for collector in self._collectors:
            collector.start()
        if self.tcp:
            self.tcp.start()
        self.tend()

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set; then end in order."""
        while not stop.wait(TEND_SECONDS):
            self.tend()
        self.stop()

    def tend(self) -> None:
        """Look after the sessions; a database that is away is waited for."""
        if self.sessions is None:
            return
        try:
            self.sessions.tend()
        except Exception:
            logger.exception("the sessions could not be tended")
            close_old_connections()

    def stop(self) -> None:
        """Doors first, then what was handed over."""
        if self.tcp:
            self.tcp.stop()
        if self.sessions:
            self.sessions.stop()
        for collector in self._collectors:
            collector.stop()

    def _collector(self, door: Door) -> Collector:
        collector = Collector(door)
        self._collectors.append(collector)
        return collector
