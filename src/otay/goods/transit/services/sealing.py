"""Seals: registered, handed over, affixed, verified, removed; each act a permanent record in the chained log."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from otay.core import chain
from otay.core.canonical import digest
from otay.core.errors import Conflict, NotFound, Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.transit import reports
from otay.goods.transit.domain import seals as rules
from otay.goods.transit.domain.seals import Act, State
from otay.goods.transit.models import Movement, MovementSeal, Seal, SealLogEntry
from otay.goods.transit.offices import office as office_named
from otay.goods.transit.queries import access
from otay.goods.transit.services import photos, raising, recording
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.models import ChainHead


@dataclass(frozen=True, slots=True)
class NewSeal:
    """A seal for the register. ``device_id``: what the reports of an electronic seal call it."""

    identifier: str
    iso17712: str = "H"
    maker: str = ""
    model: str = ""
    serial: str = ""
    device_id: str = ""
    family: str = ""
    report_interval_s: int | None = None
    custody: str = ""


@dataclass(frozen=True, slots=True)
class Where:
    """Where, when and with which photograph something was done to a seal."""

    office: str = ""
    place: str = ""
    lat: float | None = None
    lon: float | None = None
    at: datetime | None = None
    photo: bytes = b""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log is to say."""

    seal: Seal
    act: Act
    at: datetime
    movement: str = ""
    where: Where = field(default_factory=Where)
    photo: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict)


def write_log(*, actor: Actor, entries: Sequence[Entry]) -> list[SealLogEntry]:
    """Append to the chained log, in the caller's transaction, which has locked the seals."""
    if not entries:
        return []
    now = clock.now()
    head = audit.locked_head(rules.CHAIN)
    bodies = [
        rules.log_body(
            seal=one.seal.identifier, act=one.act, at=one.at, recorded_at=now, actor=actor.key, movement=one.movement,
            place=one.where.place or one.where.office, lat=one.where.lat, lon=one.where.lon, photo=one.photo,
            detail=one.detail,
        )
        for one in entries
    ]  # fmt: skip
    links = list(chain.extend(bytes(head.link), head.sequence, map(digest, bodies)))
    made = SealLogEntry.objects.bulk_create(
        SealLogEntry(
            sequence=link.sequence, seal=one.seal, act=one.act, at=one.at, recorded_at=now, actor=actor.key,
            movement=one.movement, place=one.where.place or one.where.office, lat=one.where.lat, lon=one.where.lon,
            photo=one.photo, detail=dict(one.detail), body_digest=link.body_digest, link=link.link,
        )
        for one, link in zip(entries, links, strict=True)
    )  # fmt: skip
    ChainHead.objects.filter(pk=head.pk).update(sequence=links[-1].sequence, link=links[-1].link)
    return made


@transaction.atomic
def register_seals(*, actor: Actor, seals: Sequence[NewSeal]) -> list[Seal]:
    """Put seals into the register; electronic ones may speak from then on.

    Raises:
        Refused: with every finding; then none is registered.
    """
    actor.require(access.SEALS)
    wanted = [(rules.clean_identifier(one.identifier), one) for one in seals]
    found = list(_faults(wanted))
    if found:
        raise Refused(N_("The seals cannot be registered."), findings=found)
    now = clock.now()
    made = Seal.objects.bulk_create(
        Seal(
            identifier=identifier, kind="electronic" if one.device_id else "mechanical", iso17712=one.iso17712,
            maker=one.maker[:60], model=one.model[:40], serial=one.serial[:40], device_id=one.device_id,
            report_interval_s=one.report_interval_s, state=State.REGISTERED, custody=one.custody[:70],
            registered_at=now,
        )
        for identifier, one in wanted
    )  # fmt: skip
    write_log(
        actor=actor,
        entries=[
            Entry(seal, Act.REGISTERED, now, detail={"class": seal.iso17712, "device": seal.device_id}) for seal in made
        ],
    )
    by_family: dict[str, list[str]] = {}
    for _identifier, one in wanted:
        if one.device_id:
            by_family.setdefault(one.family, []).append(one.device_id)
    for family, devices in by_family.items():
        reports.admit(actor=actor, device_ids=devices, family=family)
    audit.record(actor=actor, action="transit.seals_registered", subject="seals", count=len(made))
    return list(made)


def _faults(wanted: Sequence[tuple[str, NewSeal]]) -> list[Finding]:
    taken = set(Seal.objects.filter(identifier__in=[name for name, _ in wanted]).values_list("identifier", flat=True))
    spoken_for = [one.device_id for _, one in wanted if one.device_id]
    devices = set(Seal.objects.filter(device_id__in=spoken_for).values_list("device_id", flat=True))
    found, seen = [], set[str]()
    for index, (name, one) in enumerate(wanted):
        if not rules.IDENTIFIER.fullmatch(name):
            text = N_("A seal number has 3 to 20 letters, digits, points, dashes or slashes.")
            found.append(error(f"/{index}/identifier", "transit.seal", text, one.identifier[:40]))
        if name in taken | seen:
            text = N_("This seal is in the register already.")
            found.append(error(f"/{index}/identifier", "transit.seal_twice", text, name))
        if one.iso17712 not in rules.CLASSES:
            text = N_("An ISO 17712 class is I, S or H.")
            found.append(error(f"/{index}/iso17712", "transit.seal_class", text, one.iso17712[:10]))
        if one.device_id in devices or (one.device_id and spoken_for.count(one.device_id) > 1):
            text = N_("This device belongs to another seal.")
            found.append(error(f"/{index}/device_id", "transit.device_twice", text, one.device_id[:64]))
        seen.add(name)
    return found


def _locked_seal(identifier: str) -> Seal:
    name = rules.clean_identifier(identifier)
    found = Seal.objects.select_for_update().filter(identifier=name).first()
    if found is None:
        raise NotFound(N_("Seal %(seal)s is not in the register."), seal=name[:20])
    return found


@transaction.atomic
def hand_over(*, actor: Actor, identifiers: Sequence[str], to: str, reason: str = "") -> int:
    """Seals that are on no movement pass into other hands."""
    actor.require(access.SEALS)
    if not to.strip():
        raise Conflict(N_("Say into whose hands."))
    rows = [_locked_seal(one) for one in sorted(set(identifiers))]
    entries, now = [], clock.now()
    for row in rows:
        rules.after(row.identifier, row.state, Act.HANDED_OVER, electronic=bool(row.device_id))
        detail = {"from": row.custody, "to": to.strip()[:70], **({"reason": reason[:300]} if reason else {})}
        entries.append(Entry(row, Act.HANDED_OVER, now, detail=detail))
        row.custody = to.strip()[:70]
        row.save(update_fields=["custody"])
    write_log(actor=actor, entries=entries)
    return len(rows)


@transaction.atomic
def retire(*, actor: Actor, identifier: str, reason: str) -> Seal:
    """A seal goes out of use for good."""
    actor.require(access.SEALS)
    row = _locked_seal(identifier)
    _act(actor, row, Act.RETIRED, None, Where(), {"reason": reason.strip()[:300]})
    return row


@transaction.atomic
def affix_seal(
    *, actor: Actor, mrn: str, identifier: str, where: Where | None = None, incident: int | None = None
) -> MovementSeal:
    """A seal of the register is put on a movement; from then on its device's reports tell of the movement.

    Raises:
        Conflict: when the seal is in use or used up, or the movement has ended.
    """
    where = where or Where()
    movement = recording.locked(actor, mrn)
    _at_gate(actor, movement, where)
    if movement.ended_at is not None:
        raise Conflict(N_("Movement %(mrn)s has ended: no seal is affixed any more."), mrn=movement.mrn)
    row = _locked_seal(identifier)
    entry = _act(actor, row, Act.AFFIXED, movement, where, {"container": movement.container})
    row.sealed = True
    row.save(update_fields=["sealed"])
    recording.follow(movement, clock.now())
    return MovementSeal.objects.create(movement=movement, seal=row, affixed_at=entry.at, incident=incident)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification came to. ``known``: the seal is in the register; ``belongs``: it is on this movement."""

    identifier: str
    known: bool
    belongs: bool
    intact: bool

    @property
    def good(self) -> bool:
        """True when the right seal was found whole."""
        return self.known and self.belongs and self.intact


@transaction.atomic
def verify_seal(
    *, actor: Actor, mrn: str, identifier: str, intact: bool, remarks: str = "", where: Where | None = None
) -> Verdict:
    """An officer reads the seal on the truck. A seal that is not the movement's, or not whole, raises an alarm.

    Raises:
        Conflict: when it is not intact and nobody says in what way.
    """
    where = where or Where()
    movement = recording.locked(actor, mrn)
    _at_gate(actor, movement, where)
    if not intact and not remarks.strip():
        raise Conflict(N_("Say what is wrong with the seal."))
    name = rules.clean_identifier(identifier)
    row = Seal.objects.select_for_update().filter(identifier=name).first()
    uses = movement.seals.filter(removed_at__isnull=True).select_related("seal")
    belongs = row is not None and any(use.seal_id == row.pk for use in uses)
    verdict = Verdict(name, row is not None, belongs, intact)
    detail: dict[str, Any] = {"remarks": remarks.strip()[:300]} if remarks.strip() else {}
    at = where.at or clock.now()
    if row is not None and belongs:
        _act(actor, row, Act.VERIFIED if intact else Act.FAILED, movement, where, detail)
    else:
        photo = photos.keep(where.photo)
        expected = [use.seal for use in uses]
        told = {**detail, "found": name, "known": verdict.known}
        write_log(
            actor=actor,
            entries=[Entry(seal, Act.REPORTED, at, movement.mrn, where, photo, told) for seal in expected],
        )
    if not verdict.good:
        kind = "tampered" if belongs else "device_swap"
        raising.raise_by_officer(
            actor=actor, movement=movement, kind=kind, at=at, lat=where.lat, lon=where.lon,
            details={"found": name, "expected": ", ".join(use.seal.identifier for use in uses), **detail},
        )  # fmt: skip
    audit.record(
        actor=actor, action="transit.seal_verified", subject=f"movement:{movement.mrn}", seal=name, good=verdict.good
    )
    return verdict


@transaction.atomic
def remove_seal(
    *, actor: Actor, mrn: str, identifier: str, reason: str = "", where: Where | None = None
) -> MovementSeal:
    """A seal is taken off: at the end of the way without more, before that only with a reason.

    Raises:
        Conflict: when it is not on the movement, or it is taken off on the way and nobody says why.
    """
    where = where or Where()
    movement = recording.locked(actor, mrn)
    _at_gate(actor, movement, where)
    row = _locked_seal(identifier)
    use = movement.seals.select_for_update().filter(seal=row, removed_at__isnull=True).first()
    if use is None:
        raise Conflict(N_("Seal %(seal)s is not on movement %(mrn)s."), seal=row.identifier, mrn=movement.mrn)
    if movement.arrived_at is None and not reason.strip():
        raise Conflict(N_("The movement has not arrived: say why the seal is taken off."))
    entry = _act(actor, row, Act.REMOVED, movement, where, {"reason": reason.strip()[:300]} if reason.strip() else {})
    use.removed_at = entry.at
    use.save(update_fields=["removed_at"])
    row.sealed = False
    row.save(update_fields=["sealed"])
    recording.follow(movement, clock.now())
    return use


def _act(
    actor: Actor, row: Seal, act: Act, movement: Movement | None, where: Where, detail: Mapping[str, Any]
) -> SealLogEntry:
    """Advance the seal and write the log."""
    now = clock.now()
    at = where.at or now
    if at > now:
        raise Conflict(N_("The act is dated %(at)s, which has not come yet."), at=at.isoformat())
    row.state = rules.after(row.identifier, row.state, act, electronic=bool(row.device_id))
    row.save(update_fields=["state"])
    mrn = movement.mrn if movement else ""
    entry = Entry(row, act, at, mrn, where, photos.keep(where.photo), detail)
    made = write_log(actor=actor, entries=[entry])[0]
    audit.record(actor=actor, action=f"transit.seal_{act}", subject=f"seal:{row.identifier}", movement=mrn)
    return made


def _at_gate(actor: Actor, movement: Movement, where: Where) -> None:
    """Whoever touches a seal holds the gate's permission where it happens."""
    if not where.office:
        actor.require(access.GATE)
        if actor.ports(access.GATE) is not None:
            raise Conflict(N_("Name the office at which this happens."))
        return
    actor.require(access.GATE, port=office_named(where.office).port or "-")


def log_holds() -> chain.Break | None:
    """Check the whole seal log: each entry against its digest, each link against the one before; None when it holds."""
    previous, last = chain.GENESIS, 0
    for row in SealLogEntry.objects.select_related("seal").order_by("sequence").iterator(chunk_size=1000):
        if row.sequence != last + 1:
            return chain.Break(last + 1, "gap")
        if digest(body_of(row)) != bytes(row.body_digest):
            return chain.Break(row.sequence, "altered")
        if chain.link(previous, row.sequence, bytes(row.body_digest)) != bytes(row.link):
            return chain.Break(row.sequence, "altered")
        previous, last = bytes(row.link), row.sequence
    head = ChainHead.objects.filter(name=rules.CHAIN).first()
    if head is not None and (head.sequence, bytes(head.link)) != (last, previous):
        return chain.Break(last + 1, "gap")
    return None


def body_of(row: SealLogEntry) -> bytes:
    """The bytes that the digest of a stored entry covers."""
    return rules.log_body(
        seal=row.seal.identifier, act=row.act, at=row.at, recorded_at=row.recorded_at, actor=row.actor,
        movement=row.movement, place=row.place, lat=row.lat, lon=row.lon, photo=row.photo, detail=row.detail,
    )  # fmt: skip
