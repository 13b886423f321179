"""Evidence that stands alone: one record, the path of links to the next signed head, and the neighbour's receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.envelope import BATCH, read_link
from otay.exchange.domain.receipt import RECEIPT
from otay.exchange.domain.refusals import Code, Rejected

PROOF = "otay.proof.v1"


class Verdict(StrEnum):
    """What became of a step of the check."""

    HOLDS = "holds"
    FAILED = "failed"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what was looked at, and what came out. Texts are message templates. ``key``: who signed, for a step
    about a signature; ``sender``: it is the sender's."""

    title: str
    verdict: Verdict
    problem: str = ""
    value: str = ""
    key: str = ""
    sender: bool = False


@dataclass(frozen=True, slots=True)
class Checked:
    """What a proof shows, step by step. ``held``: the state of a record that the receiver's receipt says it did not
    apply (quarantined, refused...); empty when it was applied."""

    stream: str
    sequence: int
    header: Mapping[str, Any]
    body_present: bool
    signed_by: str
    signed_at: str
    receipted_by: str
    receipted_at: str
    held: str
    steps: tuple[Step, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """What does not hold; each is a message template."""
        return tuple(one.problem for one in self.steps if one.verdict is Verdict.FAILED)

    @property
    def holds(self) -> bool:
        """True when every part fits."""
        return not self.problems


def build(
    *,
    stream: str,
    sequence: int,
    header: Mapping[str, Any],
    body: str,
    previous: bytes,
    path: Sequence[bytes],
    head: Mapping[str, Any],
    signature: str,
    receipt: Mapping[str, Any] | None,
    public: Mapping[str, str],
) -> dict[str, Any]:
    """The evidence file. ``path``: header digests of the records after this one, up to the later of head and receipt.
    ``body``: canonical JSON, or empty. ``public``: key name -> raw key in base64."""
    return {
        "format": PROOF,
        "stream": stream,
        "sequence": sequence,
        "header": dict(header),
        "body": body,
        "previous": previous.hex(),
        "path": [one.hex() for one in path],
        "head": dict(head),
        "signature": signature,
        "receipt": dict(receipt) if receipt else None,
        "public": dict(public),
    }


def verify(proof: Any) -> Checked:
    """Check an evidence file by itself. Whose keys they are is for the reader to compare with identities they trust.

    Raises:
        Rejected: when the file is not an evidence file.
    """
    try:
        if proof["format"] != PROOF:
            raise KeyError
        return _checked(proof)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise Rejected(Code.MALFORMED, N_("This is not an evidence file of an exchanged record")) from None


def _checked(proof: Mapping[str, Any]) -> Checked:
    head, receipt, header = proof["head"], proof["receipt"], proof["header"]
    links = _links(proof)
    steps = [
        _body_step(proof),
        _step(
            N_("Its place in the sender's chain"),
            head["stream"] == proof["stream"] and links.get(head["last"]) == head["link"],
            N_("The record is not part of what the sender signed"),
            f"{proof['stream']} {proof['sequence']}",
        ),
        _step(
            N_("The sender's signature"),
            keys.verifies(_public(proof, head["key"]), BATCH, head, proof["signature"]),
            N_("The sender's signature does not hold"),
            str(head["signed_at"]),
            key=str(head["key"]),
            sender=True,
        ),
        *_receipt_steps(proof, links),
    ]
    return Checked(
        stream=proof["stream"],
        sequence=proof["sequence"],
        header=header,
        body_present=bool(proof["body"]),
        signed_by=head["key"],
        signed_at=head["signed_at"],
        receipted_by=receipt["receipt"]["key"] if receipt else "",
        receipted_at=receipt["receipt"]["at"] if receipt else "",
        held=_held(receipt["receipt"], proof["sequence"]) if receipt else "",
        steps=tuple(steps),
    )


def _step(title: str, holds: bool, problem: str, value: str, *, key: str = "", sender: bool = False) -> Step:
    return Step(
        title, Verdict.HOLDS if holds else Verdict.FAILED, "" if holds else problem, value, key=key, sender=sender
    )


def _body_step(proof: Mapping[str, Any]) -> Step:
    title, signed = N_("The contents are those that were signed"), str(proof["header"]["body_digest"])
    if not proof["body"]:
        return Step(
            title, Verdict.OPEN, N_("The contents were dropped; their digest is still under the signature"), signed
        )
    same = digest(proof["body"].encode()).hex() == signed
    return _step(title, same, N_("The body is not the one that was signed"), signed)


def _receipt_steps(proof: Mapping[str, Any], links: Mapping[int, str]) -> list[Step]:
    if not proof["receipt"]:
        return [Step(N_("The receiver's receipt"), Verdict.OPEN, N_("The file holds none: custody is not shown"))]
    told, signature = proof["receipt"]["receipt"], proof["receipt"]["signature"]
    return [
        _step(
            N_("The receiver's receipt"),
            told["stream"] == proof["stream"] and links.get(told["sequence"]) == told["link"],
            N_("The receipt is not for this record"),
            str(told["at"]),
        ),
        _step(
            N_("The receiver's signature"),
            keys.verifies(_public(proof, told["key"]), RECEIPT, told, signature),
            N_("The receiver's signature does not hold"),
            str(told["at"]),
            key=str(told["key"]),
        ),
    ]


def _held(receipt: Mapping[str, Any], sequence: int) -> str:
    return next((str(one["state"]) for one in receipt["held"] if one["sequence"] == sequence), "")


def _links(proof: Mapping[str, Any]) -> dict[int, str]:
    """Number -> link in hexadecimal, from this record to the end of the path."""
    digests = [digest(canonical_json(proof["header"])), *(read_link(one) for one in proof["path"])]
    entries = chain.extend(read_link(proof["previous"]), proof["sequence"] - 1, digests)
    return {entry.sequence: entry.link.hex() for entry in entries}


def _public(proof: Mapping[str, Any], name: str) -> bytes:
    """The raw key called ``name``; empty when the file's key does not bear that name."""
    raw = keys.decode(proof["public"].get(name))
    return raw if keys.key_id(raw) == name else b""
