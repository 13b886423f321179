"""The auditor's page: who saw or changed whose data, when and why. Looking is itself an event."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import islice
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from otay.node import audit, queries
from otay.node import jobs as long_jobs
from otay.node.actors import Actor
from otay.node.forms import AuditForm
from otay.node.models import JobRun
from otay.node.queries import AuditSearch
from otay.node.verification import JOB

READ_AUDIT = "node.read_audit"
COLUMNS = ("sequence", "at", "actor", "actor_name", "action", "subject", "reason", "detail")
_CHUNK = 500


def _auditor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(READ_AUDIT)
    return actor


def _search(request: HttpRequest) -> tuple[AuditForm, AuditSearch]:
    form = AuditForm(request.GET)
    form.is_valid()
    return form, form.search()


@require_GET
def audit_log(request: HttpRequest) -> HttpResponse:
    """Search by actor, subject, action and time."""
    actor = _auditor(request)
    form, search = _search(request)
    events, before = queries.audit_page(search)
    audit.record(actor=actor, action="node.audit_read", subject="audit:log", search=search.as_detail())
    query = {name: value for name, value in request.GET.items() if name != "before" and value}
    context = {
        "form": form,
        "events": events,
        "names": queries.names_of([event.actor for event in events]),
        "next_url": "?" + urlencode({**query, "before": before}) if before else "",
        "csv_query": urlencode(query),
        "last_check": JobRun.objects.filter(job=JOB).order_by("-pk").first(),
    }
    return render(request, "node/audit.html", context)


@require_POST
def verify(request: HttpRequest) -> HttpResponse:
    """Start a check of the whole log as a job."""
    long_jobs.start(actor=_auditor(request), job=JOB)
    return redirect("node:audit")


@require_GET
def audit_csv(request: HttpRequest) -> HttpResponseBase:
    """All matching events, streamed."""
    actor = _auditor(request)
    _form, search = _search(request)
    audit.record(actor=actor, action="node.audit_exported", subject="audit:log", search=search.as_detail())
    answer = StreamingHttpResponse(_lines(search), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="audit.csv"'
    return answer


class _Line:
    """A file for csv.writer that hands back what is written."""

    def write(self, text: str) -> str:
        return text


def _lines(search: AuditSearch) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield writer.writerow(COLUMNS)
    events = queries.audit_events(search).iterator(chunk_size=_CHUNK)
    while chunk := list(islice(events, _CHUNK)):
        names = queries.names_of([event.actor for event in chunk])
        for event in chunk:
            record = queries.as_record(event, names)
            record["at"], record["detail"] = event.at.isoformat(), json.dumps(event.detail, ensure_ascii=False)
            yield writer.writerow([_inert(record[name]) for name in COLUMNS])


def _inert(value: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
