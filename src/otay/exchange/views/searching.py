"""Search of what was sent and received, and the check of evidence files."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_http_methods

from otay.core.errors import OtayError, Refused
from otay.exchange.forms import EvidenceFile, Search
from otay.exchange.services import checking, searching
from otay.exchange.views.console import PURPOSE, actor_of


@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """What was sent and received about something: for a stated purpose, recorded. Not in the address: logs keep it."""
    actor = actor_of(request, "exchange.view_records")
    form, found = Search(request.POST or None, initial={"purpose": request.session.get(PURPOSE, "")}), None
    if form.is_valid():
        asked: dict[str, Any] = dict(form.cleaned_data)
        purpose = asked.pop("purpose")
        request.session[PURPOSE] = purpose
        try:
            found = searching.search(actor=actor, purpose=purpose, wanted=searching.Wanted(**asked))
        except Refused as problem:
            form.add_error(None, problem.text(get_language() or "en"))
    return render(request, "exchange/search.html", {"form": form, "found": found})


@require_http_methods(["GET", "POST"])
def check_evidence(request: HttpRequest) -> HttpResponse:
    """An evidence file, checked step by step."""
    actor = actor_of(request, "exchange.view")
    form, verdict, problem = EvidenceFile(request.POST or None, request.FILES or None), None, ""
    if form.is_valid():
        authority = form.cleaned_data["authority"]
        try:
            verdict = checking.examine(
                actor=actor,
                raw=form.cleaned_data["file"].read(checking.MOST_BYTES + 1),
                authorities=authority.read(checking.MOST_BYTES + 1) if authority else b"",
            )
        except OtayError as refusal:
            problem = refusal.text(get_language() or "en")
    status = 422 if problem else 200
    return render(request, "exchange/check.html", {"form": form, "verdict": verdict, "problem": problem}, status=status)
