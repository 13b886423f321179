"""The screening API: the table in force, an assessment with its reasons, a proposed rule."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status

from otay.node import audit
from otay.node.actors import Actor
from otay.screening import queries, services
from otay.screening.models import RuleVersion
from otay.screening.schemas import AssessmentOut, ProposalIn, ProposalOut, ReasonOut, RuleOut, TableOut

router = Router()


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.get("/rules", response=TableOut, summary="The rules in force")
def rules(request: HttpRequest, kind: str) -> TableOut:
    """The table of ``kind`` in force: policy, rules, who proposed and who approved them."""
    _actor(request).require("screening.view")
    table = queries.current(kind)
    return TableOut(
        kind=table.kind,
        version=table.version,
        made_at=table.made_at,
        policy=table.policy,
        rules=[_rule(version) for version in table.rules.all()],
    )


def _rule(version: RuleVersion) -> RuleOut:
    return RuleOut(
        key=version.key, version=version.version, condition=version.condition, points=version.points,
        lane=version.lane, reason={"en": version.reason_en, "es": version.reason_es}, valid_from=version.valid_from,
        valid_until=version.valid_until, owner=version.owner, why=version.why, author=version.author_name,
        decided_by=version.decided_by_name, decision=version.decision,
    )  # fmt: skip


@router.get("/assessments/{pk}", response=AssessmentOut, summary="One assessment and its reasons")
def assessment(request: HttpRequest, pk: int) -> AssessmentOut:
    """An assessment at a port that the caller may see; the look is written to the audit log."""
    actor = _actor(request)
    row = queries.assessment(actor, pk)
    audit.record(actor=actor, action="screening.viewed", subject=row.subject)
    explanation = queries.explain(row)
    return AssessmentOut(
        id=row.pk, subject=row.subject, kind=row.kind, port=row.port, at=row.at, lane=row.lane, rule_lane=row.rule_lane,
        random=row.random, score=row.score, table=explanation.table, missing=row.missing,
        facts_digest=bytes(row.facts_digest).hex(),
        reasons=[
            ReasonOut(rule=item.rule, version=item.version, points=item.points, lane=item.lane, text=item.text)
            for item in explanation.reasons
        ],
    )  # fmt: skip


@router.post("/proposals", response={201: ProposalOut}, summary="Propose a rule")
def propose(request: HttpRequest, body: ProposalIn) -> Status[ProposalOut]:
    """Propose a new rule or the next version of one. A second person has to approve it before it is used."""
    made = services.propose_rule(actor=_actor(request), kind=body.kind, rule=body.rule, why=body.why, owner=body.owner)
    return Status(201, ProposalOut(id=made.pk, key=made.key, version=made.version))
