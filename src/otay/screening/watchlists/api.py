"""The watchlist API: lists and entries, proposals, hits and their review, and a look-up that keeps nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import File, Form, Router, Status, UploadedFile

from otay.core.errors import Refused, TooLarge
from otay.core.i18n import N_
from otay.node import audit
from otay.node.actors import Actor
from otay.screening.watchlists import importing, queries, reviewing, services
from otay.screening.watchlists.domain import Document, Kind, Party
from otay.screening.watchlists.models import EntryVersion, ListHit, ListImport, ListVersion
from otay.screening.watchlists.queue import found_now
from otay.screening.watchlists.schemas import (
    EntriesIn,
    EntryOut,
    FoundOut,
    HitDecisionIn,
    HitReasonOut,
    ListHitOut,
    ListImportOut,
    ListOut,
    ListVersionOut,
    PartyAnswerOut,
    QuestionIn,
)

router = Router()
MOST = 1000
API = "/api/v1/watchlists"


def _actor(request: HttpRequest, permission: str = queries.VIEW) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(permission)
    return actor


@router.get("/lists", response=list[ListOut], summary="All watchlists")
def lists(request: HttpRequest) -> list[ListOut]:
    """Every list with what is on it and what waits."""
    actor = _actor(request)
    rows = queries.lists(actor)
    audit.record(actor=actor, action="screening.lists_viewed", subject="watchlists", count=len(rows))
    return [
        ListOut(
            key=row.watchlist.key, title=row.watchlist.title, category=row.watchlist.category,
            source=row.watchlist.source, basis=row.watchlist.basis, contact=row.watchlist.contact,
            invented=row.watchlist.invented, version=row.watchlist.active.number if row.watchlist.active else 0,
            entries=row.entries, proposals=row.waiting, open_hits=row.hits,
        )
        for row in rows
    ]  # fmt: skip


@router.get("/lists/{key}/entries", response=list[EntryOut], summary="Entries in force")
def entries(request: HttpRequest, key: str, q: str = "", after: str = "", limit: int = 100) -> list[EntryOut]:
    """At most ``limit`` (1000) entries by key, from ``after`` on; ``q`` is looked for in name and key."""
    actor = _actor(request)
    held = services.watchlist_of(key)
    found = queries.entries(held, q, after, max(1, min(limit, MOST)))
    audit.record(actor=actor, action="screening.list_viewed", subject=f"watchlist:{key}", count=len(found))
    return [_entry(key, row) for row in found]


def _entry(key: str, row: EntryVersion) -> EntryOut:
    return EntryOut(
        list=key, key=row.key, version=row.number, kind=row.kind, category=row.category, name=row.name,
        valid_from=row.valid_from, valid_until=row.valid_until, body=row.body,
    )  # fmt: skip


@router.post("/lists/{key}/files", response={202: ListImportOut}, summary="Propose a list from a file")
def propose_file(
    request: HttpRequest, response: HttpResponse, key: str, file: File[UploadedFile], why: Form[str],
    mode: Form[str] = "replace", format: Form[str] = "",
) -> Status[ListImportOut]:  # fmt: skip
    """CSV, JSON or FollowTheMoney. The file is kept and read in the background; `Location` says where to ask what came
    of it. What cannot be a list is refused at once."""
    actor = _actor(request, services.PROPOSE)
    row = importing.take_file(
        actor=actor, watchlist=key, data=file.read(), file_name=file.name or "", why=why, mode=mode, format=format
    )
    told = _import(row)
    response["Location"] = told.address
    return Status(202, told)


@router.get("/lists/{key}/imports/{number}", response=ListImportOut, summary="What came of a file")
def list_import(request: HttpRequest, key: str, number: int) -> ListImportOut:
    """`queued` and `running` while it is read; then `proposed` with its version, or `refused` with all findings.

    Nothing is kept where an entry is wrong. `failed`, `cancelled` and `interrupted`: it was not read to its end."""
    actor = _actor(request)
    row = importing.import_of(key, number)
    audit.record(actor=actor, action="screening.list_import_viewed", subject=f"watchlist:{key}/import/{number}")
    return _import(row)


def _import(row: ListImport) -> ListImportOut:
    job = row.job
    return ListImportOut(
        id=row.pk, list=row.watchlist.key, state=row.state, address=f"{API}/lists/{row.watchlist.key}/imports/{row.pk}",
        done=job.done if job else 0, total=job.total if job else 0,
        problem=importing.problem(row, get_language() or "en"),
        version=_version(row.version) if row.version else None, findings=tuple(queries.findings(row)),
    )  # fmt: skip


@router.post("/lists/{key}/entries", response={201: ListVersionOut}, summary="Propose entries")
def propose_entries(request: HttpRequest, key: str, body: EntriesIn) -> Status[ListVersionOut]:
    """Add or change some entries; the others stay. A second person has to approve it."""
    actor = _actor(request, services.PROPOSE)
    made = services.propose_entries(actor=actor, watchlist=key, entries=body.entries, why=body.why)
    return Status(201, _version(made))


def _version(row: ListVersion) -> ListVersionOut:
    return ListVersionOut(
        id=row.pk, list=row.watchlist.key, number=row.number, state=row.state, total=row.total, added=row.added,
        changed=row.changed, removed=row.removed, findings=tuple(queries.findings(row)),
    )  # fmt: skip


@router.get("/hits", response=list[ListHitOut], summary="Hits to review")
def hits(request: HttpRequest, state: str = "open", band: str = "", page: int = 1) -> list[ListHitOut]:
    """One page (100) of the review queue at the caller's ports, the strongest first."""
    actor = _actor(request)
    rows, _total = queries.hits(actor, state=state, band=band, page=max(1, min(page, 100_000)), count=100)
    audit.record(actor=actor, action="screening.hits_viewed", subject="hits", count=len(rows))
    return [_hit(row) for row in rows]


def _hit(row: ListHit) -> ListHitOut:
    return ListHitOut(
        id=row.pk, party=row.party_key, label=row.label, list=row.entry.watchlist.key, entry=row.entry.key,
        entry_version=row.entry.number, entry_name=row.entry.name, category=row.entry.category, band=row.band,
        state=row.state, found_at=row.found_at,
        reasons=tuple(HitReasonOut(about=one.about, stance=one.stance, text=one.text) for one in queries.reasons(row)),
    )  # fmt: skip


@router.post("/hits/decide", response={204: None}, summary="Clear, confirm or reopen hits")
def decide(request: HttpRequest, body: HitDecisionIn) -> Status[None]:
    """All of ``hits`` or none of them."""
    actor = _actor(request, reviewing.REVIEW)
    known = reviewing.decisions()
    if body.decision not in known or not 1 <= len(body.hits) <= MOST:
        raise Refused(N_("The decision is clear, confirm or reopen, of 1 to %(most)d hits"), most=MOST)
    known[body.decision](actor=actor, hits=body.hits, reason=body.reason)
    return Status(204, None)


@router.post("/screen", response=list[PartyAnswerOut], summary="Look parties up on the lists in force")
def screen(request: HttpRequest, body: QuestionIn) -> list[PartyAnswerOut]:
    """The hits of each party with their reasons. Nothing is kept but who asked, about whom, and why."""
    actor = _actor(request, reviewing.REVIEW)
    if len(body.parties) > MOST:
        raise TooLarge(N_("At most %(most)d parties at once"), most=MOST)
    why = services.required(why=(body.why, 300))["why"]
    parties = [
        Party(**{**one.dict(), "documents": tuple(Document(**item.dict()) for item in one.documents)})
        for one in body.parties
    ]
    if any(party.kind not in set(Kind) for party in parties):
        raise Refused(N_("Expected person, organisation or document."))
    language = get_language() or "en"
    found = found_now(parties)
    audit.record_many(
        actor=actor,
        events=[audit.Event("screening.looked_up", party.key, why, {"hits": len(hits)})
                for party, hits in zip(parties, found, strict=True)],
    )  # fmt: skip
    return [
        PartyAnswerOut(
            key=party.key,
            hits=[
                FoundOut(
                    list=hit.list, entry=hit.entry, entry_version=hit.version, entry_name=hit.entry_name,
                    category=hit.category, band=str(hit.band), cleared=hit.cleared,
                    reasons=tuple(
                        HitReasonOut(about=one.about, stance=one.stance, text=one.text(language)) for one in hit.reasons
                    ),
                )
                for hit in hits
            ],
        )
        for party, hits in zip(parties, found, strict=True)
    ]  # fmt: skip
