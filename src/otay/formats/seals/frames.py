"""From a file to frames: hex or text, one or several frames a line, or the bytes of a connection as they came.

Whatever cannot be a frame is a finding with its line and byte; the rest is still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from otay.core.findings import Finding, Severity
from otay.core.i18n import N_
from otay.formats.registry import ReadResult
from otay.formats.seals.record import Record

MAX_BYTES = 16 * 1024 * 1024
MAX_FINDINGS = 1000
_NOT_HEX = re.compile(rb"0[xX]|\\[xX]|[\s:,;\"'-]")
"""What stands around hexadecimal digits where logs and programs print them."""
_HEX_DIGITS = re.compile(rb"[0-9a-fA-F]+")
_BINARY = re.compile(rb"[^\t\r\n\x20-\x7e]")
GARBAGE = N_("These bytes are no frame of this family.")
TRUNCATED = N_("The frame ends before it is complete.")
NO_POSITION = N_("The message carries no position: only that the device spoke.")


class Kind(StrEnum):
    """What a piece of a stream is: a whole frame, the beginning of one, or neither."""

    FRAME = "frame"
    PARTIAL = "partial"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a stream and where it began."""

    kind: Kind
    start: int
    data: bytes


class Bad(Exception):
    """A frame that cannot be read further, from ``offset`` on."""

    def __init__(self, offset: int, rule: str, message: str, value: object = "", **params: Any) -> None:
        super().__init__(message)
        self.offset, self.rule, self.message, self.value, self.params = offset, rule, message, str(value), params


@dataclass
class Report:
    """Collects the findings of one file; ``line`` and ``start`` say where the frame being read stands.

    ``session`` is what earlier frames of the connection said that later ones rely on.
    """

    line: int = 1
    start: int = 0
    findings: list[Finding] = field(default_factory=list)
    session: dict[str, str] = field(default_factory=dict)

    def add(self, severity: Severity, offset: int, rule: str, message: str, value: object = "", **params: Any) -> None:
        """Note a finding at byte ``offset`` of the present frame; beyond the bound only that there are more."""
        if len(self.findings) > MAX_FINDINGS:
            return
        if len(self.findings) == MAX_FINDINGS:
            message, params = (
                N_("There are more findings; only the first %(limit)s are listed."),
                {"limit": MAX_FINDINGS},
            )
            self.findings.append(Finding("", "seal.more", message, severity=Severity.ERROR, params=params))
            return
        place = f"line {self.line}, byte {self.start + offset}"
        self.findings.append(Finding(place, rule, message, str(value), "", severity, params))

    def warn(self, offset: int, rule: str, message: str, value: object = "", **params: Any) -> None:
        """Something is wrong, but the record stands."""
        self.add(Severity.WARNING, offset, rule, message, value, **params)

    def note(self, offset: int, rule: str, message: str, value: object = "", **params: Any) -> None:
        """Something worth knowing."""
        self.add(Severity.INFO, offset, rule, message, value, **params)

    def refuse(self, bad: Bad) -> None:
        """The frame, or what is left of it, is not read."""
        self.add(Severity.ERROR, bad.offset, bad.rule, bad.message, bad.value, **bad.params)


@dataclass(frozen=True, slots=True)
class Family:
    """How one family of devices cuts a stream into frames and reads a frame."""

    key: str
    split: Callable[[bytes], Iterator[Piece]]
    decode: Callable[[bytes, Report], Iterable[Record]]


def split_stream(family: Family, buffer: bytes) -> tuple[list[bytes], bytes]:
    """The whole frames in ``buffer`` and what must wait for more bytes; garbage between them is dropped."""
    frames: list[bytes] = []
    rest = b""
    for piece in family.split(buffer):
        if piece.kind is Kind.FRAME:
            frames.append(piece.data)
        elif piece.kind is Kind.PARTIAL:
            rest = piece.data
    return frames, rest


def decode_frame(family: Family, frame: bytes, report: Report | None = None) -> list[Record]:
    """The records of one frame; what is wrong goes to ``report``. Never raises for bad input."""
    report = report or Report()
    records: list[Record] = []
    try:
        records.extend(family.decode(frame, report))
    except Bad as bad:
        report.refuse(bad)
    return records


def read(data: bytes, family: Family) -> ReadResult:
    """All frames of a file."""
    report = Report()
    records: list[Record] = []
    for line, raw in _lines(data, report):
        report.line, report.start = line, 0
        for piece in family.split(raw):
            report.start = piece.start
            if piece.kind is Kind.FRAME:
                records += decode_frame(family, piece.data, report)
            else:
                rule, message = (
                    ("seal.truncated", TRUNCATED) if piece.kind is Kind.PARTIAL else ("seal.garbage", GARBAGE)
                )
                report.add(Severity.ERROR, 0, rule, message, shown(piece.data))
    return ReadResult(family.key, records, tuple(report.findings))


def _lines(data: bytes, report: Report) -> Iterator[tuple[int, bytes]]:
    data = data.removeprefix(b"\xef\xbb\xbf")
    if _BINARY.search(data):
        yield 1, data
        return
    for number, text in enumerate(data.splitlines(), 1):
        line = _unquoted(text.strip())
        if not line:
            continue
        digits = _hex_digits(line)
        if not digits:
            yield number, line
            continue
        if len(digits) % 2:
            report.line, report.start = number, 0
            message = N_("A line of hexadecimal digits has an odd number of them: the last one is left out.")
            report.add(Severity.ERROR, len(digits) // 2, "seal.hex", message, shown(line))
            digits = digits[:-1]
        yield number, bytes.fromhex(digits.decode())


def _hex_digits(line: bytes) -> bytes:
    """The digits of a line of hexadecimal, however it is printed; empty when it is something else."""
    digits = _NOT_HEX.sub(b"", line)
    return digits if _HEX_DIGITS.fullmatch(digits) else b""


def _unquoted(line: bytes) -> bytes:
    return line[1:-1].strip() if len(line) > 1 and line[:1] in b"\"'" and line[:1] == line[-1:] else line


def first_bytes(data: bytes) -> bytes:
    """The first bytes of the first frame, hex undone: enough to tell families apart."""
    head = data[:65_536].removeprefix(b"\xef\xbb\xbf").lstrip()
    if _BINARY.search(head):
        return head[:4096]
    line = _unquoted(head.splitlines()[0].strip()[:8192]) if head else b""
    digits = _hex_digits(line)
    if not digits:
        return head[:4096]
    return bytes.fromhex(digits[: len(digits) & ~1].decode())


def shown(data: bytes) -> str:
    """Bytes as a finding shows them: text where it is text, else hex."""
    return data[:80].decode() if data and not _BINARY.search(data[:80]) else data[:80].hex()
