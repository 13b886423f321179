"""The declarations API: lodge, look up, and tell what happened at the port."""

from __future__ import annotations

from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from ninja import Query, Router, Status

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.formats.declaration import json_schema
from otay.goods.declarations import queries, services
from otay.goods.declarations.domain import Kind, Lane, State
from otay.goods.declarations.messages import DECLARATION_FORMAT
from otay.goods.declarations.models import Declaration
from otay.goods.declarations.schemas import (
    DeclarationDetail,
    DeclarationPage,
    DeclarationStepIn,
    QueueOut,
    StepsIn,
    StepTakenOut,
)
from otay.intake.incoming import Incoming
from otay.intake.registry import State as MessageState
from otay.intake.services import receive
from otay.node import audit
from otay.node.actors import Actor

router = Router()
PAGE = 100


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("", response=DeclarationPage, summary="Declarations that you may see, newest first")
def list_declarations(
    request: HttpRequest,
    state: State | None = None,
    lane: Lane | None = None,
    port: str = "",
    reference: str = "",
    ucr: str = "",
    before: Annotated[int | None, Query(description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """Officers see those of their ports, traders and brokers their own."""
    wanted = {"state": state, "lane": lane, "port": port, "reference": reference, "ucr": ucr}
    rows = queries.visible(_actor(request)).filter(**{name: value for name, value in wanted.items() if value})
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: PAGE + 1])
    audit.record(actor=_actor(request), action="declarations.listed", subject="declarations", count=len(page[:PAGE]))
    return {"declarations": page[:PAGE], "next": page[PAGE - 1].pk if len(page) > PAGE else None}


@router.post(
    "",
    response={201: dict[str, Any]},
    openapi_extra={"requestBody": {"required": True, "content": {"application/json": {"schema": json_schema()}}}},
    summary="Lodge a declaration, or amend one (function 13)",
)
def lodge_declaration(request: HttpRequest) -> Status[dict[str, Any]]:
    """The body is the core record as JSON. It goes through the door of ``intake``: the bytes are kept as they came, a
    repeated message gets its first answer, and a refusal lists every finding."""
    receipt = receive(actor=_actor(request), items=[Incoming(request.body, format=DECLARATION_FORMAT)])[0]
    if receipt.state is MessageState.REFUSED:
        raise Refused(N_("The declaration is refused"), findings=receipt.findings)
    language = get_language() or "en"
    return Status(
        201,
        {
            "message": receipt.id,
            "state": receipt.state,
            "duplicate": receipt.duplicate,
            **receipt.answer,
            "findings": [finding.as_dict(language) for finding in receipt.findings],
        },
    )


@router.get("queues", response=list[QueueOut], summary="What waits at each port")
def list_queues(request: HttpRequest) -> list[queries.Queue]:
    """Counts by state and lane, and since when the oldest conveyance has waited."""
    return queries.queues(_actor(request))


@router.post("steps", response=list[StepTakenOut], summary="Tell what happened: arrivals, inspections, releases")
def take_steps(request: HttpRequest, body: StepsIn) -> list[dict[str, Any]]:
    """Each step is answered on its own: one that is not allowed changes nothing and stops no other."""
    language = get_language() or "en"
    answers = services.take_steps(actor=_actor(request), steps=[_step(step) for step in body.steps])
    return [
        {
            "number": answer.number,
            "state": answer.state,
            "lane": answer.lane,
            "problem": answer.problem.text(language) if answer.problem else "",
        }
        for answer in answers
    ]


def _step(step: DeclarationStepIn) -> services.Step:
    given = step.model_dump(include={"result", "remarks", "reason", "override_reason"})
    return services.Step(step.number, Kind(step.kind), step.at, {name: text for name, text in given.items() if text})


@router.get("{number}", response=DeclarationDetail, summary="One declaration with its versions and events")
def get_declaration(request: HttpRequest, number: str) -> Declaration:
    """The look is recorded in the audit log."""
    row = queries.declaration(_actor(request), number)
    audit.record(actor=_actor(request), action="declarations.viewed", subject=f"declaration:{number}")
    row.__dict__.update(versions=queries.versions(row), events=queries.events(row))
    return row


@router.get("{number}/as-lodged", summary="The declaration as lodged, in the format asked for")
def get_as_lodged(request: HttpRequest, number: str, version: int = 1, format: str = "json") -> HttpResponse:
    """``format``: ``json`` for the core record, ``wco`` for WCO Data Model XML."""
    actor = _actor(request)
    row = queries.declaration(actor, number)
    content, media_type = queries.written(row, version, format)
    audit.record(actor=actor, action="declarations.exported", subject=f"declaration:{number}", format=format)
    return HttpResponse(content, content_type=media_type)
