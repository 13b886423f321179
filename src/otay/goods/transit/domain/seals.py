"""Seals as things: what kind, in whose hands, in which state, and the log that cannot be changed.

Classes after ISO 17712 (I indicative, S security, H high security). The status of an electronic seal after ISO 18185:
sealed or opened, with a flag for the battery; what happened to it is appended as permanent records, which is what the
chained log here is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from otay.core.canonical import canonical_json
from otay.core.errors import Conflict
from otay.core.i18n import N_, Term

CHAIN = "transit.seals"
IDENTIFIER = re.compile(r"[A-Z0-9][A-Z0-9./-]{2,19}")
CLASSES = ("I", "S", "H")


class State(StrEnum):
    """Where a seal is in its life. ``BROKEN``: opened, cut or found damaged while it should have been whole."""

    REGISTERED = "registered"
    AFFIXED = "affixed"
    BROKEN = "broken"
    REMOVED = "removed"
    RETIRED = "retired"


class Act(StrEnum):
    """What is written into the log."""

    REGISTERED = "registered"
    HANDED_OVER = "handed_over"
    AFFIXED = "affixed"
    VERIFIED = "verified"
    FAILED = "failed"
    REPORTED = "reported"
    REMOVED = "removed"
    RETIRED = "retired"


#: (state, act) -> state. A mechanical seal is used once: removed, it can only be retired.
TRANSITIONS: Mapping[tuple[State, Act], State] = MappingProxyType(
    {
        (State.REGISTERED, Act.HANDED_OVER): State.REGISTERED,
        (State.REGISTERED, Act.AFFIXED): State.AFFIXED,
        (State.REGISTERED, Act.RETIRED): State.RETIRED,
        (State.AFFIXED, Act.VERIFIED): State.AFFIXED,
        (State.AFFIXED, Act.FAILED): State.BROKEN,
        (State.AFFIXED, Act.REPORTED): State.AFFIXED,
        (State.AFFIXED, Act.REMOVED): State.REMOVED,
        (State.BROKEN, Act.VERIFIED): State.BROKEN,
        (State.BROKEN, Act.FAILED): State.BROKEN,
        (State.BROKEN, Act.REPORTED): State.BROKEN,
        (State.BROKEN, Act.REMOVED): State.REMOVED,
        (State.REMOVED, Act.HANDED_OVER): State.REMOVED,
        (State.REMOVED, Act.REPORTED): State.REMOVED,
        (State.REMOVED, Act.RETIRED): State.RETIRED,
        (State.RETIRED, Act.REPORTED): State.RETIRED,
    }
)
ELECTRONIC_AGAIN = {(State.REMOVED, Act.AFFIXED): State.AFFIXED}
WORDS = {
    code: Term(word)
    for code, word in {
        "registered": N_("registered"), "affixed": N_("affixed"), "broken": N_("broken"), "removed": N_("removed"),
        "retired": N_("retired"), "handed_over": N_("handed over"), "verified": N_("verified"),
        "failed": N_("found not intact"), "reported": N_("reported"),
    }.items()
}  # fmt: skip


def after(identifier: str, state: str, act: Act, *, electronic: bool) -> State:
    """The state of a seal after ``act``.

    Raises:
        Conflict: when the seal cannot be acted on so now.
    """
    step = State(state), act
    found = TRANSITIONS.get(step) or (ELECTRONIC_AGAIN.get(step) if electronic else None)
    if found is None:
        text = N_("Seal %(seal)s is %(state)s: it cannot be %(act)s now.")
        raise Conflict(text, seal=identifier, state=WORDS[state], act=WORDS[act])
    return found


def clean_identifier(text: str) -> str:
    """A seal's identifier as it is kept: capitals, without spaces."""
    return re.sub(r"\s+", "", text).upper()


def fixed(degrees: float | Decimal | None) -> str:
    """A coordinate as it stands in a signed record: six decimals, as text; empty where none is known."""
    return "" if degrees is None else f"{float(degrees):.6f}"


def log_body(
    *,
    seal: str,
    act: str,
    at: datetime,
    recorded_at: datetime,
    actor: str,
    movement: str,
    place: str,
    lat: float | None,
    lon: float | None,
    photo: str,
    detail: Mapping[str, Any],
) -> bytes:
    """The bytes that the digest of a log entry covers."""
    return canonical_json(
        {
            "seal": seal, "act": act, "at": at.astimezone(UTC), "recorded_at": recorded_at.astimezone(UTC),
            "actor": actor, "movement": movement, "place": place, "lat": fixed(lat), "lon": fixed(lon), "photo": photo,
            "detail": dict(detail),
        }
    )  # fmt: skip
