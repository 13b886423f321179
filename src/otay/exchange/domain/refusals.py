"""Why a node turns a request of its neighbour down."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from otay.core.errors import OtayError
from otay.core.i18n import N_


class Code(StrEnum):
    """Stable names of refusals: what programs act on and the console lists."""

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNKNOWN_SENDER = "unknown_sender"
    WRONG_RECEIVER = "wrong_receiver"
    WRONG_STREAM = "wrong_stream"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    NO_AGREEMENT = "no_agreement"
    NOT_AGREED = "not_agreed"
    GAP = "gap"
    FORK = "fork"
    WRONG_DOOR = "wrong_door"
    RESTORING = "restoring"


TITLES: dict[str, str] = {
    Code.MALFORMED: N_("Not in the agreed form"),
    Code.TOO_LARGE: N_("Over the size limit"),
    Code.UNKNOWN_SENDER: N_("Unknown sender"),
    Code.WRONG_RECEIVER: N_("Meant for another node"),
    Code.WRONG_STREAM: N_("Belongs to another stream"),
    Code.BAD_SIGNATURE: N_("Signature does not hold"),
    Code.STALE: N_("Signed too long ago"),
    Code.NO_AGREEMENT: N_("No agreement in force"),
    Code.NOT_AGREED: N_("Not covered by the agreement"),
    Code.GAP: N_("A number is missing"),
    Code.FORK: N_("Two versions of one history"),
    Code.WRONG_DOOR: N_("At the wrong door"),
    Code.RESTORING: N_("Being restored"),
}

_STATUS = {
    Code.TOO_LARGE: 413,
    Code.UNKNOWN_SENDER: 401,
    Code.BAD_SIGNATURE: 401,
    Code.STALE: 401,
    Code.NO_AGREEMENT: 403,
    Code.NOT_AGREED: 403,
    Code.GAP: 409,
    Code.FORK: 409,
    Code.WRONG_DOOR: 421,
    Code.RESTORING: 409,
}


class Rejected(OtayError):
    """A request that is turned down. ``answer`` goes back with it (a signed position, for a gap)."""

    def __init__(self, code: Code, message: str, *, answer: dict[str, Any] | None = None, **params: Any) -> None:
        super().__init__(message, **params)
        self.code = code
        self.status = _STATUS.get(code, 422)
        self.answer = answer or {}
