"""From a message as intake hands it in to what it says of flights. Parts of a transfer may be messages of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats import registry as formats
from otay.formats.contrl.writing import cut_off
from otay.formats.edifact.interchange import File, component, read_file, transfers
from otay.formats.edifact.interchange import Message as Edifact
from otay.formats.paxlst.reading import read_transfer as read_list
from otay.formats.pnrgov.reading import read_transfer as read_reservations
from otay.intake.registry import Message

PAXLST, OLD_PAXLST, PNRGOV, MANIFEST, CUSRES = "paxlst", "paxlst-us", "pnrgov", "manifest", "cusres"
EDIFACT = {PAXLST: ("PAXLST", ""), PNRGOV: ("PNRGOV", "")}
_READ = {PAXLST: read_list, PNRGOV: read_reservations}
_INCOMPLETE = "edifact.parts"


@dataclass(frozen=True, slots=True)
class PartOf:
    """A part of a transfer, by what joins it to the others."""

    type: str
    access_reference: str
    sequence: int
    final: bool


@dataclass(slots=True)
class Unit:
    """One list: the record of one message, or of a whole transfer."""

    record: dict[str, Any]
    findings: list[Finding]
    format: str
    parts: int = 1


@dataclass(slots=True)
class Reading:
    """What one message holds. ``refused``: something of it cannot be taken for a message; ``file`` then says what."""

    message: Message
    units: list[Unit] = field(default_factory=list)
    waiting: list[PartOf] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    file: File | None = None
    refused: bool = False


def read(message: Message) -> Reading:
    """All that ``message`` says; parts whose others are not in it are left waiting."""
    if message.format not in EDIFACT:
        result = formats.read(message.raw, format=message.format)
        reading = Reading(message, findings=list(result.findings))
        one = len(result.records) == 1  # then all that was found is about it
        reading.units = [
            Unit(record, list(result.findings) if one else [], message.format) for record in result.records
        ]
        if one:
            reading.findings = []
        reading.refused = not reading.units
        return reading
    file = read_file(message.raw)
    reading = Reading(message, file=file, findings=list(file.findings))
    ours = [one for one in file.messages if one.type in EDIFACT[message.format]]
    reading.refused = not ours
    for parts in transfers(ours):
        _take_transfer(reading, parts)
    return reading


def _take_transfer(reading: Reading, parts: Sequence[Edifact]) -> None:
    if any(_unusable(part) for part in parts):
        reading.refused = True
        reading.findings += [finding for part in parts for finding in part.findings]
        return
    if not whole(parts):
        for part in parts:
            part.findings = [finding for finding in part.findings if finding.rule != _INCOMPLETE]
        reading.waiting += [part_of(part) for part in parts]
        return
    record, found = _READ[reading.message.format](parts)
    reading.units.append(Unit(record, found, reading.message.format, len(parts)))


def _unusable(message: Edifact) -> bool:
    begun = any(segment[:3].upper() in ("BGM", "MSG") for segment in message.segments)
    return cut_off(message) or not begun


def part_of(message: Edifact) -> PartOf:
    """By what the part is joined to the others."""
    sequence, state = message.part
    return PartOf(message.type, component(message.header, 3), int(sequence[:4]), state == "F")


def whole(parts: Sequence[Edifact]) -> bool:
    """True unless parts of a transfer (S010) are missing."""
    if not all(part.part[0].isdigit() for part in parts):
        return True
    return complete(part_of(part) for part in parts)


def complete(parts: Iterable[PartOf]) -> bool:
    """True if the parts are all of a transfer: from 1 to the final one."""
    known = list(parts)
    last = [part.sequence for part in known if part.final]
    return bool(last) and {part.sequence for part in known} >= set(range(1, last[-1] + 1))


def join(messages: Sequence[Message], wanted: PartOf) -> Unit | None:
    """The transfer of which ``wanted`` is a part, from the messages that hold its parts; a gap is a finding."""
    found: dict[int, Edifact] = {}
    for message in messages:
        for one in read_file(message.raw).messages:
            if not one.part[0].isdigit():
                continue
            part = part_of(one)
            if (part.type, part.access_reference) == (wanted.type, wanted.access_reference):
                found[part.sequence] = one
    if not found:
        return None
    parts = [found[sequence] for sequence in sorted(found)]
    format = PNRGOV if wanted.type == "PNRGOV" else PAXLST
    record, findings = _READ[format](parts)
    if not complete(part_of(part) for part in parts):
        listed = ", ".join(":".join(part.part).strip(":") for part in parts)
        text = N_("The transfer in parts is not complete; here are: %(parts)s.")
        findings.append(warning("", _INCOMPLETE, text, listed, parts=listed))
    return Unit(record, findings, format, len(parts))


def about_traveller(unit: Unit, number: int) -> list[Finding]:
    """The findings that name traveller ``number`` (counted from 1) of the list; in parts each part counts anew, so the
    name decides there."""
    name = unit.record["travellers"][number - 1]["full_name"]
    found = []
    for finding in unit.findings:
        said, _, rest = str(finding.params.get("traveller", "")).partition(" ")
        if said and (rest == name if unit.parts > 1 else said == str(number)):
            found.append(finding)
    return found
