"""A neighbour for the tests: its node's real key, real signatures, real batches; only its database is a list."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import envelope, keys, keysums, ranges
from otay.exchange.domain.agreement import Term, Terms
from otay.exchange.domain.envelope import Head, Record
from otay.exchange.domain.questions import Answer, Line, Question, read_question
from otay.exchange.domain.receipt import Held, Receipt

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PARCEL_FIELDS = ("number", "weight", "port")


def parcel(number: str = "P-1", weight: str = "12.5", **more: Any) -> dict[str, Any]:
    """The body of an invented record."""
    return {"number": number, "weight": weight, "port": "2404", **more}


def terms(
    *, version: int = 1, fields: Sequence[str] = PARCEL_FIELDS, now: datetime | None = None, **changes: Any
) -> Terms:
    """An agreement between US and MX on parcels."""
    at = now or datetime.now(UTC)
    made: dict[str, Any] = {
        "reference": "MX-US-core",
        "version": version,
        "parties": ("MX", "US"),
        "purpose": "customs control",
        "retention_days": 30,
        "valid_from": at - timedelta(days=400),
        "valid_to": at + timedelta(days=400),
        "terms": (Term("test.parcel", tuple(fields), ("MX", "US")),),
        **changes,
    }
    return Terms(**made)


class Neighbour:
    """The node of MX as seen from outside: signs what it is told to, keeps the chain it has sent."""

    def __init__(self, country: str = "MX") -> None:
        self.country = country
        self.key = keys.SigningKey.generate()
        self.records: list[Record] = []

    def identity(self, url: str = "http://127.0.0.1:9") -> dict[str, Any]:
        """Its identity document."""
        return keys.signed_identity(
            keys.Identity(self.country, f"Node of {self.country}", url, self.key.public), self.key
        )

    def agreement_file(self, agreed: Terms) -> dict[str, Any]:
        """Terms under its signature."""
        return {"agreement": agreed.document(), "signatures": {self.country: rules.sign(agreed, self.key)}}

    def add(self, body: dict[str, Any] | None = None, **changes: Any) -> Record:
        """One more record in its stream."""
        body = parcel() if body is None else body
        raw = canonical_json(body) if body else b""
        made = {
            "record_type": "test.parcel",
            "business_key": str(body.get("number", "P-1")),
            "version": 1,
            "agreement": "MX-US-core/1",
            "created_at": datetime.now(UTC),
            "body_digest": digest(raw),
            "body": raw,
            **changes,
        }
        self.records.append(Record(**made))
        return self.records[-1]

    def link_at(self, sequence: int, receiver: str = "US") -> bytes:
        """The link of its stream at ``sequence``."""
        start = envelope.genesis(envelope.stream_name(self.country, receiver))
        if sequence == 0:
            return start
        return envelope.chained(self.records[:sequence], previous=start, last_sequence=0)[-1].link

    def head(self, first: int, last: int, **changes: Any) -> Head:
        """The head over a stretch of its stream."""
        receiver = str(changes.get("receiver", "US"))
        made = {
            "sender": self.country,
            "receiver": receiver,
            "first": first,
            "last": last,
            "previous": self.link_at(first - 1, receiver),
            "link": self.link_at(last, receiver),
            "agreements": tuple(sorted({record.agreement for record in self.records[first - 1 : last]})),
            "signed_at": datetime.now(UTC),
            "key": self.key.id,
            **changes,
        }
        return Head(**made)

    def batch(
        self, first: int = 1, last: int | None = None, *, signer: keys.SigningKey | None = None, **changes: Any
    ) -> bytes:
        """A batch as it would be delivered."""
        last = last or len(self.records)
        return envelope.pack(self.head(first, last, **changes), self.records[first - 1 : last], signer or self.key)[0]


@contextmanager
def registered_parcels(receive: Any, forget: Any = None) -> Iterator[None]:
    """``test.parcel`` as a record type that ``receive`` takes, while the context lasts; with ``forget`` it may be
    shared on the driver's consent."""
    from otay.exchange.registry import Field, RecordType, record_types

    fields = (
        Field("number", "Number"),
        Field("weight", "Weight"),
        Field("port", "Port"),
        Field("driver", "Driver", personal=True),
    )
    drivers = {"driver": lambda body: [body["driver"]] if body.get("driver") else []}
    record_types.register(
        RecordType("test.parcel", "Parcels", fields, receive, subjects=drivers if forget else {}, forget=forget)
    )
    try:
        yield
    finally:
        record_types._items.pop("test.parcel")


def paired(neighbour: Neighbour, url: str = "http://127.0.0.1:9", agreed: Terms | None = None) -> Any:
    """Trust the neighbour and put an agreement in force, as two administrators would; returns the peer."""
    from otay.exchange.services import agreements, identity
    from otay.node.actors import SYSTEM

    identity.ensure_identity()
    peer = identity.trust(actor=SYSTEM, document=neighbour.identity(url))
    agreed = agreed or terms()
    agreements.import_file(actor=SYSTEM, document=neighbour.agreement_file(agreed))
    agreements.sign(actor=SYSTEM, reference=agreed.reference, version=agreed.version)
    return peer


class Door:
    """The neighbour's door as a real HTTP server: takes batches, keeps what it holds, answers with signed receipts.

    ``trouble`` makes the next answers go wrong: ``lost`` (taken, but the receipt never arrives), ``down`` (503),
    ``busy`` (503, come back in 40 seconds),
    ``forged`` (receipt signed by a stranger), ``fork``, ``garbage``, ``quarantine`` (taken, the first new
    record not applied).
    """

    def __init__(self, neighbour: Neighbour) -> None:  # noqa: C901 - its server's ways
        self.neighbour = neighbour
        self.stream = envelope.stream_name("US", neighbour.country)
        self.links = [envelope.genesis(self.stream)]
        self.records: list[Record] = []
        self.trouble: list[str] = []
        self.taken: list[bytes] = []
        self.requests = 0
        self.held: list[Held] = []
        self.copy: dict[str, Any] | None = None
        self.tampered: dict[tuple[str, int], Line | None] = {}
        self.asked: list[Question] = []
        self.forge_books = False
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *args: Any) -> None:
                """Silence."""

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                if "/reconcile" in self.path:
                    self._answer((200, door.books(raw)))
                    return
                if self.headers.get("Content-Encoding") == "gzip":
                    raw = gzip.decompress(raw)
                self._answer(door.take(raw))

            def do_GET(self) -> None:
                if "/tail/" in self.path:
                    self._answer((200, door.tail(int(self.path.split("/tail/")[1].split("?")[0]))))
                    return
                if "/since/" in self.path:
                    self._answer((200, door.since(self.path)))
                    return
                self._answer((200, door.copy if door.copy and "/record" in self.path else door.receipt()))

            def _answer(self, answer: tuple[int, Any] | None) -> None:
                if answer is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                body = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("Content-Length", str(len(body)))
                if isinstance(answer[1], dict) and "wait" in answer[1]:
                    self.send_header("Retry-After", str(answer[1]["wait"]))
                self.end_headers()
                self.wfile.write(body)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    def receipt(self, key: keys.SigningKey | None = None) -> dict[str, Any]:
        """Its signed position."""
        key = key or self.neighbour.key
        at = datetime.now(UTC)
        told = Receipt(
            self.stream,
            len(self.links) - 1,
            self.links[-1],
            at,
            self.neighbour.country,
            self.neighbour.key.id,
            tuple(self.held),
        )
        return told.signed(key)

    def lines(self, stream: str) -> list[Line]:
        """What it holds of a stream, as :attr:`tampered` leaves it."""
        outgoing = stream == self.stream
        records = self.records if outgoing else self.neighbour.records
        entries = envelope.chained(records, previous=envelope.genesis(stream), last_sequence=0)
        held = {
            entry.sequence: Line(
                entry.sequence, record.record_type, record.business_key, record.version, entry.body_digest,
                record.body_digest, entry.link, "whole" if record.body else "erased",
                record.body_digest if record.body else b"",
            )
            for record, entry in zip(records, entries, strict=True)
        }  # fmt: skip
        for (name, number), line in self.tampered.items():
            if name == stream:
                held.pop(number, None)
                held |= {number: line} if line else {}
        return [held[number] for number in sorted(held)]

    def books(self, raw: bytes) -> dict[str, Any]:
        """Its signed answer to a question, from a list instead of a database."""
        asked = read_question(raw)
        self.asked.append(asked)
        position = len(self.links) - 1 if asked.stream == self.stream else len(self.neighbour.records)
        upto = min(asked.upto, position)
        held = [line for line in self.lines(asked.stream) if line.sequence <= upto]
        count = -(-upto // ranges.BUCKET)
        by_bucket: list[list[Line]] = [[] for _ in range(count)]
        for line in held:
            by_bucket[ranges.bucket_of(line.sequence)].append(line)
        tree = ranges.Tree([ranges.bucket_digest(line.leaf for line in lines) for lines in by_bucket])
        span = asked.keys or (1, 0)
        rows = [
            (line.sequence, line.record_type, line.business_key, line.version, line.body_digest)
            for line in held if span[0] <= line.sequence <= span[1]
        ]  # fmt: skip
        sums = keysums.key_sums(row[1:] for row in rows) if asked.keys and not asked.key_buckets else []
        told = Answer(
            asked.stream, digest(raw), self.neighbour.country, self.neighbour.key.id, datetime.now(UTC), position,
            bytes(32), upto, tree.root, {node: tuple(tree.children(*node)) for node in asked.nodes},
            tuple(line for bucket in asked.buckets if bucket < count for line in by_bucket[bucket]), (),
            tuple(one.to_bytes(32, "big") for one in sums),
            tuple(row for row in rows if keysums.key_bucket(row[1], row[2]) in asked.key_buckets),
        )  # fmt: skip
        return told.signed(keys.SigningKey.generate() if self.forge_books else self.neighbour.key)

    def since(self, path: str) -> dict[str, Any]:
        """A stretch of its own stream."""
        first = int(path.split("/since/")[1].split("?")[0]) + 1
        last = min(first + int(path.split("limit=")[1]) - 1, len(self.neighbour.records))
        return {"batch": self.neighbour.batch(first, last).decode() if first <= last else ""}

    def tail(self, sequence: int) -> dict[str, Any]:
        """What it holds of the asker's stream, as the asker signed it."""
        later = [raw for raw in self.taken if envelope.read_head(raw)[0].last > sequence]
        return {"batch": later[0].decode() if later else "", "position": self.receipt()}

    def take(self, raw: bytes) -> tuple[int, Any] | None:
        """Take a batch as a node would; what to answer, None to cut the line."""
        self.requests += 1
        trouble = self.trouble.pop(0) if self.trouble else ""
        if trouble == "down":
            return 503, {"title": "Service Unavailable"}
        if trouble == "busy":
            return 503, {"title": "busy", "wait": 40}
        if trouble == "garbage":
            return 200, b"<html>welcome</html>"
        if trouble == "fork":
            return 409, {"title": "two histories", "code": "fork"}
        batch = envelope.unpack(raw)
        if batch.head.first > len(self.links):
            return 409, {"title": "gap", "code": "gap", "position": self.receipt()}
        known = len(self.links) - batch.head.first
        if trouble == "quarantine":
            self.held.append(Held(len(self.links), "quarantined", "could not"))
        self.taken.append(raw)
        self.held += [
            Held(entry.sequence, "withheld", "came without its body")
            for record, entry in zip(batch.records[known:], batch.entries[known:], strict=True)
            if not record.body
        ]
        self.records += batch.records[known:]
        self.links += [entry.link for entry in batch.entries[known:]]
        if trouble == "lost":
            return None
        return 200, self.receipt(keys.SigningKey.generate() if trouble == "forged" else None)

    def __enter__(self) -> Door:
        self.thread.start()
        return self

    def __exit__(self, *_problem: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
