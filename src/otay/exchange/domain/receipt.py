"""The receipt: the receiver's signed word on how far it holds a stream, and on what of it was not applied."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.envelope import read_link, read_time
from otay.exchange.domain.refusals import Code, Rejected

RECEIPT = "otay.receipt.v1"


@dataclass(frozen=True, slots=True)
class Held:
    """A record that the receiver has in its chain but did not apply. ``state``: quarantined, refused or withheld."""

    sequence: int
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """``by`` holds ``stream`` up to ``sequence``, ending in ``link``; all of it applied but for ``held``."""

    stream: str
    sequence: int
    link: bytes
    at: datetime
    by: str
    key: str
    held: tuple[Held, ...] = ()

    def document(self) -> dict[str, Any]:
        """The part that is signed."""
        return {
            "format": RECEIPT,
            "stream": self.stream,
            "sequence": self.sequence,
            "link": self.link.hex(),
            "at": self.at.isoformat(),
            "by": self.by,
            "key": self.key,
            "held": [{"sequence": one.sequence, "state": one.state, "reason": one.reason} for one in self.held],
        }

    def signed(self, key: keys.SigningKey) -> dict[str, Any]:
        """The document with its signature."""
        document = self.document()
        return {"receipt": document, "signature": key.sign(RECEIPT, document)}


def read_receipt(raw: Any) -> Receipt:
    """The receipt in an answer; its signature is checked by :func:`receipt_verifies`.

    Raises:
        Rejected: when it has another shape.
    """
    document: Any = raw.get("receipt") if isinstance(raw, dict) else None
    try:
        receipt = Receipt(
            stream=document["stream"],
            sequence=document["sequence"],
            link=read_link(document["link"]),
            at=read_time(document["at"]),
            by=document["by"],
            key=document["key"],
            held=tuple(Held(one["sequence"], one["state"], one["reason"]) for one in document["held"]),
        )
        same = receipt.document() == document and type(receipt.sequence) is int
    except (KeyError, TypeError):
        same = False
    if not same:
        raise Rejected(Code.MALFORMED, N_("The neighbour's answer is not a receipt"))
    return receipt


def receipt_verifies(raw: dict[str, Any], public: bytes) -> bool:
    """True if the receipt in ``raw`` was signed by the holder of ``public``."""
    return keys.verifies(public, RECEIPT, raw["receipt"], raw.get("signature"))
