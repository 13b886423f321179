"""What the room measures for the action plan, its panel on the home page, and what wants an eye now."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from otay.goods.investigations.domain.cases import EntryKind, State
from otay.goods.investigations.models import (
    Case,
    CaseEntry,
    CaseMember,
    MirrorFinding,
    MirrorPair,
    ModelVersion,
    NeighbourEntry,
    Override,
    Seizure,
    Selected,
)
from otay.goods.investigations.queries import cases, seizures
from otay.node import clock
from otay.node.actors import Actor
from otay.node.registry import Alert, AlertSource, Indicator, Measure, Panel

DAYS = 28


def joint_cases() -> Measure:
    """Open cases that are shared with the neighbour, or that it shares with us."""
    found = Case.objects.exclude(shared_with="").exclude(state=State.CLOSED).filter(withdrawn_at=None)
    return Measure(found.count(), note=_("Now."))


def answered() -> Measure:
    """Share of the requests in joint cases, of both sides, that were answered."""
    since = clock.now() - timedelta(days=DAYS)
    ours = CaseEntry.objects.filter(at__gt=since)
    theirs = NeighbourEntry.objects.filter(at__gt=since)
    asked = ours.filter(kind=EntryKind.REQUEST).count() + theirs.filter(kind=EntryKind.REQUEST).count()
    told = ours.filter(kind=EntryKind.ANSWER).count() + theirs.filter(kind=EntryKind.ANSWER).count()
    share = round(Decimal(100 * min(told, asked)) / asked, 1) if asked else None
    return Measure(share, note=_("Requests of the last 28 days."))


def agreeing() -> Measure:
    """Share of the pairs in which nothing differs without an innocent cause."""
    since = (clock.now() - timedelta(days=7)).date()
    pairs = MirrorPair.objects.filter(state=MirrorPair.State.MATCHED, day__gt=since)
    total = pairs.count()
    agreeing = pairs.filter(differing=0).count() if total else 0
    return Measure(round(Decimal(100 * agreeing) / total, 1) if total else None, note=_("Goods of the last 7 days."))


def seized() -> Measure:
    """Seizures registered."""
    since = clock.now() - timedelta(days=DAYS)
    return Measure(Seizure.objects.filter(at__gt=since).count(), note=_("The last 28 days."))


INDICATORS = (
    Indicator(
        "investigations.joint_cases", (16, 17, 22), _("Joint cases in progress"), _("cases"),
        _("Cases that are open and shared between both customs administrations."), joint_cases, 30,
    ),
    Indicator(
        "investigations.answered", (17, 22), _("Requests in joint cases that were answered"), "%",
        _("Requests of either side in joint cases in the last 28 days that have an answer."), answered, 31,
    ),
    Indicator(
        "investigations.agreeing", (14, 17), _("Transactions on which both books agree"), "%",
        _("Pairs of our declarations and the neighbour's records of the last 7 days in which no element differs "
          "without an innocent cause."), agreeing, 32,
    ),
    Indicator(
        "investigations.seized", (22,), _("Seizures of goods"), _("seizures"),
        _("Seizures entered into the register in the last 28 days."), seized, 33,
    ),
)  # fmt: skip


def panel(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """Open findings, today's selection, own cases."""
    held = actor.ports("investigations.view")
    where: dict[str, Any] = {} if held is None else {"port__in": held}
    today = clock.now().date()
    mine = CaseMember.objects.filter(key=actor.key, until=None).values("case")
    return {
        "open_findings": MirrorFinding.objects.filter(state=MirrorFinding.State.OPEN, **where).count(),
        "selected_today": Selected.objects.filter(day__gte=today - timedelta(days=1), **where).count(),
        "my_cases": Case.objects.filter(pk__in=mine).exclude(state=State.CLOSED).count(),
        "heaviest": list(
            MirrorFinding.objects.filter(state=MirrorFinding.State.OPEN, **where)
            .select_related("declaration")
            .order_by("-weight", "-pk")[:5]
        ),
    }


PANELS = (Panel("investigations", _("Investigations"), "investigations/_panel.html", panel, "investigations.view", 50),)


def open_alerts(actor: Actor) -> list[Alert]:
    """Requests that wait for our answer, cases that the neighbour offers, overrides to review, a model that drifts."""
    if actor.party:
        return []
    return [*_requests(actor), *_offers(actor), *_overrides(actor), *_drift(actor), *_chains(actor)]


def _requests(actor: Actor) -> list[Alert]:
    if not actor.may(cases.WORK):
        return []
    mine = Case.objects.filter(members__key=actor.key, members__until=None, withdrawn_at=None).exclude(shared_with="")
    found = []
    for row in mine.filter(neighbour_entries__kind=EntryKind.REQUEST).distinct()[:20]:
        if cases.open_requests(cases.timeline(row), of=_own()):
            title = _("The neighbour waits for an answer in case %(reference)s") % {"reference": row.reference}
            found.append(Alert("warning", title, reverse("investigations:case", args=[row.reference]), row.port))
    return found


def _own() -> str:
    from django.conf import settings

    return str(settings.OTAY.country)


def _offers(actor: Actor) -> list[Alert]:
    return [
        Alert(
            "info",
            _("The neighbour shares case %(reference)s and nobody here has joined it") % {"reference": row.reference},
            reverse("investigations:cases"),
            row.port,
        )
        for row in cases.offered(actor)[:5]
    ]


def _overrides(actor: Actor) -> list[Alert]:
    if not actor.may("investigations.review_overrides"):
        return []
    held = actor.ports("investigations.review_overrides")
    waiting = Override.objects.filter(verdict="", at__lt=clock.now() - timedelta(days=1)).exclude(actor=actor.key)
    count = (waiting if held is None else waiting.filter(port__in=held)).count()
    if not count:
        return []
    title = ngettext(
        "%(count)s override has waited for its review for over a day",
        "%(count)s overrides have waited for their review for over a day", count,
    ) % {"count": count}  # fmt: skip
    return [Alert("warning", title, reverse("investigations:evaluation"))]


def _drift(actor: Actor) -> list[Alert]:
    from otay.goods.investigations.services.registry import DRIFT_ALARM, outdated

    if not actor.may("investigations.models"):
        return []
    row = ModelVersion.objects.filter(role=ModelVersion.Role.CHAMPION).first()
    if row is None:
        return []
    url = reverse("investigations:models")
    if outdated(row):
        title = _(
            "The champion model was made by an earlier version: selection goes on without it until one is trained"
        )
        return [Alert("warning", title, url)]
    if row.drift.get("unusable"):
        return [Alert("error", _("The champion model's file cannot be used: selection goes on without it"), url)]
    if any(value > DRIFT_ALARM for value in row.drift.get("features", {}).values()):
        return [Alert("warning", _("Trade has changed since the champion model was trained"), url)]
    return []


def _chains(actor: Actor) -> list[Alert]:
    """Seizures whose custody chain does not hold, among the last that the actor may see."""
    if not actor.may(seizures.VIEW):
        return []
    return [
        Alert(
            "error",
            _("The custody chain of seizure %(reference)s does not hold") % {"reference": row.reference},
            reverse("investigations:seizure", args=[row.reference]),
            row.port,
        )
        for row in seizures.visible(actor).order_by("-pk")[:5]
        if not seizures.chain_whole(row).whole
    ]


ALERTS = AlertSource("investigations", open_alerts, 40)
