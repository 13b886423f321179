"""What a batch says, into the tables, in the caller's transaction.

Locks are taken in one order, so that two processes never wait for one another: devices by identifier, wordings by
digest, reports by device and time, counters by device.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any

from django.db import transaction

from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.formats.seals.record import Record
from otay.goods.transit.reports import reading, writing
from otay.goods.transit.reports.domain import is_urgent
from otay.goods.transit.reports.incoming import ANY_PARTY, Message
from otay.goods.transit.reports.models import (
    UNTRUSTED,
    Flag,
    Report,
    ReportBatch,
    ReportFrame,
    ReportingDevice,
    ReportMark,
    ReportWording,
)
from otay.goods.transit.reports.queries import chunks
from otay.node.clock import real_now

FRAMES_OF_BATCH = 1 << 20
MAX_QUARANTINED = 10_000
"""Devices in quarantine; frames of yet others are kept without opening an entry for each name that somebody invents."""
_REPORT = (
    *("frame_id", "part", "device_id", "at", "received_at", "flags", "own_time", "valid", "lat", "lon", "speed"),
    *("course", "battery", "battery_v", "number", "card", "alarmed", "wording_id", "digest"),
)
_FRAME = ("id", "device_id", "door", "source", "family", "received_at", "raw", "digest", "findings", "copies")
_COPIED = (
    "ON CONFLICT (digest) WHERE device_id IS NULL DO UPDATE SET copies = transit_reportframe.copies + EXCLUDED.copies"
)
_wordings: dict[bytes, int] = {}
_MOST_WORDINGS = 20_000


@dataclass(slots=True)
class _Told:
    """One record of a frame, ready to be kept."""

    frame: reading.Frame
    frame_id: int
    part: int
    record: Record
    device: ReportingDevice
    at: datetime
    own_time: bool
    flags: int
    digest: bytes
    wording: bytes

    @property
    def order(self) -> tuple[Any, ...]:
        return self.device.pk, self.own_time, self.at if self.own_time else "", self.digest, self.part


class Keeping:
    """Keeps frames of one batch. ``counts`` and ``findings`` say what became of them; ``news``: devices to judge."""

    def __init__(self, batch: ReportBatch, messages: Sequence[Message], first: int = 0) -> None:
        self.batch, self.messages, self.first = batch, messages, first
        self.counts: Counter[str] = Counter()
        self.findings: list[tuple[int, Finding]] = []
        self.news: set[str] = set()
        self._new_wordings: dict[bytes, int] = {}

    def keep(self, frames: Sequence[reading.Frame]) -> None:
        """All of ``frames``."""
        writing.hold_admissions()
        numbers = range(self.batch.pk * FRAMES_OF_BATCH + self.first, (self.batch.pk + 1) * FRAMES_OF_BATCH)
        numbered = list(zip(numbers, frames, strict=False))
        devices = self._devices(frames)
        told = [item for number, frame in numbered for item in self._told(number, frame, devices)]
        told.sort(key=lambda item: item.order)
        fresh = self._reports(told)
        self._frames(numbered, told, fresh)
        self._counters(told, fresh)
        self._marks(told, fresh)
        transaction.on_commit(self._remember_wordings)

    def _devices(self, frames: Sequence[reading.Frame]) -> dict[str, ReportingDevice]:
        names = sorted({_name(record) for frame in frames for record in frame.records})
        found = _known(names)
        missing = [name for name in names if name not in found]
        if missing:
            quarantined = ReportingDevice.objects.filter(state=ReportingDevice.State.QUARANTINED).count()
            missing = missing[: max(0, MAX_QUARANTINED - quarantined)]
            made = [ReportingDevice(identifier=name, first_heard_at=self.batch.received_at) for name in missing]
            ReportingDevice.objects.bulk_create(made, ignore_conflicts=True)
            found |= _known(missing)
        return found

    def _told(self, number: int, frame: reading.Frame, devices: dict[str, ReportingDevice]) -> Iterable[_Told]:
        message = self.messages[frame.message]
        for part, record in enumerate(frame.records):
            device = devices.get(_name(record))
            if device is None:
                text = N_("Too many unknown devices are in quarantine: admit or remove some.")
                frame.findings.append(error("", "seal.unknown_device", text, _name(record)))
                continue
            at = reading.time_of(record)
            flags = _flags(message, frame, device, at, self.batch.received_at)
            yield _Told(
                frame, number, part, record, device, at or self.batch.received_at, at is not None, flags,
                reading.digest_of(frame.raw, other_sender=bool(flags & Flag.OTHER_SENDER)),
                reading.wording_of(record).encode(),
            )  # fmt: skip

    def _reports(self, told: Sequence[_Told]) -> set[tuple[int, int]]:
        """Keep the reports; frame and part of those that were new."""
        wordings = self._wording_ids({item.wording for item in told})
        received = writing.moment(self.batch.received_at)
        rows = [_row(item, received, wordings[item.wording]) for item in told]
        return set(writing.insert(Report, _REPORT, rows, "ON CONFLICT DO NOTHING RETURNING frame_id, part"))

    def _wording_ids(self, texts: set[bytes]) -> dict[bytes, int]:
        found = {text: _wordings[text] for text in texts if text in _wordings}
        missing = {blake2b(text, digest_size=16).digest(): text for text in texts if text not in found}
        if missing:
            digests = sorted(missing)
            rows = [ReportWording(digest=digest, content=json.loads(missing[digest])) for digest in digests]
            ReportWording.objects.bulk_create(rows, ignore_conflicts=True)
            for part in chunks(digests):
                kept = ReportWording.objects.filter(digest__in=part).values_list("digest", "pk")
                self._new_wordings |= {missing[bytes(digest)]: pk for digest, pk in kept}
            found |= self._new_wordings
        return found

    def _remember_wordings(self) -> None:
        if len(_wordings) > _MOST_WORDINGS:
            _wordings.clear()
        _wordings.update(self._new_wordings)

    def _frames(
        self, numbered: Sequence[tuple[int, reading.Frame]], told: Sequence[_Told], fresh: set[tuple[int, int]]
    ) -> None:
        first = {item.frame_id: item for item in reversed(told) if (item.frame_id, item.part) in fresh}
        spoke = {item.frame_id for item in told}
        read: list[tuple[Any, ...]] = []
        unread: dict[bytes, list[Any]] = {}
        for number, frame in numbered:
            if item := first.get(number):
                read.append(self._frame_row(number, frame, item.device.pk, item.digest))
            elif number not in spoke:
                self._unread(number, frame, unread)
            self.findings += [(frame.message, finding) for finding in frame.findings]
        writing.insert(ReportFrame, _FRAME, read)
        writing.insert(ReportFrame, _FRAME, [unread[digest] for digest in sorted(unread)], _COPIED)

    def _unread(self, number: int, frame: reading.Frame, unread: dict[bytes, list[Any]]) -> None:
        self.counts["unread"] += 1
        digest = reading.digest_of(frame.raw, other_sender=False)
        if digest in unread:
            unread[digest][-1] += 1
        else:
            unread[digest] = list(self._frame_row(number, frame, None, digest))

    def _frame_row(self, number: int, frame: reading.Frame, device: int | None, digest: bytes) -> tuple[Any, ...]:
        source = reading.storable(self.messages[frame.message].source)[:200]
        said = [reading.storable(finding.as_record()) for finding in frame.findings[:20]]
        findings = json.dumps(said) if said else None
        received = writing.moment(self.batch.received_at)
        return (
            number, device, self.batch.door, source, frame.family[:16], received, frame.raw, digest, findings, 1,
        )  # fmt: skip

    def _counters(self, told: Sequence[_Told], fresh: set[tuple[int, int]]) -> None:
        changes: dict[int, list[int]] = {}
        for item in told:
            new = (item.frame_id, item.part) in fresh
            odd = new and bool(item.flags & UNTRUSTED)
            self.counts["stored" if new else "duplicates"] += 1
            if odd:
                self.counts["flagged"] += 1
            if not new or odd or not item.own_time or item.device.first_heard_at is None:
                change = changes.setdefault(item.device.pk, [0, 0])
                change[0] += not new
                change[1] += odd
        writing.count(ReportingDevice, sorted(changes.items()), self.batch.received_at)

    def _marks(self, told: Sequence[_Told], fresh: set[tuple[int, int]]) -> None:
        since: dict[int, datetime] = {}
        urgent: set[int] = set()
        for item in told:
            if (item.frame_id, item.part) in fresh and not item.flags & (UNTRUSTED | Flag.QUARANTINED):
                since[item.device.pk] = min(item.at, since.get(item.device.pk, item.at))
                self.news.add(item.device.identifier)
                if is_urgent(item.record.get("alarms") or (), item.record.get("status") or {}):
                    urgent.add(item.device.pk)
        now = writing.moment(real_now())
        rows = [(device, writing.moment(begin), now, device in urgent) for device, begin in sorted(since.items())]
        writing.insert(ReportMark, ("device_id", "since", "marked_at", "urgent"), rows)


def _name(record: Record) -> str:
    return str(reading.storable(str(record["device_id"])))[:64]


def _known(names: Sequence[str]) -> dict[str, ReportingDevice]:
    found: dict[str, ReportingDevice] = {}
    for part in chunks(names):
        found |= {row.identifier: row for row in ReportingDevice.objects.filter(identifier__in=part)}
    return found


def _flags(
    message: Message, frame: reading.Frame, device: ReportingDevice, at: datetime | None, received_at: datetime
) -> int:
    found = 0
    if at is None:
        found |= Flag.NO_TIME
    elif at > received_at + reading.FUTURE_TOLERANCE:
        found |= Flag.FUTURE
    elif at < received_at - reading.PAST_TOLERANCE:
        found |= Flag.PAST
    if (message.device and message.device != device.identifier) or message.party not in (ANY_PARTY, device.party):
        found |= Flag.OTHER_SENDER
    if device.family and device.family != frame.family:
        found |= Flag.OTHER_FAMILY
    if device.state == ReportingDevice.State.QUARANTINED:
        found |= Flag.QUARANTINED
    elif device.state == ReportingDevice.State.BARRED:
        found |= Flag.BARRED
    return found


def _row(item: _Told, received: Any, wording: int) -> tuple[Any, ...]:
    said = item.record
    return (
        item.frame_id, item.part, item.device.pk, writing.moment(item.at), received, item.flags, item.own_time,
        bool(said.get("valid")), said.get("lat"), said.get("lon"), said.get("speed"), said.get("course"),
        reading.small(said.get("battery")), said.get("battery_v"), reading.large(said.get("index")),
        str(reading.storable(said.get("card") or ""))[:64], bool(said.get("alarms")), wording, item.digest,
    )  # fmt: skip
