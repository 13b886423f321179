"""The rules of the door, pure: what a message is to those that came before it under the same reference."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.intake.bounds import FORMAT_LENGTH, MESSAGE_BYTES, NAME_LENGTH, REFERENCE_LENGTH

TOO_LARGE = "intake.size"


class Standing(StrEnum):
    """What a message is to what the door holds already."""

    NEW = "new"
    DUPLICATE = "duplicate"
    CORRECTION = "correction"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Known:
    """A message held already, of the same sender and reference. ``live``: anything but refused."""

    id: int
    digest: bytes
    live: bool


@dataclass(frozen=True, slots=True)
class Verdict:
    """``other``: the message that this one repeats, corrects or contradicts."""

    standing: Standing
    other: int | None = None


def standing(digest: bytes, known: Iterable[Known]) -> Verdict:
    """What a message with ``digest`` is to the ``known`` ones of its sender and reference, oldest first.

    The same bytes again are a duplicate. Other bytes correct a refused message; beside one that stands (accepted,
    partly accepted, or still to be looked at) they are a conflict: a reference names one message.
    """
    refused = None
    live = None
    for message in known:
        if message.digest == digest:
            return Verdict(Standing.DUPLICATE, message.id)
        if message.live:
            live = message.id
        else:
            refused = message.id
    if live is not None:
        return Verdict(Standing.CONFLICT, live)
    return Verdict(Standing.NEW) if refused is None else Verdict(Standing.CORRECTION, refused)


def rounds(references: Sequence[str]) -> Iterator[list[int]]:
    """Positions in order, split so that no round has a reference twice: a message may contradict one just before it."""
    seen: dict[str, int] = defaultdict(int)
    split: list[list[int]] = []
    for position, reference in enumerate(references):
        if seen[reference] == len(split):
            split.append([])
        split[seen[reference]].append(position)
        seen[reference] += 1
    yield from split


def default_reference(digest: bytes) -> str:
    """The reference of a message that came without one: from its bytes, so that a resend is known as such."""
    return f"sha256-{digest.hex()[:32]}"


def reference_findings(reference: str) -> list[Finding]:
    """A reference is at most 70 printable characters (WCO D026 has 35; file names are longer)."""
    if len(reference) > REFERENCE_LENGTH or not reference.isprintable():
        return [
            error(
                "reference",
                "intake.reference",
                N_("The reference must be at most %(most)s printable characters"),
                reference,
                N_("Shorten it or take out control characters, and send the message again"),
                most=REFERENCE_LENGTH,
            )
        ]
    return []


def format_findings(format: str) -> list[Finding]:
    """A format is named in at most 40 printable characters."""
    if len(format) > FORMAT_LENGTH or not format.isprintable():
        return [
            error(
                "format",
                "intake.format_name",
                N_("The name of the format must be at most %(most)s printable characters"),
                format,
                most=FORMAT_LENGTH,
            )
        ]
    return []


def file_name(name: str) -> str:
    """What is kept of a file's name: its end, without what cannot be printed."""
    return "".join(character for character in name if character.isprintable())[-NAME_LENGTH:]


def too_large(size: int) -> Finding:
    """A message is at most 16 MiB, after any decompression."""
    return error(
        "/",
        TOO_LARGE,
        N_("A message of %(size)s bytes; at most %(most)s are taken"),
        remedy=N_("Send it in parts, each under a reference of its own"),
        size=size,
        most=MESSAGE_BYTES,
    )


def conflict(reference: str, other: int) -> Finding:
    """A reference names one message of its sender."""
    return error(
        "reference",
        "intake.reference_conflict",
        N_("The reference %(reference)s already names message %(other)s, which has other content"),
        reference,
        N_("Give the new message a reference of its own; amend an accepted record through an amendment"),
        reference=reference,
        other=other,
    )
