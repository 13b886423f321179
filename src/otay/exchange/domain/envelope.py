"""The envelope: a batch of records of one stream, chained, with one signature over the head of the chain.

On the wire a batch is lines of canonical JSON, so that a receiver hashes the bytes as they came::

    {"head": {...}, "signature": "..."}
    header of record 1        what it is: type, key, version, agreement, time, digest of the body
    body of record 1          empty where the body is withheld or its retention has ended
    header of record 2
    ...

A record's place in the chain covers its header, never its body: a body may be dropped later and the chain holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.refusals import Code, Rejected

BATCH = "otay.batch.v1"
MAX_RECORDS = 1000
MAX_BYTES = 12 * 1024 * 1024


def stream_name(sender: str, receiver: str) -> str:
    """The name of the one stream from ``sender`` to ``receiver``."""
    return f"{sender}>{receiver}"


def genesis(stream: str) -> bytes:
    """The link before the first record: differs from stream to stream, so no record fits another stream."""
    return digest(b"otay.stream.v1\x00" + stream.encode())


@dataclass(frozen=True, slots=True)
class Record:
    """One record as it travels. ``agreement`` is ``reference/version``. ``body`` is canonical JSON, or empty.
    ``corrects``: digest of the body of the version that this one replaces; empty for the first.
    """

    record_type: str
    business_key: str
    version: int
    agreement: str
    created_at: datetime
    body_digest: bytes
    body: bytes = b""
    corrects: bytes = b""

    def header(self) -> bytes:
        """What the chain covers."""
        parts = {
            "record_type": self.record_type,
            "business_key": self.business_key,
            "version": self.version,
            "agreement": self.agreement,
            "created_at": self.created_at.isoformat(),
            "body_digest": self.body_digest.hex(),
        }
        if self.corrects:
            parts["corrects"] = self.corrects.hex()
        return _encoded(parts)


@dataclass(frozen=True, slots=True)
class Head:
    """What the sender signs: a stretch of the stream from ``first`` to ``last``, from link to link."""

    sender: str
    receiver: str
    first: int
    last: int
    previous: bytes
    link: bytes
    agreements: tuple[str, ...]
    signed_at: datetime
    key: str

    @property
    def stream(self) -> str:
        """The stream it belongs to."""
        return stream_name(self.sender, self.receiver)

    def document(self) -> dict[str, Any]:
        """The part that is signed."""
        return {
            "format": BATCH,
            "sender": self.sender,
            "receiver": self.receiver,
            "stream": self.stream,
            "first": self.first,
            "last": self.last,
            "previous": self.previous.hex(),
            "link": self.link.hex(),
            "agreements": list(self.agreements),
            "signed_at": self.signed_at.isoformat(),
            "key": self.key,
        }


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was read; ``entries`` hold each record's place in the chain, counted from ``head.previous``."""

    head: Head
    signature: str
    records: tuple[Record, ...]
    entries: tuple[chain.Entry, ...]


def chained(records: Sequence[Record], *, previous: bytes, last_sequence: int) -> list[chain.Entry]:
    """The chain entries of ``records``, following ``previous``."""
    return list(chain.extend(previous, last_sequence, (digest(record.header()) for record in records)))


def pack(head: Head, records: Sequence[Record], key: keys.SigningKey) -> tuple[bytes, str]:
    """The bytes of a batch and its signature."""
    document = head.document()
    signature = key.sign(BATCH, document)
    return assembled(document, signature, records), signature


def assembled(head: Mapping[str, Any], signature: str, records: Sequence[Record]) -> bytes:
    """The bytes of a batch whose head was signed before."""
    lines = [canonical_json({"head": head, "signature": signature})]
    for record in records:
        lines += (record.header(), record.body)
    return b"\n".join(lines)


# The form of otay.core.canonical without its search for floats: here they are refused as the text is read.
_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def _encoded(value: dict[str, Any]) -> bytes:
    return _ENCODER.encode(value).encode()


def _no_float(text: str) -> float:
    raise ValueError(f"{text} is a float")


def _malformed(message: str, **params: Any) -> Rejected:
    return Rejected(Code.MALFORMED, message, **params)


def _json(line: bytes, what: str) -> dict[str, Any]:
    """A line as an object, refused unless it is canonical: one value, one byte string."""
    try:
        value = json.loads(line, parse_float=_no_float, parse_constant=_no_float)
        same = isinstance(value, dict) and _encoded(value) == line
    except (ValueError, TypeError, RecursionError):
        same = False
    if not same:
        raise _malformed(N_("%(what)s is not a canonical JSON object"), what=what)
    return value  # type: ignore[no-any-return]


def read_time(text: object) -> datetime:
    """A time as documents carry it: ISO 8601 with the offset +00:00."""
    try:
        time = datetime.fromisoformat(text)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise _malformed(N_("A time is not in ISO 8601")) from None
    if time.utcoffset() != timedelta(0) or time.isoformat() != text:
        raise _malformed(N_("A time is not in UTC, written as YYYY-MM-DDTHH:MM:SS+00:00"))
    return time


def read_link(text: object) -> bytes:
    """A link or digest: 64 hexadecimal digits."""
    if isinstance(text, str) and len(text) == 64 and text == text.lower():
        try:
            return bytes.fromhex(text)
        except ValueError:
            pass
    raise _malformed(N_("A link or digest is not 64 lower-case hexadecimal digits"))


def _head(document: Any) -> Head:
    if not isinstance(document, dict):
        raise _malformed(N_("The batch has no head"))
    try:
        head = Head(
            sender=document["sender"],
            receiver=document["receiver"],
            first=document["first"],
            last=document["last"],
            previous=read_link(document["previous"]),
            link=read_link(document["link"]),
            agreements=tuple(document["agreements"]),
            signed_at=read_time(document["signed_at"]),
            key=document["key"],
        )
    except (KeyError, TypeError):
        raise _malformed(N_("The head of the batch lacks a part")) from None
    texts = (head.sender, head.receiver, head.key, *head.agreements)
    if not all(isinstance(text, str) and 0 < len(text) <= 80 for text in texts):
        raise _malformed(N_("The head of the batch has a part of the wrong kind"))
    if type(head.first) is not int or type(head.last) is not int or not 0 < head.first <= head.last < 2**62:
        raise _malformed(N_("The numbers of the batch are not a range"))
    if document.get("stream") != head.stream:
        raise Rejected(
            Code.WRONG_STREAM, N_("The batch names a stream that is not the one between its sender and receiver")
        )
    if document != head.document():
        raise _malformed(N_("The head of the batch has parts that this version does not know"))
    return head


def _record(header: bytes, body: bytes) -> Record:
    raw = _json(header, "a header")
    try:
        record = Record(
            raw["record_type"],
            raw["business_key"],
            raw["version"],
            raw["agreement"],
            read_time(raw["created_at"]),
            read_link(raw["body_digest"]),
            body,
            read_link(raw["corrects"]) if "corrects" in raw else b"",
        )
    except KeyError:
        raise _malformed(N_("The header of a record lacks a part")) from None
    texts = (record.record_type, record.business_key, record.agreement)
    if not all(isinstance(text, str) and 0 < len(text) <= 80 and text.isprintable() for text in texts):
        raise _malformed(N_("A record's type, key or agreement is not a text of 1 to 80 characters"))
    if type(record.version) is not int or not 0 < record.version < 2**31 or record.header() != header:
        raise _malformed(N_("The header of a record has a part of the wrong kind"))
    if body and digest(body) != record.body_digest:
        raise _malformed(N_("A record's body is not the one that its header names"))
    return record


def read_head(raw: bytes) -> tuple[Head, str]:
    """Head and signature of a batch: all that is looked at before the signature is checked.

    Raises:
        Rejected: malformed, too large or of a stream that does not fit.
    """
    if len(raw) > MAX_BYTES:
        raise Rejected(
            Code.TOO_LARGE, N_("The batch is larger than %(limit)s bytes: send fewer records"), limit=MAX_BYTES
        )
    opening = raw.split(b"\n", 1)[0]
    if len(opening) > 100_000:
        raise _malformed(N_("The head of the batch is too long"))
    first = _json(opening, "the head")
    return _head(first.get("head")), str(first.get("signature", ""))


def unpack(raw: bytes) -> Batch:
    """Read a batch; whoever calls has checked the signature of the head first.

    Raises:
        Rejected: when it is malformed, a body is not the one its header names, or the chain does not lead from the
            head's first link to its last.
    """
    head, signature = read_head(raw)
    lines = raw.split(b"\n")[1:]
    count = head.last - head.first + 1
    if count > MAX_RECORDS:
        raise Rejected(Code.TOO_LARGE, N_("The batch has more than %(limit)s records"), limit=MAX_RECORDS)
    if len(lines) != 2 * count:
        raise _malformed(
            N_("The batch has %(lines)s lines; its head announces %(count)s records"), lines=len(lines), count=count
        )
    records = tuple(_record(lines[at], lines[at + 1]) for at in range(0, len(lines), 2))
    headers = map(digest, lines[::2])  # as they came: each is the one form of its record
    entries = tuple(chain.extend(head.previous, head.first - 1, headers))
    if entries[-1].link != head.link:
        raise _malformed(N_("The records do not lead to the link that was signed"))
    if not {record.agreement for record in records} <= set(head.agreements):
        raise _malformed(N_("A record cites an agreement that the head does not"))
    return Batch(head, signature, records, entries)


def parse_body(body: bytes) -> dict[str, Any]:
    """The body of a record.

    Raises:
        Rejected: when it is not a canonical JSON object.
    """
    return _json(body, "a body")


class Verdict(StrEnum):
    """How a batch stands to what the receiver already holds."""

    NEW = "new"
    DUPLICATE = "duplicate"
    GAP = "gap"
    FORK = "fork"


def judge(batch: Batch, last_sequence: int, stored: Mapping[int, bytes]) -> tuple[Verdict, int]:
    """How ``batch`` stands to a stream that ends at ``last_sequence``, and how many of its records are known already.

    ``stored``: number -> link as held (number 0 is the genesis of the stream): of the record before the batch, and of
    the newest record held within it. Where the first is lost, the batch proves nothing: the answer is a gap.
    """
    if batch.head.first > last_sequence + 1 or batch.head.first - 1 not in stored:
        return Verdict.GAP, 0
    if stored[batch.head.first - 1] != batch.head.previous:
        return Verdict.FORK, 0
    known = min(batch.head.last, last_sequence) - batch.head.first + 1
    within = [entry for entry in batch.entries[: max(known, 0)] if entry.sequence in stored]
    if within and stored[within[-1].sequence] != within[-1].link:
        return Verdict.FORK, 0
    return (Verdict.DUPLICATE if known == len(batch.records) else Verdict.NEW), known
