"""The transit API: lodge, look up, move, seal, act on alarms, export evidence."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.transit.procedure import State
from otay.goods.transit import offices
from otay.goods.transit.domain.alarm_life import Act
from otay.goods.transit.domain.declared import Declared, Line, Security
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Movement
from otay.goods.transit.queries import access, control, ncts_out, tracks
from otay.goods.transit.schemas import (
    AlarmActIn,
    AlarmOut,
    MovementDetail,
    MovementIn,
    MovementOut,
    MovementPage,
    MovementStepIn,
    OfficeOut,
    SealActIn,
    SealActOut,
    SealsIn,
    SuppressIn,
)
from otay.goods.transit.services import alarming, evidence, lodging, sealing
from otay.goods.transit.services.sealing import NewSeal, Where
from otay.goods.transit.stepping import Asked, take
from otay.node import audit
from otay.node.actors import Actor

router = Router()
PAGE = 100


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("/movements", response=MovementPage, summary="Movements that you may see, newest first")
def list_movements(
    request: HttpRequest,
    state: State | None = None,
    vehicle: str = "",
    lrn: str = "",
    before: Annotated[int | None, Query(description="`next` of the page before")] = None,
) -> dict[str, Any]:
    """The control room sees all, a port's officers what touches their offices, firms their own."""
    wanted = {"state": state, "vehicle": vehicle.upper(), "lrn": lrn}
    rows = access.visible(_actor(request)).filter(**{name: value for name, value in wanted.items() if value})
    if before is not None:
        rows = rows.filter(pk__lt=before)
    page = list(rows.order_by("-pk")[: PAGE + 1])
    audit.record(actor=_actor(request), action="transit.listed", subject="movements", count=len(page[:PAGE]))
    return {"movements": page[:PAGE], "next": page[PAGE - 1].pk if len(page) > PAGE else None}


@router.post("/movements", response={201: MovementOut}, summary="Lodge a transit declaration")
def lodge_movement(request: HttpRequest, body: MovementIn) -> Status[Movement]:
    """Refused with every finding at once. NCTS messages go through intake (format `ncts`) instead."""
    return Status(201, lodging.lodge_one(actor=_actor(request), declared=_declared(body)))


@router.put("/movements/{mrn}", response=MovementOut, summary="Amend a declaration before its release")
def amend_movement(request: HttpRequest, mrn: str, body: MovementIn) -> Movement:
    """Every fact is given anew; what stood before is kept with the amendment."""
    return lodging.amend(actor=_actor(request), mrn=mrn, declared=_declared(body))


def _declared(body: MovementIn) -> Declared:
    given = body.model_dump(exclude={"lines", "securities", "rules"})
    return Declared(
        **given,
        rules=body.rules.model_dump(mode="json", exclude_unset=True) if body.rules else {},
        lines=[Line(**one.model_dump()) for one in body.lines],
        securities=[Security(**one.model_dump()) for one in body.securities],
    )


@router.get("/movements/{mrn}", response=MovementDetail, summary="One movement with its events, alarms and seals")
def get_movement(request: HttpRequest, mrn: str) -> dict[str, Any]:
    """The look is recorded in the audit log."""
    row = access.movement(_actor(request), mrn)
    audit.record(actor=_actor(request), action="transit.viewed", subject=f"movement:{row.mrn}")
    plain = {name: getattr(row, name) for name in MovementOut.model_fields}
    return plain | {
        "events": list(row.events.order_by("at", "pk")),
        "alarms": list(row.alarms.order_by("time", "pk")),
        "seals": [
            {
                "identifier": use.seal.identifier, "kind": use.seal.kind, "iso17712": use.seal.iso17712,
                "state": use.seal.state, "affixed_at": use.affixed_at, "removed_at": use.removed_at,
            }
            for use in row.seals.select_related("seal").order_by("affixed_at", "pk")
        ],
        "journey": getattr(row, "journey", None),
    }  # fmt: skip


@router.post("/movements/{mrn}/steps", response=MovementOut, summary="Take a step: release, depart, arrive, unload ...")
def take_step(request: HttpRequest, mrn: str, body: MovementStepIn) -> Movement:
    """A step that is out of sequence is refused (409) and changes nothing."""
    _actor(request).require_any("transit.lodge", "transit.control", "transit.gate", "transit.tell")
    given = body.model_dump()
    take(actor=_actor(request), mrn=mrn, asked=Asked(**{**given, "step": Step(given["step"])}))
    return access.movement(_actor(request), mrn)


@router.get("/movements/{mrn}/events/{event}/message", summary="The NCTS message that an event is")
def get_message(request: HttpRequest, mrn: str, event: int) -> HttpResponse:
    """XML; 404 where NCTS has no message for the event."""
    row = access.movement(_actor(request), mrn)
    found = row.events.filter(pk=event).first()
    if found is None:
        raise access.not_found(mrn)
    return HttpResponse(ncts_out.xml_of(row, found), content_type="application/xml")


@router.get("/movements/{mrn}/track", response=list[dict[str, Any]], summary="Every report of the movement's seals")
def get_track(request: HttpRequest, mrn: str) -> list[dict[str, Any]]:
    """In order of event time; `received` says when each was heard of."""
    row = access.movement(_actor(request), mrn)
    audit.record(actor=_actor(request), action="transit.track_viewed", subject=f"movement:{row.mrn}")
    return tracks.track(row)


@router.get("/movements/{mrn}/evidence", response=dict[str, Any], summary="The signed evidence file")
def get_evidence(request: HttpRequest, mrn: str) -> dict[str, Any]:
    """Verifies alone: `otay transit verify FILE`."""
    return evidence.export(actor=_actor(request), mrn=mrn)


@router.post("/movements/{mrn}/seals", response=SealActOut, summary="Affix, verify or remove a seal")
def act_on_seal(request: HttpRequest, mrn: str, body: SealActIn) -> dict[str, Any]:
    """Each act is a permanent record in the chained seal log."""
    _actor(request).require_any("transit.seals", "transit.gate")
    actor = _actor(request)
    where = Where(body.office, body.place, body.lat, body.lon, body.at, _photo(body.photo))
    if body.act == "verify":
        verdict = sealing.verify_seal(
            actor=actor, mrn=mrn, identifier=body.identifier, intact=body.intact, remarks=body.remarks, where=where
        )
        return {"identifier": verdict.identifier, "good": verdict.good}
    if body.act == "affix":
        use = sealing.affix_seal(actor=actor, mrn=mrn, identifier=body.identifier, where=where)
    else:
        use = sealing.remove_seal(actor=actor, mrn=mrn, identifier=body.identifier, reason=body.reason, where=where)
    return {"identifier": use.seal.identifier, "good": True}


def _photo(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True) if text else b""
    except (binascii.Error, ValueError):
        found = error("/photo", "transit.photo", N_("A photograph is given as base64."))
        raise Refused(N_("The photograph is refused."), findings=[found]) from None


@router.post("/seals", response={201: list[str]}, summary="Register seals")
def register_seals(request: HttpRequest, body: SealsIn) -> Status[list[str]]:
    """All or none; an electronic seal may report from then on."""
    made = sealing.register_seals(actor=_actor(request), seals=[NewSeal(**one.model_dump()) for one in body.seals])
    return Status(201, [seal.identifier for seal in made])


@router.get("/alarms", response=list[AlarmOut], summary="Alarms that wait for somebody, gravest first")
def list_alarms(request: HttpRequest, severity: str = "") -> list[Any]:
    """The queue of the control room."""
    actor = _actor(request)
    actor.require(access.ALARMS)
    return control.open_alarms(actor, severity=severity)


@router.post("/alarms/acts", response=list[AlarmOut], summary="Acknowledge, assign, act on or close alarms")
def act_on_alarms(request: HttpRequest, body: AlarmActIn) -> list[Any]:
    """All or none."""
    given = body.model_dump(exclude={"act"})
    return list(alarming.act(actor=_actor(request), act=Act(body.act), **given))


@router.post("/movements/{mrn}/suppressions", response={201: int}, summary="Suppress alarms for a while")
def suppress(request: HttpRequest, mrn: str, body: SuppressIn) -> Status[int]:
    """Nothing is lost: alarms are raised and kept, they only do not ring."""
    made = alarming.suppress(actor=_actor(request), mrn=mrn, **body.model_dump())
    return Status(201, made.pk)


@router.get("/offices", response=list[OfficeOut], summary="Customs offices")
def list_offices(request: HttpRequest) -> list[Any]:
    """Those at the border and inland ones, on both sides."""
    actor = _actor(request)
    if not access.is_officer(actor):
        actor.require(access.VIEW_OWN)
    return list(offices.offices().values())
