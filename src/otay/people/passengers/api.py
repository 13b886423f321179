"""The passengers API: carriers send and are answered at once; officers and carriers look up what they may see."""

from __future__ import annotations

import json
import time
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Query, Router

from otay.intake import bodies
from otay.intake.incoming import Incoming, Receipt
from otay.intake.recognition import detect
from otay.intake.registry import State
from otay.intake.services import receive
from otay.node.actors import Actor
from otay.people.passengers import queries, reading
from otay.people.passengers.domain.answers import Kind
from otay.people.passengers.messages import FORMATS
from otay.people.passengers.models import Notice, Traveller
from otay.people.passengers.schemas import (
    DecisionIn,
    DecisionOut,
    FlightDetail,
    FlightOut,
    FlightPage,
    MatchIn,
    NoticeOut,
    NoticePage,
    OfficerTravellerOut,
    TakenOut,
    TravellerDetail,
    TravellerOut,
)
from otay.people.passengers.services import deciding, notices, viewing

router = Router()
PAGE = 100
EDIFACT = "application/EDIFACT"
LONGEST_WAIT_SECONDS = 20
_BODY = {
    "requestBody": {
        "required": True,
        "content": {EDIFACT: {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
    },
    "responses": {
        200: {
            "description": "The answer: CUSRES (or CONTRL for a part of a transfer and for reservations)",
            "content": {EDIFACT: {"schema": {"type": "string"}}},
        },
        422: {
            "description": "The refusal: CUSRES or CONTRL, or as JSON",
            "content": {
                EDIFACT: {"schema": {"type": "string"}},
                "application/json": {"schema": {"$ref": "#/components/schemas/TakenOut"}},
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}},
            },
        },
    },
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.post("messages", response={200: TakenOut}, openapi_extra=_BODY, summary="Send a list, be answered at once")
def send_message(
    request: HttpRequest,
    reference: Annotated[str, Query(max_length=70, description="Your own name for the message.")] = "",
) -> HttpResponse:
    """PAXLST (also the older US one), PNRGOV, our JSON, or CUSRES 312 to acknowledge. The message and what it makes are
    on the disk before the answer leaves. EDIFACT is answered with EDIFACT (CUSRES, CONTRL) unless ``Accept`` asks for
    JSON. 422: nothing could be taken; 202: stored, look it up later under ``Otay-Message``."""
    actor = _actor(request)
    actor.require(queries.SEND)
    raw = bodies.whole(request, request.headers.get("Content-Encoding", ""))
    format = detect(raw)
    if format not in FORMATS:
        format = reading.MANIFEST if raw.lstrip()[:1] in (b"{", b"[") else reading.PAXLST
    receipt = receive(actor=actor, items=[Incoming(raw, reference, format)])[0]
    answer = _answer(request, receipt, format)
    answer["Otay-Message"] = str(receipt.id)
    return answer


def _answer(request: HttpRequest, receipt: Receipt, format: str) -> HttpResponse:
    if receipt.state is State.RECEIVED:
        return _json({"message": receipt.id, "state": receipt.state}, 202)
    status = 422 if receipt.state is State.REFUSED else 200
    reply = receipt.answer.get("reply", "")
    wants_json = "json" in request.headers.get("Accept", "") or format == reading.MANIFEST or not reply
    if not wants_json:
        return HttpResponse(reply.encode(), status=status, content_type=EDIFACT)
    return _json(taken(receipt), status)


def taken(receipt: Receipt) -> dict[str, Any]:
    """What became of a message, as JSON."""
    language = get_language() or "en"
    answer = receipt.answer
    return {
        "message": receipt.id, "state": str(receipt.state), "duplicate": receipt.duplicate,
        "flights": answer.get("flights", []), "answers": answer.get("answers", []),
        "acknowledged": answer.get("acknowledged", []),
        "findings": [finding.as_dict(language) for finding in receipt.findings],
        "waiting_for_parts": answer.get("waiting_for_parts", False),
    }  # fmt: skip


def _json(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type="application/json")


@router.get("notices", response=NoticePage, summary="Status changes for you, oldest first")
def list_notices(
    request: HttpRequest,
    after: Annotated[int, Query(ge=0, le=2**63 - 1)] = 0,
    all: Annotated[bool, Query(description="Also those that were acknowledged.")] = False,
    wait: Annotated[int, Query(ge=0, le=LONGEST_WAIT_SECONDS, description="Seconds to wait for the next one.")] = 0,
) -> dict[str, Any]:
    """With ``wait`` a status change reaches you within a second. Acknowledge each by CUSRES 312 to ``messages``."""
    actor = _actor(request)
    until = time.monotonic() + wait
    while True:
        rows = queries.notices(actor).filter(pk__gt=after).order_by("pk")
        found = list((rows if all else rows.filter(acknowledged_at=None))[: PAGE + 1])
        if found or time.monotonic() >= until:
            break
        time.sleep(0.5)
    sends = actor.may(queries.SEND)
    if sends:
        found = [*[notices.fetch(actor=actor, notice_id=row.pk) for row in found[:PAGE]], *found[PAGE:]]
    more = found[PAGE - 1].pk if len(found) > PAGE else None
    return {"notices": [_notice(row) for row in found[:PAGE]], "next": more}


def _notice(row: Notice) -> dict[str, Any]:
    names = ("kind", "reference", "before", "after", "made_at", "fetched_at", "acknowledged_at", "problem")
    flight = f"{row.flight.name} {row.flight.day}" if row.flight else ""
    return {"id": row.pk, "flight": flight, "cusres": row.body, **{name: getattr(row, name) for name in names}}


@router.get("notices/{int:notice_id}", response=NoticeOut, summary="One status change")
def show_notice(request: HttpRequest, notice_id: int) -> Any:
    """As JSON, or as the CUSRES itself where ``Accept`` names EDIFACT."""
    actor = _actor(request)
    row = queries.notice(actor, notice_id)
    if actor.may(queries.SEND):
        row = notices.fetch(actor=actor, notice_id=notice_id)
    if "edifact" in request.headers.get("Accept", "").lower():
        return HttpResponse(row.body.encode(), content_type=EDIFACT)
    return _notice(row)


@router.get("flights", response=FlightPage, summary="Flights that you may see, latest day first")
def list_flights(
    request: HttpRequest,
    q: Annotated[str, Query(max_length=80, description="Flight, airport, surname, document or record locator.")] = "",
    day: Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = "",
    before: int | None = None,
) -> dict[str, Any]:
    """Officers see the flights of their offices, carriers their own."""
    actor = _actor(request)
    rows = queries.search_flights(queries.visible_flights(actor), text=q, day=day)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    found = list(rows.distinct().order_by("-pk")[: PAGE + 1])
    viewing.searched(actor=actor, text=q, count=len(found[:PAGE]))
    return {"flights": found[:PAGE], "next": found[PAGE - 1].pk if len(found) > PAGE else None}


@router.get("flights/{int:flight_id}", response=FlightDetail, summary="A flight with its travellers")
def show_flight(request: HttpRequest, flight_id: int) -> dict[str, Any]:
    """The look is recorded in the audit log. A carrier sees the travellers that it sent, and never why an answer was
    given."""
    actor = _actor(request)
    row = viewing.look_at_flight(actor=actor, pk=flight_id)
    officer = queries.is_officer(actor)
    sender = "" if officer else queries.own_identifier(actor)
    shown = OfficerTravellerOut if officer else TravellerOut
    counts = queries.counts([row], sender=sender)[row.pk]
    return {
        **FlightOut.from_orm(row).dict(),
        "counts": {name: count for name, count in counts.items() if officer or name != "hits"},
        "travellers": [shown.from_orm(one).dict() for one in queries.manifest(row, sender=sender)],
    }


@router.get("travellers/{uid}", response=TravellerDetail, summary="One traveller")
def show_traveller(request: HttpRequest, uid: str) -> dict[str, Any]:
    """The look is recorded in the audit log. A carrier sees what it sent and was told, never why."""
    actor = _actor(request)
    row = viewing.look_at_traveller(actor=actor, uid=uid)
    hits = queries.hits_of(row) if queries.is_officer(actor) else []
    names = ("uid", "role", "given", "surnames", "full_name", "birth_date", "sex", "nationality", "seat", "locator",
             "state", "answer", "answer_text", "told", "flight", "facts", "booking")  # fmt: skip
    return {**{name: getattr(row, name) for name in names}, "hits": hits}


@router.post("travellers/{uid}/decisions", response=DecisionOut, summary="Decide about a traveller")
def decide(request: HttpRequest, uid: str, body: DecisionIn) -> dict[str, Any]:
    """Allow, refer or no board, with the reason. Letting somebody board who was answered no board takes a second."""
    _actor(request).require_any("passengers.decide")
    row = deciding.decide(actor=_actor(request), uid=uid, kind=Kind(body.kind), reason=body.reason)
    answer = Traveller.objects.values_list("answer", flat=True).get(pk=row.traveller_id)
    return {"id": row.pk, "kind": row.kind, "effective": row.effective_at is not None, "answer": answer}


@router.post("travellers/{uid}/matches/{int:hit_id}", response=dict[str, str], summary="Decide a match")
def settle_match(request: HttpRequest, uid: str, hit_id: int, body: MatchIn) -> dict[str, str]:
    """The traveller is, or is not, the entry of the list."""
    _actor(request).require_any("passengers.decide")
    row = deciding.settle_match(actor=_actor(request), uid=uid, hit=hit_id, same=body.same, reason=body.reason)
    answer = Traveller.objects.values_list("answer", flat=True).get(pk=row.traveller_id)
    return {"state": row.state, "answer": answer}
