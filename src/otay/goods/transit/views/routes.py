"""The library of routes: drawn on the map, typed, or from a GeoJSON file."""

from __future__ import annotations

import json

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from otay.core.errors import NotFound, Refused
from otay.core.i18n import N_
from otay.goods.transit.forms import RouteForm
from otay.goods.transit.models import Route
from otay.goods.transit.queries import access
from otay.goods.transit.services import routing
from otay.goods.transit.views.shared import actor_of, page


@login_required
@require_http_methods(["GET", "POST"])
def routes(request: HttpRequest) -> HttpResponse:
    """The routes that new movements are offered, and a map to draw another on."""
    actor = actor_of(request)
    if not actor.may(access.CONTROL):
        actor.require(access.LODGE)
    form, findings = RouteForm(request.POST or None, request.FILES or None), []
    if request.method == "POST" and form.is_valid():
        file = form.cleaned_data["file"]
        try:
            made = routing.add_to_library(
                actor=actor, name=form.cleaned_data["name"], line=form.line(),
                geojson=file.read(routing.MAX_BYTES + 1) if file else b"",
                source=file.name[:200] if file else "drawn",
            )  # fmt: skip
        except Refused as problem:
            findings = [finding.as_dict(get_language() or "en") for finding in problem.findings]
        except ValueError as problem:
            text = _("Line %(number)s is not a latitude and a longitude, such as 27.50, -99.51.")
            findings = [{"place": "positions", "value": "", "rule": "transit.route", "severity": "error", "remedy": "",
                         "message": text % {"number": problem}}]  # fmt: skip
        else:
            messages.success(request, _("Route %(name)s is in the library.") % {"name": made.name})
            return redirect("transit:routes")
    rows = list(Route.objects.filter(in_library=True).order_by("name")[:500])
    return page(request, "routes.html", {"rows": rows, "form": form, "findings": findings})


@login_required
@require_GET
def route(request: HttpRequest, number: int) -> HttpResponse:
    """A route as GeoJSON."""
    actor = actor_of(request)
    if not actor.may(access.CONTROL):
        actor.require(access.LODGE)
    row = Route.objects.filter(pk=number, in_library=True).first()
    if row is None:
        raise NotFound(N_("There is no such route."))
    document = {
        "type": "Feature", "properties": {"name": row.name, "source": row.source},
        "geometry": {"type": "LineString", "coordinates": row.line},
    }  # fmt: skip
    answer = HttpResponse(json.dumps(document), content_type="application/geo+json")
    answer["Content-Disposition"] = f'attachment; filename="route-{row.pk}.geojson"'
    return answer
