"""The analyst's workbench: pivot, trend, outliers; all of it in the address; export as CSV or Parquet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_GET

from otay.goods.investigations import plotting, presenting
from otay.goods.investigations.queries import workbench as queries
from otay.goods.investigations.views.common import actor_of, page
from otay.node import audit
from otay.places.queries import ports

SHARES = ("price_ratio", "mirror_ratio", "hit_rate")


@login_required
@require_GET
def workbench(request: HttpRequest) -> HttpResponse:
    """A table over declarations, its trend and the ones that lie far off."""
    actor = actor_of(request)
    question = queries.read_question(request.GET)
    told = queries.pivot(actor, question)
    steps = queries.trend(actor, question)
    points = queries.outliers(actor, question)
    audit.record(
        actor=actor, action="investigations.analysed", subject="declarations",
        question=request.GET.urlencode()[:200],
    )  # fmt: skip
    held = actor.ports(queries.ANALYSE)
    context = {
        "question": question, "told": told, "rows_words": presenting.ROWS, "measures": presenting.MEASURES,
        "spans": presenting.SPANS, "steps": steps, "plot": plotting.outliers(points), "points": points[:25],
        "series": _series(steps, question), "address": request.GET.urlencode(),
        "ports": [one for one in ports() if held is None or one.code in held],
    }  # fmt: skip
    return page(request, "workbench.html", context)


def _series(steps: list[dict[str, Any]], question: queries.Question) -> dict[str, Any]:
    values = [None if row[question.measure] is None else float(row[question.measure]) for row in steps]
    return {
        "x": [str(row["group"])[:10] for row in steps],
        "time": False,
        "label": str(presenting.SPANS[question.step]),
        "series": [{"label": str(presenting.MEASURES[question.measure]), "values": values}],
    }


class _Echo:
    """A file that gives back what is written to it."""

    def write(self, value: str) -> str:
        return value


def _plain(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r"):
        return f"'{value}"
    return "" if value is None else value


@login_required
@require_GET
def export(request: HttpRequest) -> HttpResponseBase:
    """The declarations of a question as a file. ``format``: csv or parquet."""
    actor = actor_of(request)
    question = queries.read_question(request.GET)
    kind = "parquet" if request.GET.get("format") == "parquet" else "csv"
    lines = queries.lines(actor, question)
    audit.record(
        actor=actor, action="investigations.exported", subject="declarations", format=kind,
        question=request.GET.urlencode()[:200],
    )  # fmt: skip
    answer: HttpResponseBase
    if kind == "parquet":
        answer = HttpResponse(_parquet(lines), content_type="application/vnd.apache.parquet")
    else:
        writer = csv.writer(_Echo())

        def rows() -> Iterator[str]:
            yield writer.writerow(queries.COLUMNS)
            for line in lines:
                yield writer.writerow([_plain(value) for value in line])

        answer = StreamingHttpResponse(rows(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="declarations.{kind}"'
    return answer


def _parquet(lines: Iterator[tuple[Any, ...]]) -> bytes:
    import polars as pl

    numbers = ("amount", "mass_kg", "unit_price", "price_ratio", "mirror_ratio", "probability")
    schema: dict[str, Any] = {
        name: pl.Float64 if name in numbers else pl.Datetime("us", "UTC") if name == "lodged_at" else pl.String
        for name in queries.COLUMNS
    }
    columns: dict[str, list[Any]] = {name: [] for name in queries.COLUMNS}
    for line in lines:
        for name, value in zip(queries.COLUMNS, line, strict=True):
            columns[name].append(float(value) if isinstance(value, Decimal) else value)
    file = io.BytesIO()
    pl.DataFrame(columns, schema=schema).write_parquet(file)
    return file.getvalue()
