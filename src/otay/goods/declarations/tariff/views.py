"""Pages: the rates and lines of a day, how they were, and files that change them, looked at before they are applied."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from otay.core.codes import currencies, hs_description
from otay.core.errors import Conflict, OtayError, Refused
from otay.goods.declarations.tariff import queries, services
from otay.goods.declarations.tariff.domain import Rates
from otay.goods.declarations.tariff.forms import ApplyForm, FileForm
from otay.goods.declarations.tariff.models import TableFile
from otay.goods.declarations.tariff.reading import MOST_BYTES
from otay.node import clock
from otay.node.actors import Actor
from otay.node.guarding import needs

SHOWN = 100


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    common = {"base": queries.base(), "may_import": _actor(request).may(services.IMPORT)}
    return render(request, f"declarations/tariff/{template}", {**common, **context}, status=status)


def _day(request: HttpRequest) -> date:
    try:
        return date.fromisoformat(request.GET.get("day", ""))
    except ValueError:
        return clock.now().date()


@require_GET
@needs(queries.VIEW)
def rates(request: HttpRequest) -> HttpResponse:
    """The rate of each currency on a day; of one currency all that there were."""
    day = _day(request)
    currency = request.GET.get("currency", "").strip().upper()[:3]
    rows = queries.rates_of_day(day)
    known = Rates(queries.base(), queries.valid_days(), tuple(map(queries.rate_of, rows)))
    context = {
        "day": day, "currency": currency, "names": currencies(), "valid_days": queries.valid_days(),
        "quotes": [quote for row in rows if (quote := known.at(row.currency, day))],
        "history": queries.history(currency) if currency else [],
    }  # fmt: skip
    return _page(request, "rates.html", context)


@require_GET
@needs(queries.VIEW)
def lines(request: HttpRequest) -> HttpResponse:
    """The lines of a day, and which one goods of a code and an origin fall under."""
    day = _day(request)
    hs = "".join(one for one in request.GET.get("hs", "") if one.isascii() and one.isdigit())[:12]
    origin = request.GET.get("origin", "").strip().upper()[:2]
    found = Paginator(queries.lines_of_day(day, hs, origin), SHOWN).get_page(request.GET.get("page"))
    taken = queries.tariff_for([hs], [day]).take(hs, origin, day) if len(hs) >= 6 else None
    address = request.GET.copy()
    address.pop("page", None)
    context = {
        "day": day, "hs": hs, "origin": origin, "found": found, "taken": taken, "address": address.urlencode(),
        "shown": [(queries.line_of(row), hs_description(row.hs[:6]) or "") for row in found],
        "history": queries.line_history(taken.line.hs, taken.line.origin) if taken else [],
    }  # fmt: skip
    return _page(request, "lines.html", context)


@require_GET
@needs(queries.VIEW)
def explained(request: HttpRequest) -> HttpResponse:
    """How values are converted and which line is taken."""
    return _page(request, "explained.html", {"valid_days": queries.valid_days()})


@require_http_methods(["GET", "POST"])
@needs(services.IMPORT)
def files(request: HttpRequest) -> HttpResponse:
    """Send a file, and see those that were applied."""
    form = FileForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        sent = given["file"]
        try:
            row = services.upload(
                actor=_actor(request), table=given["table"], name=sent.name, content=sent.read(MOST_BYTES + 1),
                source=given["source"],
            )  # fmt: skip
            return redirect("tariff:file", row.pk)
        except Refused as problem:
            form.add_error("file", problem.findings[0].advice(get_language() or "en"))
    applied = TableFile.objects.exclude(applied_at=None).defer("content").order_by("-applied_at")[:50]
    return _page(request, "files.html", {"form": form, "applied": applied}, 422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@needs(services.IMPORT)
def file(request: HttpRequest, number: int) -> HttpResponse:
    """What a file changes, with every finding; on POST it is applied."""
    actor = _actor(request)
    row = services.uploaded(actor, number)
    if request.method == "POST":
        form = ApplyForm(request.POST)
        try:
            if not form.is_valid():
                raise Conflict(services.CHANGED)
            plan = services.apply_file(actor=actor, number=number, version=form.cleaned_data["version"])
            told = {"fresh": len(plan.fresh), "changed": len(plan.changed)}
            messages.success(request, _("Applied: %(fresh)s new, %(changed)s corrected.") % told)
            return redirect("tariff:rates" if row.table == services.RATES else "tariff:lines")
        except (Conflict, Refused) as problem:
            return _shown(request, row, problem)
    return _shown(request, row)


def _shown(request: HttpRequest, row: TableFile, problem: OtayError | None = None) -> HttpResponse:
    language = get_language() or "en"
    plan = services.plan_file(row) if row.applied_at is None else services.Plan(row.table)
    context = {
        "row": row, "plan": plan, "problem": problem.text(language) if problem else "",
        "findings": [one.as_dict(language) for one in plan.findings[:SHOWN]], "shown": SHOWN,
    }  # fmt: skip
    return _page(request, "file.html", context, problem.status if problem else 200)
