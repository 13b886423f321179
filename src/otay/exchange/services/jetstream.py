"""NATS JetStream as the carrier between nodes: batches one way, signed receipts the other.

JetStream acknowledges a message before it has flushed it, so its word counts for nothing here: an outbox row waits
until the neighbour's signed receipt is stored, and what is not receipted in time is sent again. A broker that loses
its disk therefore loses nothing. Messages carry no identifier to drop duplicates by: a resend must never be swallowed,
and a batch that comes twice is known by its chain.

Subjects: ``otay.batch.<sender>.<receiver>`` and ``otay.receipt.<sender>.<receiver>``, of one work-queue stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import threading
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.db import OperationalError

from otay.core.errors import Conflict, OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, queries
from otay.exchange.domain import packing
from otay.exchange.domain.refusals import Rejected
from otay.exchange.models import Peer, PeerHealth
from otay.exchange.services import acceptance, delivery, transport

STREAM = "OTAY"
IN_FLIGHT = 4
"""Batches on their way to one neighbour without a receipt: more would only fill the broker while it is down."""
BATCH_RECORDS, BATCH_BYTES = 500, 2 * 1024 * 1024
RESEND_AFTER = 5.0
BUSY_FOR = 2
_TIMEOUT = 5.0
_HANDLED_AGAIN_AFTER = 60
T = TypeVar("T")
log = logging.getLogger(__name__)


class Broker:
    """A connection to the NATS server, kept by a thread of its own; the methods wait for their answer."""

    def __init__(self, url: str, credentials: Path | None, name: str) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="nats", daemon=True).start()
        self._options: dict[str, Any] = {
            "servers": [url], "name": name, "connect_timeout": _TIMEOUT, "allow_reconnect": False,
        }  # fmt: skip
        if credentials is not None:
            self._options["user_credentials"] = str(credentials)
        self._connection: Any = None
        self._stream: Any = None
        self._pulls: dict[str, Any] = {}

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(4 * _TIMEOUT)

    @property
    def connected(self) -> bool:
        """True while the server answers."""
        return self._connection is not None and self._connection.is_connected

    @property
    def largest(self) -> int:
        """Bytes that the server takes in one message."""
        return int(self._connection.max_payload)

    def connect(self) -> None:
        """Connect, and see that stream and queues are there (a broker may have come back empty)."""
        self._wait(self._connected())

    async def _connected(self) -> None:
        import nats
        from nats.js.api import RetentionPolicy, StorageType, StreamConfig

        await self._closed()

        async def quiet(_problem: Exception) -> None:
            """What went wrong is raised where it is waited for."""

        self._connection = await nats.connect(error_cb=quiet, **self._options)
        self._stream = self._connection.jetstream(timeout=_TIMEOUT)
        await self._stream.add_stream(
            StreamConfig(
                name=STREAM,
                subjects=["otay.batch.*.*", "otay.receipt.*.*"],
                storage=StorageType.FILE,
                retention=RetentionPolicy.WORK_QUEUE,
            )
        )

    async def _closed(self) -> None:
        self._pulls.clear()
        if self._connection is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._connection.close(), 1)
        self._connection = None

    def close(self) -> None:
        """End the connection; the next :meth:`connect` begins anew."""
        self._wait(self._closed())

    def put(self, subject: str, content: bytes, *, gzipped: bool = False) -> None:
        """Hand the broker a message."""
        headers = {"Content-Encoding": "gzip"} if gzipped else None
        self._wait(self._stream.publish(subject, content, headers=headers))

    def take(self, subject: str, *, most: int = IN_FLIGHT) -> list[Any]:
        """Messages that wait under ``subject``, oldest first; at once, none if there are none."""
        return self._wait(self._taken(subject, most))

    async def _taken(self, subject: str, most: int) -> list[Any]:
        from nats.errors import TimeoutError as Nothing
        from nats.js.api import ConsumerConfig

        if subject not in self._pulls:
            durable = subject.replace(".", "-")
            config = ConsumerConfig(ack_wait=_HANDLED_AGAIN_AFTER, max_ack_pending=most)
            self._pulls[subject] = await self._stream.pull_subscribe(subject, durable, stream=STREAM, config=config)
        try:
            found: list[Any] = await self._pulls[subject].fetch(most, timeout=0.05)
        except Nothing:
            return []
        return found

    def done(self, message: Any) -> None:
        """The message may go."""
        self._wait(message.ack())

    def later(self, message: Any, seconds: float) -> None:
        """Give the message to us again after a while."""
        self._wait(message.nak(delay=seconds))


@dataclass(slots=True)
class Way:
    """How far this process has handed a neighbour's batches to the broker, and since when no receipt came."""

    sent: int = 0
    in_flight: list[int] = field(default_factory=list)
    receipted: int = -1
    quiet_since: float = 0.0

    def look(self, acknowledged: int, now: float) -> None:
        """Take in how far the neighbour has receipted; send again from there when it has been quiet for too long."""
        self.in_flight = [last for last in self.in_flight if last > acknowledged]
        if acknowledged != self.receipted or not self.in_flight:
            self.receipted, self.quiet_since = acknowledged, now
        if now - self.quiet_since > RESEND_AFTER or self.sent < acknowledged:
            self.restart(acknowledged, now)

    def restart(self, acknowledged: int, now: float) -> None:
        """Begin again after what is receipted."""
        self.sent, self.in_flight, self.receipted, self.quiet_since = acknowledged, [], acknowledged, now


_ways: dict[str, Way] = {}


@cache
def broker() -> Broker:
    """The one connection of this process."""
    credentials = Path(settings.OTAY.keys) / "nats.creds"
    own = keystore.own_country()
    return Broker(settings.OTAY.nats, credentials if credentials.exists() else None, f"otay-{own}")


def step() -> float:
    """One turn: take what neighbours sent, take their receipts, send what is due; seconds until the next.

    Raises:
        Conflict: when the broker does not answer; the outbox keeps what waits.
    """
    if not settings.OTAY.nats:
        return 3600.0
    link = broker()
    try:
        if not link.connected:
            _ways.clear()
            link.connect()
        worked = [_turn(link, peer) for peer in Peer.objects.filter(state=Peer.State.TRUSTED)]
    except OperationalError:
        raise
    except Exception as problem:  # the client's errors have no common class of their own
        with contextlib.suppress(Exception):
            link.close()
        told = N_("The NATS server does not answer as it should: %(problem)s")
        raise Conflict(told, problem=str(problem) or type(problem).__name__) from problem
    return 0.0 if any(worked) else delivery.IDLE_SECONDS


def _turn(link: Broker, peer: Peer) -> bool:
    own = keystore.own_country()
    batches = link.take(f"otay.batch.{peer.country}.{own}")
    for one in batches:
        _take_batch(link, peer, one)
    receipts = link.take(f"otay.receipt.{own}.{peer.country}")
    for one in receipts:
        _take_receipt(link, peer, one)
    return _send(link, peer) or bool(batches or receipts)


def _take_batch(link: Broker, peer: Peer, message: Any) -> None:
    """Store what came, then answer, then let the message go: a stop in between only brings it again."""
    gzipped = (message.headers or {}).get("Content-Encoding") == "gzip"
    try:
        answer = acceptance.accept_batch(packing.unpacked(message.data) if gzipped else packing.bounded(message.data))
    except Rejected as refusal:
        answer = {"code": refusal.code.value, "title": refusal.text("en"), **refusal.answer}
    except OperationalError:
        log.exception("a batch was not taken: the database has no room or time for it")
        link.later(message, BUSY_FOR)
        return
    link.put(f"otay.receipt.{peer.country}.{keystore.own_country()}", json.dumps(answer).encode())
    link.done(message)


def _take_receipt(link: Broker, peer: Peer, message: Any) -> None:
    health = PeerHealth.objects.get(peer=peer)
    try:
        answer = json.loads(message.data)
        if "code" in answer:
            refusal = transport.Declined(str(answer.get("title", ""))[:200], code=str(answer["code"]), answer=answer)
            delivery.declined(peer, health, refusal)
            _way(peer).restart(PeerHealth.objects.get(peer=peer).acknowledged, time.monotonic())
        else:
            receipt, signed = delivery.receipt_of(peer, answer)
            if receipt.sequence >= health.acknowledged and not health.restored_at:  # receipts may pass one another
                delivery.settle(peer, receipt, signed)
    except (OtayError, ValueError, TypeError, RecursionError) as problem:
        delivery.pause(health, str(problem)[:300])
    link.done(message)


def _way(peer: Peer) -> Way:
    return _ways.setdefault(peer.country, Way())


def _send(link: Broker, peer: Peer) -> bool:
    """Hand over what is due, a few batches ahead of the receipts; True if anything went."""
    health = PeerHealth.objects.get(peer=peer)
    way = _way(peer)
    way.look(health.acknowledged, time.monotonic())
    if health.restored_at or (health.next_attempt_at and health.next_attempt_at > keystore.real_now()):
        return False
    subject = f"otay.batch.{keystore.own_country()}.{peer.country}"
    went = False
    for content, gzipped, last in _batches(link, peer, way):
        link.put(subject, content, gzipped=gzipped)
        way.sent = last
        way.in_flight.append(last)
        went = True
    return went


def _batches(link: Broker, peer: Peer, way: Way) -> Iterator[tuple[bytes, bool, int]]:
    limit, agreements = BATCH_RECORDS, queries.standings([peer])[peer.pk]
    while len(way.in_flight) < IN_FLIGHT:
        rows, waits = delivery.due_rows(peer, agreements, way.sent, limit, size_limit=BATCH_BYTES)
        if not rows:
            if waits:
                delivery.pause(PeerHealth.objects.get(peer=peer), waits)
            return
        raw = delivery.signed_batch(peer, agreements, rows)
        content, gzipped = packing.packed(raw)
        if len(content) + 1024 <= link.largest:
            yield content, gzipped, rows[-1].sequence
        elif len(rows) > 1:
            limit = len(rows) // 2
        else:
            told = N_("Record %(sequence)s of the stream is larger than the NATS server takes: raise its max_payload")
            delivery.pause(PeerHealth.objects.get(peer=peer), str(Conflict(told, sequence=rows[0].sequence)))
            return
