"""Pages of the planning room: ports, scenarios, the editor, results, measuring. What all of them share."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language

from otay.core.errors import OtayError
from otay.infrastructure.planning import presenting
from otay.node.actors import Actor


def actor_of(request: HttpRequest) -> Actor:
    """Who asks."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def reader(request: HttpRequest) -> Actor:
    """Who asks, if they may see plans."""
    actor = actor_of(request)
    actor.require("planning.view")
    return actor


def page(request: HttpRequest, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the room."""
    return render(
        request, f"planning/{template}", {"words": presenting, "ports_by_code": presenting.port_names(), **context},
        status=status,
    )  # fmt: skip


def language() -> str:
    """The reader's language."""
    return get_language() or "en"


def tell(request: HttpRequest, problem: OtayError) -> None:
    """Say what went wrong, with its first findings, on the page that comes next."""
    messages.error(request, problem.text(language()))
    for finding in problem.findings[:10]:
        messages.error(request, f"{finding.place}: {finding.text(language())}")


def findings_of(problem: OtayError) -> list[dict[str, str]]:
    """Findings as the table of pages shows them."""
    return [finding.as_dict(language()) for finding in problem.findings[:200]]
