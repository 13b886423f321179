"""The API of rates and tariff: what holds on a day, and rows put by who may."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Router

from otay.goods.declarations.tariff import queries, schemas, services
from otay.goods.declarations.tariff.domain import Rates
from otay.node import clock
from otay.node.actors import Actor

router = Router()
PAGE = 1000


def _actor(request: HttpRequest, permission: str) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(permission)
    return actor


def _changed(plan: services.Plan) -> dict[str, int]:
    return {
        "fresh": len(plan.fresh), "corrected": len(plan.changed), "same": plan.same,
        "version": queries.version_of(plan.table),
    }  # fmt: skip


@router.get("/rates", response=schemas.RatesOut, summary="Exchange rates of a day")
def get_rates(request: HttpRequest, day: date | None = None) -> dict[str, Any]:
    """For each currency the last rate not after the day; today where none is given."""
    _actor(request, queries.VIEW)
    on = day or clock.now().date()
    rows = queries.rates_of_day(on)
    known = Rates(queries.base(), queries.valid_days(), tuple(map(queries.rate_of, rows)))
    quotes = [quote for row in rows if (quote := known.at(row.currency, on))]
    return {
        "base": queries.base(), "day": on,
        "rates": [
            {"currency": one.rate.currency, "since": one.rate.since, "rate": one.rate.rate, "source": one.rate.source,
             "stale": one.stale}
            for one in quotes
        ],
    }  # fmt: skip


@router.put("/rates", response=schemas.TableChanged, summary="Put exchange rates")
def put_rates(request: HttpRequest, body: schemas.RatesIn) -> dict[str, int]:
    """All or none. The same ones again change nothing; another rate for a date that has one is a correction, which the
    audit log tells with the old one."""
    actor = _actor(request, services.IMPORT)
    records = [one.model_dump() for one in body.rates]
    return _changed(services.put_records(actor=actor, table=services.RATES, records=records, source=body.source))


@router.get("/lines", response=schemas.TariffLinesOut, summary="Tariff lines of a day")
def get_lines(
    request: HttpRequest, day: date | None = None, hs: str = "", origin: str = "", start: int = 0
) -> dict[str, Any]:
    """By goods code; with ``hs`` those above and below it, with ``origin`` those that goods of it may fall under."""
    _actor(request, queries.VIEW)
    on, begin = day or clock.now().date(), max(0, min(start, 1_000_000))
    rows = list(queries.lines_of_day(on, _code(hs), origin.upper()[:2])[begin : begin + PAGE + 1])
    return {
        "day": on, "lines": [queries.line_of(row) for row in rows[:PAGE]],
        "next": begin + PAGE if len(rows) > PAGE else None,
    }  # fmt: skip


@router.get("/lines/taken", response=schemas.TakenOut, summary="The tariff line that goods fall under")
def get_taken(request: HttpRequest, hs: str, origin: str = "", day: date | None = None) -> dict[str, Any]:
    """The line with the longest code that ``hs`` begins with; of two, the one that names the origin."""
    _actor(request, queries.VIEW)
    on, code = day or clock.now().date(), _code(hs)
    taken = queries.tariff_for([code], [on]).take(code, origin.upper()[:2], on)
    return {"line": taken.line if taken else None, "least": bool(taken and taken.least)}


@router.put("/lines", response=schemas.TableChanged, summary="Put tariff lines")
def put_lines(request: HttpRequest, body: schemas.TariffLinesIn) -> dict[str, int]:
    """All or none. To change a duty from a day on, give the earlier line with its last day and the new one."""
    actor = _actor(request, services.IMPORT)
    records = [one.model_dump() for one in body.lines]
    return _changed(services.put_records(actor=actor, table=services.LINES, records=records, source=body.source))


def _code(text: str) -> str:
    return "".join(one for one in text if one.isascii() and one.isdigit())[:12]
