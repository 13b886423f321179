"""The node's own API: how it is, who the caller is, the audit log."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router, Status

from otay.node import audit, metrics, queries
from otay.node.actors import Actor
from otay.node.schemas import AuditPage, AuditQuery, Caller, Health, Ready

router = Router()


def _actor(request: HttpRequest) -> Actor:
    return request.actor  # type: ignore[attr-defined,no-any-return]


@router.get("/health", auth=None, response={200: Health, 503: Health}, summary="How the node is", operation_id="health")
def health(request: HttpRequest) -> Status[dict[str, Any]]:
    """Database, background loops and version; 503 when the database does not answer. For anybody."""
    found = queries.health()
    return Status(200 if found["database"] else 503, found)


@router.get("/ready", auth=None, response={200: Ready, 503: Ready}, summary="Ready for requests?", operation_id="ready")
def ready(request: HttpRequest) -> Status[dict[str, bool]]:
    """Whether requests can be sent here: the database answers. For load balancers."""
    up = queries.health()["database"]
    return Status(200 if up else 503, {"ready": up})


@router.get("/metrics", summary="Figures for Prometheus", operation_id="metrics")
def show_metrics(request: HttpRequest) -> HttpResponse:
    """Requests, queues, lags and alarms in Prometheus' text format. For programs with the permission to read them."""
    _actor(request).require("node.read_metrics")
    return HttpResponse(metrics.exposition(), content_type=metrics.CONTENT_TYPE)


@router.get("/me", response=Caller, summary="Who am I", operation_id="me")
def me(request: HttpRequest) -> dict[str, Any]:
    """The caller as this node sees it, and what it may do here."""
    return queries.actor_summary(_actor(request))


@router.get("/audit", response=AuditPage, summary="Search the audit log", operation_id="search_audit")
def search_audit(request: HttpRequest, wanted: Query[AuditQuery]) -> dict[str, Any]:
    """Who saw or changed whose data, when and why. The search itself is an event of the log."""
    actor = _actor(request)
    actor.require("node.read_audit")
    fields = wanted.dict()
    limit = fields.pop("limit")
    search = queries.AuditSearch(**fields)
    audit.record(actor=actor, action="node.audit_read", subject="audit:log", search=search.as_detail())
    events, next_before = queries.audit_page(search, limit)
    names = queries.names_of([event.actor for event in events])
    return {"events": [queries.as_record(event, names) for event in events], "next_before": next_before}
