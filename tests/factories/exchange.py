"""A neighbour for the tests: its node's real key, real signatures, real batches; only its database is a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import envelope, keys
from otay.exchange.domain.agreement import Term, Terms
from otay.exchange.domain.envelope import Head, Record

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
PARCEL_FIELDS = ("number", "weight", "port")


def parcel(number: str = "P-1", weight: str = "12.5", **more: Any) -> dict[str, Any]:
    """The body of an invented record."""
    return {"number": number, "weight": weight, "port": "2404", **more}


def terms(*, version: int = 1, fields: Sequence[str] = PARCEL_FIELDS, now: datetime | None = None, **changes: Any) -> Terms:
    """An agreement between US and MX on parcels."""
    at = now or datetime.now(UTC)
    made: dict[str, Any] = {
        "reference": "MX-US-core", "version": version, "parties": ("MX", "US"), "purpose": "customs control",
        "retention_days": 30, "valid_from": at - timedelta(days=400), "valid_to": at + timedelta(days=400),
        "terms": (Term("test.parcel", tuple(fields), ("MX", "US")),), **changes,
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
        return keys.signed_identity(keys.Identity(self.country, f"Node of {self.country}", url, self.key.public), self.key)

    def agreement_file(self, agreed: Terms) -> dict[str, Any]:
        """Terms under its signature."""
        return {"agreement": agreed.document(), "signatures": {self.country: rules.sign(agreed, self.key)}}

    def add(self, body: dict[str, Any] | None = None, **changes: Any) -> Record:
        """One more record in its stream."""
        body = parcel() if body is None else body
        raw = canonical_json(body) if body else b""
        made = {
            "record_type": "test.parcel", "business_key": str(body.get("number", "P-1")), "version": 1,
            "agreement": "MX-US-core/1", "created_at": datetime.now(UTC), "body_digest": digest(raw), "body": raw, **changes,
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
            "sender": self.country, "receiver": receiver, "first": first, "last": last,
            "previous": self.link_at(first - 1, receiver), "link": self.link_at(last, receiver),
            "agreements": tuple(sorted({record.agreement for record in self.records[first - 1 : last]})),
            "signed_at": datetime.now(UTC), "key": self.key.id, **changes,
        }
        return Head(**made)

    def batch(self, first: int = 1, last: int | None = None, *, signer: keys.SigningKey | None = None, **changes: Any) -> bytes:
        """A batch as it would be delivered."""
        last = last or len(self.records)
        return envelope.pack(self.head(first, last, **changes), self.records[first - 1 : last], signer or self.key)[0]


@contextmanager
def registered_parcels(receive: Any) -> Iterator[None]:
    """``test.parcel`` as a record type that ``receive`` takes, while the context lasts."""
    from otay.exchange.registry import Field, RecordType, record_types

    fields = (Field("number", "Number"), Field("weight", "Weight"), Field("port", "Port"), Field("driver", "Driver", personal=True))
    record_types.register(RecordType("test.parcel", "Parcels", fields, receive))
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
