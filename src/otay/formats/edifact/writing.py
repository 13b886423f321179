"""Writes interchanges: released, counted, in upper-level envelopes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from otay.formats.edifact.interchange import Envelope
from otay.formats.edifact.separators import DEFAULT, Separators

Part = str | Sequence[str]


class Writer:
    """Collects the segments of one message."""

    def __init__(self, separators: Separators = DEFAULT) -> None:
        self.separators = separators
        self.segments: list[str] = []

    def add(self, tag: str, *elements: Part) -> None:
        """One segment; an element is text, or a sequence of components. What is empty at an end is left out."""
        marks = self.separators
        written = [tag]
        for element in elements:
            components = [element] if isinstance(element, str) else list(element)
            escaped = [value if value.isalnum() else marks.escape(_clean(value)) for value in components]
            written.append(marks.component.join(_without_tail(escaped)))
        self.segments.append(marks.element.join(_without_tail(written)))

    def message(self, reference: str, type: str, *rest: Part) -> list[str]:
        """The segments between UNH and UNT. ``type`` is written as it stands: ``PAXLST:D:05B:UN:IATA``."""
        marks = self.separators
        body, self.segments = self.segments, []
        self.add("UNH", reference, type.split(":"), *rest)
        self.segments += body
        self.add("UNT", str(len(body) + 2), reference)
        written, self.segments = self.segments, body
        return [segment + marks.terminator for segment in written]


def _clean(value: str) -> str:
    return " ".join(value.split()) if any(mark in value for mark in "\r\n\t") else value


def _without_tail(values: Sequence[str]) -> list[str]:
    kept = list(values)
    while len(kept) > 1 and not kept[-1]:
        kept.pop()
    return kept


def interchange(
    messages: Iterable[list[str]],
    *,
    syntax: Sequence[str],
    envelope: Envelope,
    group: Sequence[Part] | None = None,
    separators: Separators = DEFAULT,
) -> bytes:
    """An interchange of finished messages.

    ``group`` gives what UNG says: message type first, then the agency and version elements that stand at its end.
    """
    messages = list(messages)
    sender = [envelope.sender, envelope.sender_qualifier]
    recipient = [envelope.recipient, envelope.recipient_qualifier]
    day, clock = _moment(envelope.prepared)
    head = Writer(separators)
    test = ["", "", "", "1"] if envelope.test else []
    head.add("UNB", syntax, sender, recipient, [day, clock], envelope.reference, "", envelope.application, *test)
    if group:
        head.add("UNG", group[0], sender, recipient, [day, clock], envelope.reference, *group[1:])
    tail = Writer(separators)
    if group:
        tail.add("UNE", str(len(messages)), envelope.reference)
    tail.add("UNZ", "1" if group else str(len(messages)), envelope.reference)
    end = separators.terminator
    lines = [
        separators.una,
        *(segment + end for segment in head.segments),
        *(segment for message in messages for segment in message),
        *(segment + end for segment in tail.segments),
    ]
    text = "\r\n".join(lines) + "\r\n"
    return text.encode("ascii") if text.isascii() else text.encode("utf-8")


def envelope_of(about: Mapping[str, Any], application: str = "") -> Envelope:
    """The envelope of a record's ``message``."""
    return Envelope(
        about.get("sender") or "",
        about.get("sender_qualifier") or "",
        about.get("recipient") or "",
        about.get("recipient_qualifier") or "",
        about.get("interchange") or about.get("reference") or "1",
        about.get("prepared") or "",
        application,
        bool(about.get("test")),
    )


def _moment(prepared: str) -> tuple[str, str]:
    """``2026-03-01T08:30`` as YYMMDD and HHMM."""
    if len(prepared) < 16:
        return "700101", "0000"
    return prepared[2:10].replace("-", ""), prepared[11:16].replace(":", "")
