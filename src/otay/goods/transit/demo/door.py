"""The demonstration's door for seals: a small broker inside the node, this node listening to it, and a seal that sends.

What a visitor sees arriving live went the way of any seal's report: broker, session, journal, table, judgement.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings

if TYPE_CHECKING:
    import paho.mqtt.client as paho

    from otay.goods.transit.reports.broker import EmbeddedBroker
    from otay.goods.transit.reports.listening import Listener

logger = logging.getLogger(__name__)

BESIDE = 10
"""The broker's port lies so far above that of the node's pages."""
ANSWER_SECONDS = 5.0


class DemoDoor:
    """Opened once; where it cannot be, because its port is taken, the demonstration does without."""

    def __init__(self, port: int | None = None) -> None:
        self.port = port
        self.tried = False
        self._listener: Listener | None = None
        self._broker: EmbeddedBroker | None = None
        self._seal: paho.Client | None = None

    def open(self) -> bool:
        """True when it is open. Tends it as well; called about every few seconds."""
        if not self.tried:
            self.tried = True
            with suppress(Exception):
                self._opened()
        if self._listener is not None:
            self._listener.tend()
        return self._seal is not None and self._seal.is_connected()

    def send(self, reports: Sequence[tuple[str, bytes]]) -> bool:
        """Each (device, report) with QoS 1; False when the broker did not take them all in time."""
        seal = self._seal
        if seal is None or not self.open():
            return False
        sent = [seal.publish(f"seals/otay-seal/{device}", content, qos=1) for device, content in reports]
        try:
            for one in sent:
                one.wait_for_publish(ANSWER_SECONDS)
        except (ValueError, RuntimeError):
            return False
        return all(one.is_published() for one in sent)

    @property
    def stored(self) -> int:
        """How many reports came in."""
        return 0 if self._listener is None else self._listener.stored

    def close(self) -> None:
        """For tests; a node's own end needs no care."""
        if self._seal is not None:
            self._seal.disconnect()
            self._seal.loop_stop()
        if self._listener is not None:
            self._listener.stop()
        if self._broker is not None:
            self._broker.stop()

    def _opened(self) -> None:
        import paho.mqtt.client as paho
        from paho.mqtt.enums import CallbackAPIVersion

        from otay.goods.transit.reports.broker import HOST, EmbeddedBroker
        from otay.goods.transit.reports.listening import Listener

        port = self.port or (urlsplit(settings.OTAY.url).port or 8000) + BESIDE
        try:
            broker = EmbeddedBroker(port)
            broker.start()
        except BaseException as problem:
            logger.warning("no broker for the demonstration's seals at port %s: %s", port, problem)
            raise
        self._broker, self._listener = broker, Listener()
        self._listener.over_mqtt(f"mqtt://{HOST}:{port}", group="", mqtt_version="3.1.1")
        self._listener.start()
        seal = paho.Client(CallbackAPIVersion.VERSION2, client_id="demo-seals")
        connected = threading.Event()
        seal.on_connect = lambda *_: connected.set()
        seal.connect(HOST, port)
        seal.loop_start()
        connected.wait(ANSWER_SECONDS)
        self._seal = seal
