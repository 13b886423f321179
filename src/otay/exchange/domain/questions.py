"""What two nodes ask and answer to find where their books differ.

A question names a stream, how far to compare and what to show: children of nodes, or the records of buckets. The answer
is signed over the question's digest, so that it is evidence of what the neighbour said it held.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.envelope import read_link, read_time
from otay.exchange.domain.ranges import leaf
from otay.exchange.domain.refusals import Code, Rejected

ANSWER = "otay.reconcile.v1"
MAX_QUESTION = 64 * 1024
MAX_NODES = 64
MAX_BUCKETS = 16
WHOLE, ALTERED, ERASED, LOST = "whole", "altered", "erased", "lost"
"""How a body stands: as signed; not as signed; dropped for a reason; gone without one."""


@dataclass(frozen=True, slots=True)
class Question:
    """Compare ``stream`` up to record ``upto``: the children of ``nodes`` (level, index), the records of ``buckets``,
    and, with ``keys``, the digests over business keys of the numbers from ``keys[0]`` to ``keys[1]``."""

    stream: str
    upto: int
    nodes: tuple[tuple[int, int], ...] = ()
    buckets: tuple[int, ...] = ()
    keys: tuple[int, int] | None = None
    key_buckets: tuple[int, ...] = ()

    def body(self) -> bytes:
        """As it travels."""
        return canonical_json(
            {
                "stream": self.stream,
                "upto": self.upto,
                "nodes": [list(node) for node in self.nodes],
                "buckets": list(self.buckets),
                "keys": list(self.keys) if self.keys else None,
                "key_buckets": list(self.key_buckets),
            }
        )


def read_question(raw: bytes) -> Question:
    """The question in a request's body.

    Raises:
        Rejected: when it is not one, or asks for more than one answer may hold.
    """
    try:
        if len(raw) > MAX_QUESTION:
            raise ValueError
        said = json.loads(raw)
        span = said["keys"]
        question = Question(
            stream=str(said["stream"]),
            upto=said["upto"],
            nodes=tuple((level, index) for level, index in said["nodes"]),
            buckets=tuple(said["buckets"]),
            keys=(span[0], span[1]) if span is not None else None,
            key_buckets=tuple(said["key_buckets"]),
        )
        numbers = [question.upto, *question.buckets, *question.key_buckets, *(question.keys or ())]
        numbers += [number for node in question.nodes for number in node]
        fits = all(type(number) is int and 0 <= number < 2**62 for number in numbers) and question.body() == raw
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        fits = False
    if not fits:
        raise Rejected(Code.MALFORMED, N_("This is not a question about a stream"))
    if max(len(question.nodes), len(question.key_buckets)) > MAX_NODES or len(question.buckets) > MAX_BUCKETS:
        raise Rejected(Code.TOO_LARGE, N_("The question asks for too much at once"))
    return question


@dataclass(frozen=True, slots=True)
class Line:
    """One record as a node holds it: what is needed to tell which side's copy is the signed one. ``body`` is one of
    whole, altered, erased, lost; ``found`` the digest of the body that is there, empty without one."""

    sequence: int
    record_type: str
    business_key: str
    version: int
    header_digest: bytes
    body_digest: bytes
    link: bytes
    body: str
    found: bytes

    @property
    def leaf(self) -> bytes:
        """Its leaf in the tree."""
        present = self.body_digest if self.body in (WHOLE, ERASED) else self.found
        return leaf(self.sequence, self.header_digest, self.link, present)

    def as_list(self) -> list[Any]:
        """As it travels."""
        return [
            self.sequence,
            self.record_type,
            self.business_key,
            self.version,
            self.header_digest.hex(),
            self.body_digest.hex(),
            self.link.hex(),
            self.body,
            self.found.hex(),
        ]


def read_line(raw: Any) -> Line:
    """A line as :meth:`Line.as_list` made it.

    Raises:
        Rejected: when it has another shape.
    """
    try:
        sequence, record_type, key, version, header, body_digest, link, body, found = raw
        line = Line(
            int(sequence),
            str(record_type)[:80],
            str(key)[:80],
            int(version),
            read_link(header),
            read_link(body_digest),
            read_link(link),
            str(body),
            read_link(found) if found else b"",
        )
        if line.body in (WHOLE, ALTERED, ERASED, LOST) and line.as_list() == raw:
            return line
    except (TypeError, ValueError):
        pass
    raise Rejected(Code.MALFORMED, N_("The neighbour's answer about its records cannot be read"))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a node says it holds of ``stream``. ``position``: where it ends here; ``root`` covers it up to ``upto``;
    ``stray``: numbers that stand beyond the end, which no receipt covers."""

    stream: str
    question: bytes
    by: str
    key: str
    at: datetime
    position: int
    link: bytes
    upto: int
    root: bytes
    nodes: Mapping[tuple[int, int], tuple[bytes, ...]]
    records: tuple[Line, ...]
    stray: tuple[int, ...]
    key_sums: tuple[bytes, ...] = ()
    key_records: tuple[tuple[int, str, str, int, bytes], ...] = ()

    def document(self) -> dict[str, Any]:
        """The part that is signed."""
        return {
            "format": ANSWER,
            "stream": self.stream,
            "question": self.question.hex(),
            "by": self.by,
            "key": self.key,
            "at": self.at.isoformat(),
            "position": self.position,
            "link": self.link.hex(),
            "upto": self.upto,
            "root": self.root.hex(),
            "nodes": [[level, index, *(one.hex() for one in below)] for (level, index), below in self.nodes.items()],
            "records": [line.as_list() for line in self.records],
            "stray": list(self.stray),
            "key_sums": [one.hex() for one in self.key_sums],
            "key_records": [[*one[:4], one[4].hex()] for one in self.key_records],
        }

    def signed(self, key: keys.SigningKey) -> dict[str, Any]:
        """The document with its signature."""
        document = self.document()
        return {"answer": document, "signature": key.sign(ANSWER, document)}


def read_answer(raw: Any) -> Answer:
    """The answer in what the neighbour sent; its signature is checked by :func:`answer_verifies`.

    Raises:
        Rejected: when it has another shape.
    """
    document: Any = raw.get("answer") if isinstance(raw, dict) else None
    try:
        answer = Answer(
            stream=document["stream"],
            question=read_link(document["question"]),
            by=document["by"],
            key=document["key"],
            at=read_time(document["at"]),
            position=document["position"],
            link=read_link(document["link"]),
            upto=document["upto"],
            root=read_link(document["root"]),
            nodes={(level, index): tuple(map(read_link, below)) for level, index, *below in document["nodes"]},
            records=tuple(read_line(line) for line in document["records"]),
            stray=tuple(document["stray"]),
            key_sums=tuple(map(read_link, document["key_sums"])),
            key_records=tuple(
                (int(sequence), str(kind), str(key), int(version), read_link(one))
                for sequence, kind, key, version, one in document["key_records"]
            ),
        )
        same = answer.document() == document and all(type(one) is int for one in (answer.position, answer.upto))
    except (KeyError, TypeError, ValueError):
        same = False
    if not same:
        raise Rejected(Code.MALFORMED, N_("The neighbour's answer about its records cannot be read"))
    return answer


def answer_verifies(raw: Mapping[str, Any], answer: Answer, question: Question, public: bytes) -> bool:
    """True if ``answer`` was signed by the holder of ``public``, in reply to ``question``."""
    fits = answer.question == digest(question.body()) and answer.stream == question.stream
    return fits and keys.verifies(public, ANSWER, raw["answer"], raw.get("signature"))
