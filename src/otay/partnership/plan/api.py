"""The plan's API: the points, one point, the statement of progress."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from ninja import Router

from otay.node.actors import Actor
from otay.partnership.plan import queries
from otay.partnership.plan.schemas import PointOut, StatementOut

router = Router()


def _reader(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require("plan.view")
    return actor


@router.get("/points", response=list[PointOut], summary="The 22 points and what is measured")
def points(request: HttpRequest) -> list[dict[str, Any]]:
    """All points in order, in the language of ``Accept-Language``."""
    _reader(request)
    return [queries.as_record(item) for item in queries.points_now()]


@router.get("/points/{number}", response=PointOut, summary="One point")
def point(request: HttpRequest, number: int) -> dict[str, Any]:
    """One of the 22 points with its indicators."""
    _reader(request)
    return queries.as_record(queries.point_now(number))


@router.get("/statement", response=StatementOut, summary="The statement of progress")
def statement(request: HttpRequest) -> dict[str, Any]:
    """What is measured on this node now, and what is not."""
    return queries.statement_record(queries.statement(_reader(request)))
