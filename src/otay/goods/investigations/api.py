"""The investigations API: selections, findings, outcomes, cases, seizures, analysis."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router, Status

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations import schemas
from otay.goods.investigations.domain.selecting import Terms
from otay.goods.investigations.models import MirrorFinding, Seizure, Selected
from otay.goods.investigations.queries import cases as case_queries
from otay.goods.investigations.queries import evaluation, findings, morning, workbench
from otay.goods.investigations.queries import seizures as seizure_queries
from otay.goods.investigations.services import cases, outcomes, overrides, seizures, selecting, training
from otay.goods.investigations.services import findings as finding_services
from otay.node import audit
from otay.node.actors import Actor

router = Router()
PAGE = 200


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _selected(one: Selected) -> dict[str, Any]:
    return {
        "number": one.declaration.number, "port": one.port, "day": one.day, "lane": one.lane, "by": one.by,
        "rank": one.rank, "criteria": one.criteria, "state": one.declaration.state,
    }  # fmt: skip


def _finding(row: MirrorFinding) -> dict[str, Any]:
    names = ("id", "key", "kind", "state", "weight", "port", "peer", "number", "trader", "hs6", "facts", "causes",
             "duty", "duty_currency", "day", "found_at", "review")  # fmt: skip
    return {name: getattr(row, name) for name in names} | {
        "declaration": row.declaration.number if row.declaration else None
    }


@router.get("/selections/{port}", response=list[schemas.SelectedOut], summary="What an office is to look at")
def list_selected(request: HttpRequest, port: str, day: date | None = None) -> list[dict[str, Any]]:
    """The morning list of an office, most urgent first."""
    actor = _actor(request)
    rows = morning.selected(actor, port, day or selecting.office_day(port))
    audit.record(actor=actor, action="investigations.list_viewed", subject=f"port:{port}")
    return [_selected(one) for one in rows[:1000]]


@router.get("/declarations/{number}", response=schemas.DossierOut, summary="All that is known about a declaration")
def get_dossier(request: HttpRequest, number: str) -> dict[str, Any]:
    """Mirror, score, selection, findings, outcomes. The look is recorded in the audit log."""
    actor = _actor(request)
    found = morning.dossier(actor, number)
    audit.record(actor=actor, action="investigations.dossier_viewed", subject=f"declaration:{number}")
    pair, score = found.pair, found.score
    return {
        "number": number, "port": found.row.port, "lane": found.row.lane, "state": found.row.state,
        "mirror": pair and {
            "state": pair.state, "peer": pair.peer, "number": pair.number, "method": pair.method, "lines": pair.lines,
            "causes": pair.causes, "value_ratio": pair.value_ratio, "duty": pair.duty, "matched_at": pair.matched_at,
        },
        "score": score and {
            "probability": score.probability, "duty": score.duty, "model": score.model, "criteria": score.criteria,
            "price_ratio": score.price_ratio, "price_basis": score.price_basis, "at": score.at,
        },
        "selected": _selected(found.chosen) if found.chosen else None,
        "findings": [_finding(row) for row in found.findings],
        "outcomes": [
            {"kind": one.kind, "fraud": one.fraud, "at": one.at, "recorded_at": one.recorded_at, "amount": one.amount,
             "currency": one.currency, "case": one.case, "remarks": one.remarks}
            for one in found.outcomes
        ],
    }  # fmt: skip


@router.post("/declarations/{number}/waive", response=schemas.Told, summary="Waive a selected check")
def waive_check(request: HttpRequest, number: str, body: schemas.WaiveIn) -> dict[str, Any]:
    """With the reason; somebody else reviews it."""
    _actor(request).require_any("investigations.waive")
    overrides.waive(actor=_actor(request), number=number, reason=body.reason)
    return {"count": 1}


@router.get("/findings", response=schemas.FindingPage, summary="Findings that you may see, heaviest first")
def list_findings(
    request: HttpRequest, state: str = "", kind: str = "", port: str = "", trader: str = "", hs6: str = "",
    start: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Filtered by what is given."""
    actor = _actor(request)
    wanted = {"state": state, "kind": kind, "port": port, "trader": trader, "hs6": hs6}
    begin = max(0, min(start, 100_000))
    rows = list(findings.search(actor, wanted)[begin : begin + PAGE + 1])
    audit.record(actor=actor, action="investigations.findings_listed", subject="findings", count=len(rows[:PAGE]))
    return {
        "findings": [_finding(row) for row in rows[:PAGE]], "next": begin + PAGE if len(rows) > PAGE else None,
    }  # fmt: skip


@router.post("/findings/review", response=schemas.Told, summary="Explain, confirm or open findings again")
def review_findings(request: HttpRequest, body: schemas.ReviewIn) -> dict[str, Any]:
    """All or none."""
    count = finding_services.review(actor=_actor(request), findings=body.findings, state=body.state, note=body.note)
    return {"count": count}


@router.post("/outcomes", response={201: schemas.Told}, summary="Record findings, duty, penalties, clearances")
def record_outcomes(request: HttpRequest, body: schemas.OutcomesIn) -> Status[dict[str, Any]]:
    """They are dated events of the declarations, which stay as they were lodged."""
    found = [outcomes.Found(**one.model_dump()) for one in body.outcomes]
    return Status(201, {"count": len(outcomes.record(actor=_actor(request), found=found))})


@router.post("/plans", response={201: schemas.Told}, summary="Put a plan of selection in force")
def set_plan(request: HttpRequest, body: schemas.PlanIn) -> Status[dict[str, Any]]:
    """A new version; the earlier ones stay."""
    given = body.model_dump()
    port, why = given.pop("port"), given.pop("why")
    plan = selecting.set_plan(actor=_actor(request), port=port, terms=Terms(**given), why=why)
    return Status(201, {"count": plan.version})


@router.get("/evaluation", response=dict[str, Any], summary="How selection did in a week")
def get_evaluation(request: HttpRequest, week: date, port: str = "") -> dict[str, Any]:
    """Hit rates by lane and criterion beside the random share, with their bounds."""
    found = evaluation.week(_actor(request), evaluation.monday(week), port)

    def rate(one: evaluation.Rate) -> dict[str, Any]:
        return {
            "group": one.group, "inspected": one.inspected, "found": one.found, "rate": one.rate, "low": one.low,
            "high": one.high,
        }  # fmt: skip

    return {
        "week": found.start, "traffic": found.traffic, "inspected": found.inspected,
        "lanes": [rate(one) for one in found.lanes], "criteria": [rate(one) for one in found.criteria],
        "random": rate(found.yardstick), "targeted": rate(found.targeted), "lift": found.lift,
        "duty": dict(found.duty), "penalties": dict(found.penalties),
        "minutes_to_release": {one.lane: one.minutes for one in found.times}, "overrides": found.overrides,
    }  # fmt: skip


@router.get("/pivot", response=list[dict[str, Any]], summary="The workbench's table")
def get_pivot(
    request: HttpRequest, rows: str = "hs4", measure: str = "count", since: str = "", until: str = "", hs: str = "",
    origin: str = "", port: str = "", type: str = "", trader: str = "", currency: str = "",
) -> list[dict[str, Any]]:  # fmt: skip
    """The same question as the page's address asks."""
    given = {
        "rows": rows, "measure": measure, "since": since, "until": until, "hs": hs, "origin": origin, "port": port,
        "type": type, "trader": trader, "currency": currency,
    }  # fmt: skip
    actor = _actor(request)
    told = workbench.pivot(actor, workbench.read_question(given))
    audit.record(actor=actor, action="investigations.analysed", subject="declarations")
    return told


@router.post("/models/train", response={202: schemas.Told}, summary="Have a challenger trained")
def train_model(request: HttpRequest) -> Status[dict[str, Any]]:
    """By a job; its run is returned."""
    return Status(202, {"count": 1, "reference": f"job:{training.start(actor=_actor(request)).pk}"})


@router.get("/cases", response=list[schemas.CaseOut], summary="The cases that you are a member of")
def list_cases(request: HttpRequest, q: str = "") -> list[Any]:
    """Newest first; auditors see all."""
    rows = case_queries.search(case_queries.visible(_actor(request)), q)
    return list(rows.order_by("-opened_at")[:PAGE])


@router.post("/cases", response={201: schemas.Told}, summary="Open a case")
def open_case(request: HttpRequest, body: schemas.CaseIn) -> Status[dict[str, Any]]:
    """You lead it."""
    row = cases.open_case(actor=_actor(request), **body.model_dump())
    return Status(201, {"count": 1, "reference": row.reference})


@router.get("/cases/{reference}", response=schemas.CaseDetail, summary="One case with its timeline and links")
def get_case(request: HttpRequest, reference: str) -> Any:
    """The look is recorded in the audit log."""
    actor = _actor(request)
    row = case_queries.case(actor, reference)
    audit.record(actor=actor, action="investigations.case_viewed", subject=f"case:{reference}")
    told = schemas.CaseOut.from_orm(row).model_dump()
    return {**told, "lines": case_queries.timeline(row), "links": case_queries.links(row)}


@router.post("/cases/{reference}/links", response=schemas.Told, summary="Link subjects to a case")
def link_case(request: HttpRequest, reference: str, body: list[schemas.LinkIn], shared: bool = False) -> dict[str, Any]:
    """At most 200 at once."""
    if len(body) > 200:
        raise Refused(
            N_("The links cannot be made"), findings=[error("", "case.links", N_("At most 200 at once"), len(body))]
        )
    links = [cases.Link(**one.model_dump()) for one in body]
    return {"count": len(cases.link(actor=_actor(request), reference=reference, links=links, shared=shared))}


@router.post("/cases/{reference}/entries", response={201: schemas.Told}, summary="Write, ask the neighbour, answer")
def write_entry(request: HttpRequest, reference: str, body: schemas.EntryIn) -> Status[dict[str, Any]]:
    """A request and an answer are shared; both name their purpose."""
    actor = _actor(request)
    if body.kind == "request":
        entry = cases.ask_neighbour(
            actor=actor, reference=reference, text=body.text, purpose=body.purpose, subject=body.subject
        )
    elif body.kind == "answer":
        entry = cases.answer(actor=actor, reference=reference, request=body.request, text=body.text, basis=body.purpose)
    else:
        entry = cases.add_note(actor=actor, reference=reference, text=body.text, shared=body.shared)
    return Status(201, {"count": entry.serial, "reference": reference})


@router.post("/cases/{reference}/steps", response=schemas.CaseOut, summary="Suspend, refer, decide, appeal, close")
def step_case(request: HttpRequest, reference: str, body: schemas.CaseStepIn) -> Any:
    """Its lead only."""
    given = {name: value for name, value in body.model_dump(exclude={"step"}).items() if value}
    return cases.take_step(actor=_actor(request), reference=reference, step=body.step, detail=given)


def _seizure(row: Seizure) -> dict[str, Any]:
    chain = seizure_queries.chain_of(row)
    return {
        "reference": row.reference, "port": row.port, "state": row.state, "at": row.at, "ground": row.ground,
        "holder": row.holder, "place": row.place, "case": row.case.reference if row.case else "",
        "items": list(
            row.items.order_by("number").values("hs6", "description", "quantity", "unit", "value", "currency")
        ),
        "custody": [
            {"sequence": one.sequence, "kind": one.kind, "at": one.at, "actor": one.actor, "holder": one.holder,
             "place": one.place, "detail": one.detail, "link": bytes(one.link).hex()}
            for one in chain
        ],
        "whole": seizure_queries.chain_whole(row).whole,
    }  # fmt: skip


@router.post("/seizures", response={201: schemas.SeizureOut}, summary="Register a seizure")
def register_seizure(request: HttpRequest, body: schemas.SeizureIn) -> Status[dict[str, Any]]:
    """The first entry of its custody chain."""
    given = body.model_dump()
    items = [seizures.Item(**item) for item in given.pop("items")]
    return Status(201, _seizure(seizures.seize(actor=_actor(request), items=items, **given)))


@router.get("/seizures/{reference}", response=schemas.SeizureOut, summary="One seizure with its custody chain")
def get_seizure(request: HttpRequest, reference: str) -> dict[str, Any]:
    """The look is recorded in the audit log."""
    actor = _actor(request)
    row = seizure_queries.seizure(actor, reference)
    audit.record(actor=actor, action="investigations.seizure_viewed", subject=f"seizure:{reference}")
    return _seizure(row)


@router.post("/seizures/{reference}/steps", response=schemas.SeizureOut, summary="Record what happens to seized goods")
def step_seizure(request: HttpRequest, reference: str, body: schemas.SeizureStepIn) -> dict[str, Any]:
    """A disposition needs its ground and two witnesses."""
    _actor(request).require_any("investigations.seize")
    detail = {"ground": body.ground, "witnesses": body.witnesses}
    row = seizures.take_step(
        actor=_actor(request), reference=reference, step=body.step, holder=body.holder, place=body.place, detail=detail
    )
    return _seizure(row)
