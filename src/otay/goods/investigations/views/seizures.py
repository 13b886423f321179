"""The register of seizures."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from otay.goods.investigations.domain import seizures as rules
from otay.goods.investigations.models import Seizure
from otay.goods.investigations.queries import seizures as queries
from otay.goods.investigations.services import seizures as services
from otay.goods.investigations.views.common import actor_of, decimal_of, done, page
from otay.node import audit
from otay.node.guarding import needs
from otay.places.queries import ports


@login_required
@require_GET
def register(request: HttpRequest) -> HttpResponse:
    """What was seized at the reader's ports, newest first."""
    actor = actor_of(request)
    wanted = {name: request.GET.get(name, "") for name in ("state", "port")}
    rows = queries.visible(actor).filter(**{name: value for name, value in wanted.items() if value})
    held = actor.ports(queries.VIEW)
    context = {
        "rows": rows.prefetch_related("items").select_related("case").order_by("-pk")[:100], "wanted": wanted,
        "counts": dict(queries.by_state(actor)), "values": queries.values(actor),
        "ports": [one for one in ports() if held is None or one.code in held], "may_seize": actor.may(services.SEIZE),
    }  # fmt: skip
    return page(request, "seizures.html", context)


@login_required
@require_GET
def seizure(request: HttpRequest, reference: str) -> HttpResponse:
    """One seizure with its custody chain. The look is audited."""
    actor = actor_of(request)
    row = queries.seizure(actor, reference)
    audit.record(actor=actor, action="investigations.seizure_viewed", subject=f"seizure:{reference}")
    context = {
        "row": row, "items": row.items.order_by("number"), "chain": queries.chain_of(row),
        "verdict": queries.chain_whole(row), "possible": rules.possible(row.state),
        "may_seize": actor.may(services.SEIZE, port=row.port), "witnessed": rules.WITNESSED,
    }  # fmt: skip
    return page(request, "seizure.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def new_seizure(request: HttpRequest) -> HttpResponse:
    """Enter seized goods into the register."""
    actor = actor_of(request)
    actor.require(services.SEIZE)
    if request.method == "POST":
        made: list[Seizure] = []
        answer = done(
            request, lambda: made.append(_seized(request)), reverse("investigations:new_seizure"),
            _("The seizure is registered."),
        )  # fmt: skip
        return redirect("investigations:seizure", made[0].reference) if made else answer
    held = actor.ports(services.SEIZE)
    context = {
        "ports": [one for one in ports() if held is None or one.code in held], "unit_codes": rules.UNITS,
        "number": request.GET.get("number", ""), "case": request.GET.get("case", ""),
    }  # fmt: skip
    return page(request, "new_seizure.html", context)


def _seized(request: HttpRequest) -> Seizure:
    given = {
        name: request.POST.get(name, "").strip() for name in ("port", "ground", "place", "held_from", "number", "case")
    }
    item = services.Item(
        request.POST.get("hs6", "").strip(), request.POST.get("description", ""),
        decimal_of(request, "quantity") or Decimal(0), request.POST.get("unit", ""),
        decimal_of(request, "value") or Decimal(0), request.POST.get("currency", "").strip().upper(),
    )  # fmt: skip
    return services.seize(
        actor=actor_of(request), port=given["port"], items=[item], ground=given["ground"], place=given["place"],
        held_from=given["held_from"], number=given["number"], case=given["case"],
    )  # fmt: skip


@login_required
@require_POST
@needs("investigations.seize")
def step(request: HttpRequest, reference: str) -> HttpResponse:
    """Record what happens to seized goods."""
    actor = actor_of(request)
    detail = {
        "ground": request.POST.get("ground", "").strip(),
        "remarks": request.POST.get("remarks", "").strip()[:500],
        "witnesses": [name.strip() for name in request.POST.get("witnesses", "").split(",") if name.strip()],
    }
    return done(
        request,
        lambda: services.take_step(
            actor=actor, reference=reference, step=request.POST.get("step", ""),
            holder=request.POST.get("holder", ""), place=request.POST.get("place", ""), detail=detail,
        ),
        reverse("investigations:seizure", args=[reference]),
    )  # fmt: skip
