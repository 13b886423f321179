"""The MQTT door: QoS 1, answered only when the bytes are on the disk, in a session that outlives this process.

Topics are ``seals/<protocol>/<device>`` or ``seals/<protocol>``. Where a topic names a device, reports of any other
device in it are not trusted: the broker's access list ties topics to senders (see the manual).
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.goods.transit.reports.collector import Collector
from otay.goods.transit.reports.reading import message_of

logger = logging.getLogger(__name__)

SESSION_SECONDS = 7 * 24 * 3600
IN_FLIGHT = 1000
KEEP_ALIVE_SECONDS = 30
DEFAULT_TOPIC = "seals/#"


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and how to sign in. ``ca``, ``certificate``, ``key``: files, for TLS."""

    host: str
    port: int
    tls: bool = False
    username: str = ""
    password: str = ""
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    topic: str = DEFAULT_TOPIC
    group: str = "otay"
    version: int = paho.MQTTv5

    @property
    def subscription(self) -> str:
        """The topic filter, shared by the sessions of the group if there is one."""
        return f"$share/{self.group}/{self.topic}" if self.group else self.topic


def broker_at(url: str, **given: Any) -> Broker:
    """The broker that ``mqtt://`` or ``mqtts://[user[:password]@]host[:port]`` names."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or port == -1 or parts.path not in {"", "/"}:
        raise OtayError(N_("%(url)s is not the address of a broker such as mqtts://user@broker.example:8883"), url=url)
    tls = parts.scheme == "mqtts"
    given["password"] = unquote(parts.password or "") or given.get("password", "")
    return Broker(parts.hostname, port or (8883 if tls else 1883), tls, unquote(parts.username or ""), **given)


class Session:
    """One MQTT session: takes the group's messages and answers each when it is on the disk.

    A connection that breaks is opened again; what was not answered is sent again by the broker.
    """

    def __init__(self, broker: Broker, name: str, collector: Collector) -> None:
        self.broker, self.name, self.collector = broker, name, collector
        self.received = 0
        self.subscribed = threading.Event()
        self._connection = 0
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=name,
            protocol=MQTTProtocolVersion(broker.version),
            clean_session=None if broker.version == paho.MQTTv5 else False,
            manual_ack=True,
            reconnect_on_failure=True,
        )
        self._client.reconnect_delay_set(1, 30)
        if broker.username:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            ca, certificate, key = (str(path) if path else None for path in (broker.ca, broker.certificate, broker.key))
            self._client.tls_set(ca, certificate, key)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def start(self) -> None:
        """Connect, and stay connected."""
        given: dict[str, Any] = {}
        if self.broker.version == paho.MQTTv5:
            properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.SessionExpiryInterval = SESSION_SECONDS
            properties.ReceiveMaximum = IN_FLIGHT
            given = {"clean_start": False, "properties": properties}
        self._client.connect_async(self.broker.host, self.broker.port, KEEP_ALIVE_SECONDS, **given)
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session and what is in it."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_connect(self, client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._connection += 1
        if code.is_failure:
            logger.error("the broker %s refuses %s: %s", self.broker.host, self.name, code)
            return
        client.subscribe(self.broker.subscription, qos=1)

    def _on_disconnect(self, _client: Any, _data: Any, _flags: Any, code: ReasonCode, _properties: Any) -> None:
        self._connection += 1
        self.subscribed.clear()
        if code.is_failure:
            logger.warning("%s lost the broker: %s", self.name, code)

    def _on_subscribe(self, _client: Any, _data: Any, _mid: int, codes: list[ReasonCode], _properties: Any) -> None:
        if any(code.is_failure for code in codes):
            logger.error("the broker does not let %s subscribe to %s: %s", self.name, self.broker.topic, codes)
        else:
            self.subscribed.set()

    def _on_message(self, client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        self.received += 1
        connection, number, qos = self._connection, message.mid, message.qos

        def answer() -> None:
            # on a new connection the number may mean another message: the broker sends this one again
            if qos and connection == self._connection:
                client.ack(number, qos)

        try:
            topic = message.topic
        except UnicodeDecodeError:
            topic = ""
        self.collector.submit(message_of(topic, bytes(message.payload)), answer)
