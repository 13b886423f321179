"""Records that the exchange sends about itself, in the same chain as all others: a new key, what was erased, and what
must be, because a consent was withdrawn.

They tell nothing of persons or goods, so that no agreement covers them; they cite :data:`CONTROL` instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from otay.core.i18n import N_
from otay.exchange.domain import keys
from otay.exchange.domain.envelope import read_time
from otay.exchange.domain.refusals import Code, Rejected

CONTROL = "otay.control/1"
KEY_ROTATION = "otay.key_rotation"
ERASURE = "otay.erasure"
WITHDRAWAL = "otay.consent_withdrawal"
TYPES = frozenset((KEY_ROTATION, ERASURE, WITHDRAWAL))
ROTATION = "otay.key-rotation.v1"
MAX_RANGES = 500


@dataclass(frozen=True, slots=True)
class Rotation:
    """``country`` replaces its key ``old`` by the key ``public``."""

    country: str
    old: str
    public: bytes
    at: datetime

    @property
    def new(self) -> str:
        """The name of the new key."""
        return keys.key_id(self.public)

    def document(self) -> dict[str, Any]:
        """The part that both keys sign."""
        return {
            "format": ROTATION,
            "country": self.country,
            "old": self.old,
            "new": self.new,
            "public": keys.encode(self.public),
            "at": self.at.isoformat(),
        }

    def signed(self, old: keys.SigningKey, new: keys.SigningKey) -> dict[str, Any]:
        """The record's body: the old key hands over, and the new one shows that its private half is held."""
        document = self.document()
        return {"rotation": document, "signatures": {key.id: key.sign(ROTATION, document) for key in (old, new)}}


def read_rotation(body: Mapping[str, Any], *, country: str, trusted: Mapping[str, bytes]) -> Rotation:
    """The rotation in a record's body. ``trusted``: the country's keys that may sign new things.

    Raises:
        Rejected: when it has another shape, is another country's, or is not signed by a trusted key and by the new one.
    """
    try:
        document, signatures = body["rotation"], body["signatures"]
        rotation = Rotation(
            document["country"], document["old"], keys.decode(document["public"]), read_time(document["at"])
        )
        same = rotation.document() == document and len(rotation.public) == 32
        given = {name: signatures.get(name) for name in (rotation.old, rotation.new)}
    except (KeyError, TypeError, AttributeError):
        same = False
    if not same or rotation.country != country or rotation.old == rotation.new:
        raise Rejected(Code.MALFORMED, N_("This is not a change of the neighbour's key"))
    old = trusted.get(rotation.old, b"")
    for name, public in ((rotation.old, old), (rotation.new, rotation.public)):
        if not keys.verifies(public, ROTATION, document, given[name]):
            raise Rejected(Code.BAD_SIGNATURE, N_("The change of key is not signed by a trusted key and the new one"))
    return rotation


@dataclass(frozen=True, slots=True)
class Erasure:
    """The receiver of ``stream`` has dropped the bodies of the numbers in ``ranges``, as ``agreement`` asks."""

    stream: str
    agreement: str
    at: datetime
    ranges: tuple[tuple[int, int], ...]

    @property
    def records(self) -> int:
        """How many records."""
        return sum(last - first + 1 for first, last in self.ranges)

    def body(self) -> dict[str, Any]:
        """The record's body."""
        return {
            "stream": self.stream,
            "agreement": self.agreement,
            "at": self.at.isoformat(),
            "ranges": [list(one) for one in self.ranges],
        }


def read_erasure(body: Mapping[str, Any], *, stream: str) -> Erasure:
    """The confirmation in a record's body, which must be about ``stream``.

    Raises:
        Rejected: when it has another shape or is about another stream.
    """
    try:
        erasure = Erasure(body["stream"], body["agreement"], read_time(body["at"]), _ranges(body))
        fits = erasure.body() == body and erasure.stream == stream and _in_order(erasure.ranges)
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise Rejected(Code.MALFORMED, N_("This is not a confirmation of erasure for this stream"))
    return erasure


def _ranges(body: Mapping[str, Any]) -> tuple[tuple[int, int], ...]:
    return tuple((first, last) for first, last in body["ranges"])


def _in_order(ranges: tuple[tuple[int, int], ...]) -> bool:
    """True for one to :data:`MAX_RANGES` stretches of numbers, each after the one before."""
    flat = [number for one in ranges for number in one]
    return (
        0 < len(flat) <= 2 * MAX_RANGES
        and all(type(number) is int and 0 < number < 2**62 for number in flat)
        and all(first <= last for first, last in ranges)
        and flat == sorted(flat)
    )


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A consent to ``programme`` was withdrawn: the receiver of ``stream`` is to drop the contents of ``ranges``. Who
    withdrew is not told: the numbers say which records, and the rest is nobody else's concern."""

    stream: str
    programme: str
    at: datetime
    ranges: tuple[tuple[int, int], ...]

    def body(self) -> dict[str, Any]:
        """The record's body."""
        return {
            "stream": self.stream,
            "programme": self.programme,
            "at": self.at.isoformat(),
            "ranges": [list(one) for one in self.ranges],
        }


def read_withdrawal(body: Mapping[str, Any], *, stream: str) -> Withdrawal:
    """The withdrawal in a record's body, which must be about ``stream``.

    Raises:
        Rejected: when it has another shape or is about another stream.
    """
    try:
        told = Withdrawal(body["stream"], body["programme"], read_time(body["at"]), _ranges(body))
        fits = told.body() == body and told.stream == stream and _in_order(told.ranges)
    except (KeyError, TypeError, ValueError):
        fits = False
    if not fits:
        raise Rejected(Code.MALFORMED, N_("This is not the withdrawal of a consent for this stream"))
    return told


def as_ranges(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as stretches without gaps, in order."""
    found: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1] = (found[-1][0], number)
        else:
            found.append((number, number))
    return found
