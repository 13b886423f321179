"""Lodging and amending: from a core record that passed its rules to an assessed declaration, shared as agreed.

Bulk is the normal case: a batch of one or of five hundred takes the same number of queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from otay.core.canonical import canonical_json, digest
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.declarations import domain, queries, sharing
from otay.goods.declarations.domain import DECLARATION, Kind, State
from otay.goods.declarations.facts import facts_of
from otay.goods.declarations.models import Declaration, DeclarationEvent, DeclarationVersion, NumberSeries
from otay.goods.declarations.parties import screen_parties
from otay.node import audit, clock
from otay.node.actors import Actor
from otay.node.config import NodeConfig
from otay.screening.domain import Subject
from otay.screening.services import assess

LODGE = "declarations.lodge"
EMPTY_PROCEDURE = "IIT"


@dataclass(frozen=True, slots=True)
class Lodgement:
    """A core record to lodge (function 9) or to amend with (function 13, naming the declaration). ``place`` is where in
    its message it stood; ``document`` is the whole message tree where the format has more than the core."""

    core: dict[str, Any]
    port: str
    received_at: datetime
    document: dict[str, Any] | None = None
    place: str = ""


@dataclass(slots=True)
class Lodged:
    """The answer to one lodgement: a declaration, or the findings that refuse it."""

    declaration: Declaration | None = None
    findings: list[Finding] = field(default_factory=list)


@transaction.atomic
def lodge(*, actor: Actor, node: NodeConfig, lodgements: Sequence[Lodgement]) -> list[Lodged]:
    """Accept and assess each lodgement, or refuse it. One lodgement's fault never stops another."""
    actor.require(LODGE)
    sender = queries.own_identifier(actor)
    answers = [Lodged() for _ in lodgements]
    originals: list[tuple[Lodged, Lodgement]] = []
    amendments: list[tuple[Lodged, Lodgement]] = []
    for answer, lodgement in zip(answers, lodgements, strict=True):
        (amendments if lodgement.core.get("function") == AMENDMENT else originals).append((answer, lodgement))
    _lock(sender, [lodgement.core for _answer, lodgement in amendments])
    _lodge_originals(actor, sender, node, originals)
    for answer, lodgement in amendments:
        _amend(actor, sender, answer, lodgement)
    return answers


AMENDMENT = 13


def _lodge_originals(actor: Actor, sender: str, node: NodeConfig, pairs: list[tuple[Lodged, Lodgement]]) -> None:
    if not pairs:
        return
    now = clock.now()
    series = _locked_series(now.year)  # first: of two lodgements under one reference the second then sees the first
    fresh = _without_repeated_references(sender, pairs)
    if not fresh:
        return
    numbers = _numbers(series, node.country, len(fresh))
    cores = [lodgement.core for _answer, lodgement in fresh]
    rows = [_row(number, sender, lodgement) for number, (_answer, lodgement) in zip(numbers, fresh, strict=True)]
    _assess(actor, rows, cores)
    Declaration.objects.bulk_create(rows)
    DeclarationVersion.objects.bulk_create(
        _version(row, lodgement, 1) for row, (_answer, lodgement) in zip(rows, fresh, strict=True)
    )
    DeclarationEvent.objects.bulk_create(
        _event(actor, row, kind, now, detail)
        for row in rows
        for kind, detail in ((Kind.ACCEPTED, {}), (Kind.ASSESSED, {"lane": row.lane}))
    )
    sharing.publish_declarations(actor=actor, rows=rows, cores=cores)
    audit.record_many(
        actor=actor, events=[audit.Event("declarations.lodged", f"declaration:{row.number}") for row in rows]
    )
    for (answer, _lodgement), row in zip(fresh, rows, strict=True):
        answer.declaration = row


def _without_repeated_references(sender: str, pairs: list[tuple[Lodged, Lodgement]]) -> list[tuple[Lodged, Lodgement]]:
    """Those whose reference is new for this sender; the others are refused, naming the declaration that has it."""
    references = [lodgement.core["reference"] for _answer, lodgement in pairs]
    taken = dict(Declaration.objects.filter(sender=sender, reference__in=references).values_list("reference", "number"))
    fresh = []
    for answer, lodgement in pairs:
        reference = lodgement.core["reference"]
        if reference in taken:
            answer.findings.append(_reference_taken(lodgement.place, reference, taken[reference]))
            continue
        taken[reference] = N_("earlier in this message")
        fresh.append((answer, lodgement))
    return fresh


def _reference_taken(place: str, reference: str, number: str) -> Finding:
    return error(
        f"{place}/reference",
        "declaration.reference_unique",
        N_("The reference %(reference)s was used before, by declaration %(number)s"),
        reference,
        N_("Give every declaration a reference of its own; to change that one, send an amendment (function 13)."),
        reference=reference,
        number=number,
    )


def _locked_series(year: int) -> NumberSeries:
    NumberSeries.objects.get_or_create(year=year)
    return NumberSeries.objects.select_for_update().get(year=year)


def _numbers(series: NumberSeries, country: str, count: int) -> list[str]:
    first = series.last + 1
    series.last += count
    series.save(update_fields=["last"])
    return [domain.declaration_number(country, series.year, serial) for serial in range(first, first + count)]


def _row(number: str, sender: str, lodgement: Lodgement) -> Declaration:
    row = Declaration(
        number=number,
        sender=sender,
        reference=lodgement.core["reference"],
        port=lodgement.port,
        state=State.ACCEPTED,
        lodged_at=lodgement.received_at,
    )
    _describe(row, lodgement.core)
    return row


def _describe(row: Declaration, core: dict[str, Any]) -> None:
    """Copy to the row what queues and searches need of the declared facts."""
    items = core.get("items") or [{}]
    amount = (core.get("invoice") or {}).get("amount") or {}
    row.type = core["type"]
    row.ucr = core.get("ucr", "")
    row.vehicle = (core.get("transport") or {}).get("vehicle_id", "").upper()
    row.declarant = _party_id(core, "declarant")
    row.importer = _party_id(core, "importer")
    row.exporter = _party_id(core, "exporter")
    row.hs6 = items[0].get("hs", "")[:6]
    row.amount = Decimal(amount["amount"]) if amount.get("amount") else None
    row.currency = amount.get("currency", "")
    row.empty = items[0].get("procedure") == EMPTY_PROCEDURE


def _party_id(core: dict[str, Any], name: str) -> str:
    return str((core.get(name) or {}).get("id") or "")


def _version(row: Declaration, lodgement: Lodgement, version: int) -> DeclarationVersion:
    return DeclarationVersion(
        declaration=row,
        version=version,
        core=lodgement.core,
        document=lodgement.document,
        digest=digest(canonical_json(lodgement.core)),
        lodged_at=lodgement.received_at,
    )


def _assess(actor: Actor, rows: Sequence[Declaration], cores: Sequence[dict[str, Any]]) -> None:
    """Direct each row to a lane, with the reasons kept by screening; the caller saves the rows."""
    screen_parties([row.number for row in rows], cores)
    subjects = [
        Subject(key=f"declaration:{row.number}", kind=DECLARATION, port=row.port, facts=facts)
        for row, facts in zip(rows, facts_of(rows, cores), strict=True)
    ]
    for row, assessment in zip(rows, assess(actor=actor, subjects=subjects), strict=True):
        row.lane = assessment.lane
        row.state = domain.after(row.state, Kind.ASSESSED, number=row.number)


def _event(actor: Actor, row: Declaration, kind: Kind, now: datetime, detail: dict[str, Any]) -> DeclarationEvent:
    return DeclarationEvent(declaration=row, kind=kind, at=now, recorded_at=now, actor=actor.key, detail=detail)


def _amend(actor: Actor, sender: str, answer: Lodged, lodgement: Lodgement) -> None:
    """Record a new version of a declaration that has not arrived yet, and assess it anew."""
    row = _amended_row(sender, lodgement.core)
    if row is None or (row.state, Kind.AMENDED) not in domain.TRANSITIONS:
        answer.findings.append(_cannot_amend(lodgement, row))
        return
    now = clock.now()
    row.state = domain.after(row.state, Kind.AMENDED, number=row.number)
    row.version += 1
    _describe(row, lodgement.core)
    _assess(actor, [row], [lodgement.core])
    row.save()
    _version(row, lodgement, row.version).save(force_insert=True)
    DeclarationEvent.objects.bulk_create(
        [
            _event(actor, row, Kind.AMENDED, now, {"version": row.version}),
            _event(actor, row, Kind.ASSESSED, now, {"lane": row.lane}),
        ]
    )
    sharing.publish_declarations(actor=actor, rows=[row], cores=[lodgement.core])
    audit.record(actor=actor, action="declarations.amended", subject=f"declaration:{row.number}", version=row.version)
    answer.declaration = row


def _lock(sender: str, cores: Sequence[dict[str, Any]]) -> None:
    """Lock the declarations to amend before anything else is locked, in one order: see "Locks" in the architecture."""
    if not cores:
        return
    numbers = [core["declaration_number"] for core in cores if core.get("declaration_number")]
    references = [core["reference"] for core in cores if not core.get("declaration_number")]
    named = Q(number__in=numbers) | Q(reference__in=references)
    list(Declaration.objects.select_for_update().filter(named, sender=sender).order_by("pk").values_list("pk"))


def _amended_row(sender: str, core: dict[str, Any]) -> Declaration | None:
    own = Declaration.objects.select_for_update().filter(sender=sender)
    if number := core.get("declaration_number"):
        return own.filter(number=number).first()
    return own.filter(reference=core["reference"]).first()


def _cannot_amend(lodgement: Lodgement, row: Declaration | None) -> Finding:
    if row is None:
        return error(
            f"{lodgement.place}/declaration_number",
            "declaration.amends_known",
            N_("There is no declaration of yours with this number or reference to amend"),
            lodgement.core.get("declaration_number") or lodgement.core["reference"],
            N_("Name the declaration by the number that its acceptance gave."),
        )
    return error(
        f"{lodgement.place}/declaration_number",
        "declaration.amends_open",
        N_("Declaration %(number)s is %(state)s and can no longer be amended"),
        row.number,
        N_("After arrival, ask the port to correct it."),
        number=row.number,
        state=domain.WORDS[row.state],
    )
