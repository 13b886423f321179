"""A signed request: how a neighbour's node shows who it is when it asks for records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from otay.core.canonical import canonical_json
from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.envelope import read_time
from otay.exchange.domain.refusals import Code, Rejected

REQUEST = "otay.request.v1"
HEADER = "Otay-Request"
FRESH = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """Who asks whom for what. ``target`` is the path with its query; ``purpose`` says why, for the audit log."""

    sender: str
    receiver: str
    target: str
    purpose: str
    at: datetime
    key: str

    def document(self) -> dict[str, Any]:
        """The part that is signed."""
        return {
            "format": REQUEST,
            "sender": self.sender,
            "receiver": self.receiver,
            "target": self.target,
            "purpose": self.purpose,
            "at": self.at.isoformat(),
            "key": self.key,
        }

    def header(self, key: keys.SigningKey) -> str:
        """The value of the header ``Otay-Request``."""
        document = self.document()
        signed = canonical_json({"request": document, "signature": key.sign(REQUEST, document)})
        return keys.encode(signed)


def read_request(header: str) -> tuple[SignedRequest, str]:
    """The request in a header and its signature.

    Raises:
        Rejected: when it has another shape.
    """
    try:
        raw = json.loads(keys.decode(header[:8000]))
        document = raw["request"]
        request = SignedRequest(
            sender=document["sender"],
            receiver=document["receiver"],
            target=document["target"],
            purpose=document["purpose"],
            at=read_time(document["at"]),
            key=document["key"],
        )
        if request.document() != document:
            raise ValueError
        return request, str(raw["signature"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise Rejected(Code.BAD_SIGNATURE, N_("This door is for the neighbour's node: sign the request")) from None


def check_request(
    request: SignedRequest, signature: str, *, public: bytes, receiver: str, target: str, now: datetime
) -> None:
    """Raise :class:`Rejected` unless the request is signed, meant for this door and fresh."""
    if request.receiver != receiver or request.target != target:
        raise Rejected(Code.WRONG_RECEIVER, N_("The request was signed for another door"))
    if not keys.verifies(public, REQUEST, request.document(), signature):
        raise Rejected(Code.BAD_SIGNATURE, N_("The signature of the request does not hold"))
    if abs(now - request.at) > FRESH:
        raise Rejected(
            Code.STALE,
            N_("The request was signed at %(at)s and it is %(now)s here: check both clocks"),
            at=request.at.isoformat(),
            now=now.isoformat(),
        )
