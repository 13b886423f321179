"""Cuts a file into interchanges and messages, and checks what envelopes say about themselves.

Nothing is required: a file may hold several interchanges, none, or a message without its envelope; it may come inside
a Type B telegram or a log, with line ends anywhere. What is not as it should be is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from otay.core.findings import Finding, info, warning
from otay.core.i18n import N_
from otay.formats.edifact.charset import decode
from otay.formats.edifact.dates import near
from otay.formats.edifact.separators import UNA, Releases, Separators, seen, stated, without_stand_ins

MAX_BYTES = 16 * 1024 * 1024
MAX_SEGMENTS = 400_000
# characters of one segment; the longest that the directories allow has some 3,000
MAX_SEGMENT = 100_000
MAX_FINDINGS = 1_000
# of one transfer; S010 numbers them with two digits
MAX_PARTS = 100
# a century for the two-digit year of an interchange, when there is nothing else to go by
EPOCH = 2026

Elements = list[list[str]]

_START = re.compile(r"UNB[ ]?(?:[^\w\s]|[\x1c-\x1f])[A-Z]{4}(?:[^\w\s]|[\x1c-\x1f])", re.I)
_BARE_START = re.compile(r"(?:UNG|UNH|BGM|MSG|CTA)[ ]?(?:[^\w\s]|[\x1c-\x1f])", re.I)
_CLOCK = re.compile(r"([01]\d|2[0-3])[0-5]\d", re.ASCII)
_TYPOGRAPHIC = re.compile("[\u2019\u2018](?=[ \r\n]|$|[A-Z]{3}[+'])")
# a line that begins with one of these begins a segment, even where the terminator before it was forgotten
_TAGS = (
    "UNB|UNG|UNH|UNT|UNE|UNZ|UNS|BGM|RFF|DTM|NAD|COM|CTA|TDT|LOC|ATT|MEA|GEI|FTX|NAT|DOC|CNT|PDT|ERP|ERC|MSG|ORG|TVL|"
    "EQN|SRC|RCI|SSR|DAT|IFT|ADD|EBD|TIF|FTI|REF|FAR|TKT|MON|PTK|TXD|FOP|RPI|APD|TRI|SSD|TBD|ABI|SAC|LTS"
)


@dataclass(slots=True)
class Envelope:
    """What UNB or UNG says: who sends what to whom, when."""

    sender: str = ""
    sender_qualifier: str = ""
    recipient: str = ""
    recipient_qualifier: str = ""
    reference: str = ""
    prepared: str = ""
    application: str = ""
    test: bool = False


@dataclass(slots=True)
class Message:
    """One message: its segments as text without UNH and UNT, and how to take them apart.

    The UNH of a complete message is segment 1, so ``segments[0]`` is segment 2; where UNH is missing it counts too.
    """

    separators: Separators
    segments: list[str]
    header: Elements
    index: int
    interchange: Envelope
    group: Envelope | None = None
    trailer: Elements | None = None
    releases: Releases | None = None
    findings: list[Finding] = field(default_factory=list)
    service: Elements = field(default_factory=list)

    @property
    def type(self) -> str:
        """PAXLST, PNRGOV, CUSRES... as UNH says; empty without UNH."""
        return component(self.header, 2).upper()

    @property
    def version(self) -> str:
        """``D.05B``, ``11.1``."""
        return ".".join(part for part in (component(self.header, 2, 1), component(self.header, 2, 2)) if part).upper()

    @property
    def reference(self) -> str:
        """The reference number of UNH."""
        return component(self.header, 1)

    @property
    def part(self) -> tuple[str, str]:
        """Sequence number and C(ontinues) or F(inal) of a transfer in parts (S010)."""
        return component(self.header, 4), component(self.header, 4, 1).upper()

    def elements(self, segment: str) -> Elements:
        """Elements of components; the tag is element 0."""
        return split(segment, self.separators, self.releases)

    def place(self, position: int, tag: str = "", element: int = 0, part: int = 0) -> str:
        """Where in the file: ``message 1, segment 17, DTM 1.2``, counted as EDIFACT counts."""
        where = f"message {self.index}, segment {position + 2}"
        if tag:
            where += f", {tag}"
            if element:
                where += f" {element}" + (f".{part}" if part else "")
        return where


@dataclass(slots=True)
class File:
    """All messages of a file; findings that belong to no message."""

    messages: list[Message]
    findings: list[Finding]
    charset: str = "ascii"


def component(elements: Elements, element: int, part: int = 0) -> str:
    """One component, stripped; empty where the sender left it out. Elements are counted from 1, components from 0."""
    if element < len(elements) and part < len(elements[element]):
        return elements[element][part].strip()
    return ""


def split(segment: str, separators: Separators, releases: Releases | None) -> Elements:
    """One segment as lists of components."""
    mark = separators.component
    elements = [element.split(mark) for element in segment.split(separators.element)]
    if releases is not None:
        restore = releases.restore
        elements = [[restore(value) for value in element] for element in elements]
    return elements


def read_file(data: bytes) -> File:
    """Cut ``data`` into messages."""
    text, charset = decode(data)
    if charset != "ascii":
        text = without_stand_ins(text)
    text = text.replace("\x00", "")
    file = File([], [], charset)
    pieces = list(_interchanges(text, file))
    for piece, separators in pieces:
        _read_interchange(piece, separators, file)
        if len(file.findings) > MAX_FINDINGS:
            break
    if not file.messages:
        file.findings.append(
            warning("", "edifact.no_message", N_("There is no message in this file."), text[:40].strip())
        )
    return file


def _interchanges(text: str, file: File) -> Iterator[tuple[str, Separators]]:
    """Each interchange with its separators; what stands before, between and after them is not part of any."""
    starts: list[tuple[int, int, Separators | None]] = []
    una_ends = {}
    for match in _matches(UNA, "UNA", text):
        una_ends[match.end()] = (match.start(), stated(match))
    for match in _matches(_START, "UNB", text):
        begin, known = una_ends.pop(match.start(), (match.start(), None))
        starts.append((begin, match.start(), known))
    starts += [(begin, end, known) for end, (begin, known) in una_ends.items()]
    if not starts:
        bare = _BARE_START.search(text)
        begin = bare.start() if bare else 0
        starts = [(begin, begin, None)]
    starts.sort()
    if text[: starts[0][0]].strip():
        _mention_outside(text[: starts[0][0]], file)
    for number, (_, body, known) in enumerate(starts):
        end = starts[number + 1][0] if number + 1 < len(starts) else len(text)
        piece = text[body:end]
        separators = known or seen(piece)
        typographic = "\u2019" in piece or "\u2018" in piece
        if separators.terminator in "\u2018\u2019" or (separators.terminator == "'" and typographic):
            piece = _TYPOGRAPHIC.sub("'", piece)
            separators = Separators(
                separators.component, separators.element, separators.decimal, separators.release, "'"
            )
        yield piece, separators


def _matches(pattern: re.Pattern[str], tag: str, text: str) -> Iterator[re.Match[str]]:
    """Like ``finditer`` for a pattern that begins with ``tag``, but at the speed of a plain search."""
    if tag not in text:
        tag = tag.lower()
    position = text.find(tag)
    while position >= 0:
        match = pattern.match(text, position)
        if match:
            yield match
        position = text.find(tag, match.end() if match else position + 1)


def _mention_outside(text: str, file: File) -> None:
    message = N_("Text outside the interchange is not read.")
    file.findings.append(info("", "edifact.outside", message, " ".join(text.split())[:80]))


def _segments(piece: str, separators: Separators) -> tuple[list[str], Releases | None, list[int]]:
    """Segments, what was released in them, and where the service segments are."""
    terminator = separators.terminator
    if terminator not in "\r\n":
        if "\n" in piece or "\r" in piece:
            piece = piece.replace("\r\n", "\n").replace("\r", "\n")
            piece = _forgotten(separators).sub(lambda match: match[1] + terminator, piece).replace("\n", "")
    else:
        piece = piece.replace("\r\n", "\n").replace("\r", "\n")
    releases = None
    if separators.release != " " and separators.release in piece:
        releases = Releases(separators)
        piece = releases.hide(piece)
    segments = piece.split(terminator, MAX_SEGMENTS)
    if f"{terminator} " in piece or f" {separators.element}" in piece[:2000] or "\t" in piece:
        segments = [_tidy(segment, separators) for segment in segments]
        return segments, releases, _service_positions(segments)
    return segments, releases, _found_positions(piece, terminator) or _service_positions(segments)


def _found_positions(piece: str, terminator: str) -> list[int]:
    """Like :func:`_service_positions`, found in the text itself: faster where they are few."""
    found = [0] if piece[:2] == "UN" else []
    position, number, wanted = 0, 0, terminator + "UN"
    while (at := piece.find(wanted, position)) >= 0 and number < MAX_SEGMENTS:
        number += piece.count(terminator, position, at) + 1
        found.append(number)
        position = at + len(terminator)
    return found


def _service_positions(segments: Sequence[str]) -> list[int]:
    return [number for number, segment in enumerate(segments) if segment[:2].upper() == "UN"]


@lru_cache(maxsize=16)
def _forgotten(separators: Separators) -> re.Pattern[str]:
    ends, element = re.escape(separators.terminator), re.escape(separators.element)
    return re.compile(rf"([^{ends}\s])[ \t]*\n\s*(?=(?:{_TAGS}){element})")


def _tidy(segment: str, separators: Separators) -> str:
    """Without blanks around the segment or after its tag (``UNG *PAXLST``)."""
    segment = segment.strip(" \t\x02\x03")
    if segment[3:5] == " " + separators.element:
        segment = segment[:3] + segment[4:]
    return segment


def _read_interchange(piece: str, separators: Separators, file: File) -> None:
    segments, releases, positions = _segments(piece, separators)
    if len(segments) > MAX_SEGMENTS:
        message = N_("More than %(limit)s segments: the rest is not read.")
        file.findings.append(warning("", "edifact.segments", message, limit=MAX_SEGMENTS))
        segments = segments[:MAX_SEGMENTS]
        positions = [number for number in positions if number < MAX_SEGMENTS]
    if len(piece) > MAX_SEGMENT and any(len(segment) > MAX_SEGMENT for segment in segments):
        segments = list(_shortened(segments, file))
    _Cutter(separators, releases, file).cut(segments, positions)


def _shortened(segments: Sequence[str], file: File) -> Iterator[str]:
    """No segment is longer than :data:`MAX_SEGMENT`: a million elements in one would each become an object."""
    for number, segment in enumerate(segments, 1):
        if len(segment) > MAX_SEGMENT:
            text = N_("Segment %(number)s has %(length)s characters; what follows the first %(limit)s is not read.")
            remedy = N_("Check that every segment ends with the terminator that UNA names.")
            numbers = {"number": number, "length": len(segment), "limit": MAX_SEGMENT}
            file.findings.append(warning("", "edifact.segment_length", text, segment[:40], remedy, **numbers))
        yield segment[:MAX_SEGMENT]


_SERVICE = ("UNB", "UNG", "UNH", "UNT", "UNE", "UNZ")


def _is_service(segments: Sequence[str]) -> bool:
    return not segments or segments[0][:3].upper() in _SERVICE


class _Cutter:
    """Walks over the segments of one interchange and hands out its messages."""

    def __init__(self, separators: Separators, releases: Releases | None, file: File) -> None:
        self.separators, self.releases, self.file = separators, releases, file
        self.interchange = Envelope()
        self.group: Envelope | None = None
        self.service: Elements = []
        self.open: Message | None = None
        self.count = 0
        self.first = len(file.messages)
        self.groups = 0
        self.in_group = 0

    def cut(self, segments: Sequence[str], positions: Sequence[int]) -> None:
        """Begin and finish a message at each service segment, whose ``positions`` are given."""
        start = self._first(segments)
        for number in positions:
            segment = segments[number]
            tag = segment[:3].upper()
            if tag not in _SERVICE:
                continue
            if self.open is not None:
                self._finish(segments[start:number], segment if tag == "UNT" else "")
            start = number + 1
            if tag == "UNH":
                self._begin(self._split(segment))
            elif tag != "UNT":
                getattr(self, "_" + tag.lower())(self._split(segment))
                if tag == "UNZ":
                    self._after(segments[start:])
                    return
                if not self.count and tag in ("UNB", "UNG") and not _is_service(segments[start : start + 1]):
                    self._begin([["UNH"]])
        if self.open is not None:
            self._finish(segments[start:], "")
        if self.service and self.interchange.sender:
            message = N_("The interchange has no UNZ: it may have been cut off.")
            self._find("edifact.no_unz", message, self.interchange.reference)

    def _first(self, segments: Sequence[str]) -> int:
        """Begins a message where there is no envelope at all."""
        for number, segment in enumerate(segments):
            if segment[3:4] == self.separators.element and segment[:3].isalnum():
                if not _is_service([segment]):
                    self._begin([["UNH"]])
                return number
        return 0

    def _split(self, segment: str) -> Elements:
        return split(segment, self.separators, self.releases)

    def _find(self, rule: str, message: str, value: str = "", **params: Any) -> None:
        self.file.findings.append(warning("", rule, message, value, **params))

    def _begin(self, header: Elements) -> None:
        self.count += 1
        self.in_group += 1
        self.open = Message(
            self.separators,
            [],
            header,
            len(self.file.messages) + 1,
            self.interchange,
            self.group,
            releases=self.releases,
            service=self.service,
        )

    def _finish(self, segments: Sequence[str], trailer: str) -> None:
        message = self.open
        if message is None:
            return
        self.open = None
        message.segments = list(segments if all(segments) else filter(str.strip, segments))
        self.file.messages.append(message)
        if not trailer:
            text = N_("The message has no UNT: it may have been cut off.")
            message.findings.append(warning(f"message {message.index}", "edifact.no_unt", text, message.reference))
            return
        message.trailer = self._split(trailer)
        _check_trailer(message, len(message.segments) + 2)

    def _unb(self, elements: Elements) -> None:
        self.service = elements
        self.interchange = Envelope(
            component(elements, 2),
            component(elements, 2, 1),
            component(elements, 3),
            component(elements, 3, 1),
            component(elements, 5),
            _prepared(component(elements, 4), component(elements, 4, 1)),
            component(elements, 7) or component(elements, 6),
            component(elements, 11) == "1",
        )
        if not self.interchange.prepared:
            text = N_("The interchange does not say when it was made.")
            self._find("edifact.prepared", text, ":".join(elements[4]) if len(elements) > 4 else "")
        elif (clock := component(elements, 4, 1)) and not _CLOCK.match(clock):
            self._find("edifact.prepared", N_("The time at which the interchange was made is none of a clock."), clock)

    def _ung(self, elements: Elements) -> None:
        self.groups += 1
        self.in_group = 0
        self.group = Envelope(
            component(elements, 2),
            component(elements, 2, 1),
            component(elements, 3),
            component(elements, 3, 1),
            component(elements, 5),
            _prepared(component(elements, 4), component(elements, 4, 1)),
            component(elements, 1),
        )

    def _une(self, elements: Elements) -> None:
        self._compare("UNE", elements, self.in_group, self.group.reference if self.group else "")
        self.group = None

    def _unz(self, elements: Elements) -> None:
        self._compare("UNZ", elements, self.groups or self.count, self.interchange.reference, self.count)

    def _compare(self, tag: str, elements: Elements, counted: int, reference: str, other: int = -1) -> None:
        said, ends = component(elements, 1), component(elements, 2)
        if _is_number(said) and int(said[:9]) not in (counted, other):
            text = N_("%(tag)s says %(said)s, but %(counted)s were found.")
            self._find("edifact.count", text, said, tag=tag, said=said, counted=counted)
        if ends.replace(" ", "") != reference.replace(" ", ""):
            text = N_("%(tag)s ends %(ends)s, but %(begins)s was begun.")
            self._find("edifact.reference", text, ends, tag=tag, ends=ends or "-", begins=reference or "-")

    def _after(self, segments: Sequence[str]) -> None:
        rest = " ".join(segments).strip(" \t\r\n\x03\x1a'")
        if rest:
            _mention_outside(rest, self.file)


def _check_trailer(message: Message, counted: int) -> None:
    elements = message.trailer or []
    said, ends = component(elements, 1).replace(" ", ""), component(elements, 2)
    place = f"message {message.index}"
    if _is_number(said) and int(said[:9]) != counted:
        text = N_("UNT says %(said)s segments, but there are %(counted)s.")
        message.findings.append(warning(place, "edifact.segment_count", text, said, said=said, counted=counted))
    if ends.replace(" ", "") != message.reference.replace(" ", ""):
        text = N_("%(tag)s ends %(ends)s, but %(begins)s was begun.")
        params = {"tag": "UNT", "ends": ends or "-", "begins": message.reference or "-"}
        message.findings.append(warning(place, "edifact.reference", text, ends, **params))


def _is_number(text: str) -> bool:
    """True for digits 0 to 9; ``isdigit`` alone takes ``²`` for one, which no number can be made of."""
    return text.isascii() and text.isdigit()


def _prepared(day: str, clock: str) -> str:
    """Date and time of preparation; the year has two digits (syntax versions 1 to 3) or four (version 4).

    Midnight where the time is missing or none of a clock.
    """
    clock = clock[:4] if _CLOCK.match(clock) else "0000"
    try:
        if len(day) == 8:
            moment = date(int(day[:4]), int(day[4:6]), int(day[6:]))
        elif len(day) == 6:
            moment = date(near(int(day[:2]), EPOCH), int(day[2:4]), int(day[4:]))
        else:
            return ""
    except ValueError:
        return ""
    return f"{moment.isoformat()}T{clock[:2]}:{clock[2:]}"


def transfers(messages: Sequence[Message]) -> list[list[Message]]:
    """Messages with the parts of one transfer (S010: ``01:C``, ``02``, ``03:F``) put together, in their order.

    Parts belong together when type, sender and common access reference are the same.
    """
    whole: list[list[Message]] = []
    waiting: dict[tuple[str, str, str], list[Message]] = {}
    for message in messages:
        sequence, state = message.part
        key = (message.type, message.interchange.sender, component(message.header, 3))
        if not _is_number(sequence) or (state == "F" and int(sequence[:9]) <= 1):
            whole.append([message])
            continue
        parts = waiting.setdefault(key, [])
        parts.append(message)
        if len(parts) < MAX_PARTS and _complete(parts):
            whole.append(_in_order(waiting.pop(key)))
    for unfinished in waiting.values():
        parts = _in_order(unfinished)
        text = N_("The transfer in parts is not complete; here are: %(parts)s.")
        listed = ", ".join(":".join(part.part).strip(":") for part in parts)
        first = parts[0]
        if len(parts) > 1 or first.part[1]:
            first.findings.append(warning(f"message {first.index}", "edifact.parts", text, listed, parts=listed))
        whole.append(parts)
    return sorted(whole, key=lambda parts: min(part.index for part in parts))


def _complete(parts: Sequence[Message]) -> bool:
    final = [int(part.part[0][:9]) for part in parts if part.part[1] == "F"]
    numbers = {int(part.part[0][:9]) for part in parts}
    return bool(final) and len(numbers) == final[0] and numbers == set(range(1, final[0] + 1))


def _in_order(parts: Sequence[Message]) -> list[Message]:
    return sorted(parts, key=lambda part: int(part.part[0][:9]))
