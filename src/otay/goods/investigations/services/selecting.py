"""Who is looked at: each office's plan applied to what was scored, screening asked to direct accordingly.

Selection never releases anybody from a check that screening asked for; it adds. What it asks for becomes a fact of the
declaration, screening's rules turn it into a lane with its reason, and the booth shows both.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Max, QuerySet

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.fraud.choosing import Candidate, Capacity, Lane, Shares, Why, choose_all
from otay.goods.declarations.domain import OPEN
from otay.goods.declarations.models import Declaration
from otay.goods.declarations.redirecting import redirect
from otay.goods.investigations.domain import selecting as rules
from otay.goods.investigations.domain.scoring import priority
from otay.goods.investigations.domain.selecting import Terms
from otay.goods.investigations.models import Plan, Score, Selected, TrustedTrader
from otay.goods.investigations.services import registry
from otay.goods.investigations.services.learning import keys_of
from otay.node import audit, clock
from otay.node.actors import SYSTEM, Actor
from otay.places.queries import ports
from otay.screening.secret import selection_secret

PLAN = "investigations.plan"
TRUST = "investigations.trust"
LOOK_BACK = timedelta(days=7)
AT_ONCE = 4000


@transaction.atomic
def set_plan(*, actor: Actor, port: str, terms: Terms, why: str) -> Plan:
    """Put a plan in force for ``port`` (empty: for every office without one) from now on.

    Raises:
        Forbidden: unless ``actor`` plans at that port.
        Refused: with every finding.
    """
    actor.require(PLAN, port=port or None)
    if not port and actor.ports(PLAN) is not None:
        actor.require(PLAN, port="*")
    if port and port not in {one.code for one in ports()}:
        raise Refused(
            N_("The plan cannot be used"),
            findings=[error("/port", "plan.port", N_("There is no such port of entry"), port)],
        )
    if not 5 <= len(why.strip()) <= 300:
        raise Refused(
            N_("The plan cannot be used"),
            findings=[error("/why", "plan.why", N_("Say why, in 5 to 300 characters"), why)],
        )
    rules.check(terms)
    last = Plan.objects.filter(port=port).aggregate(last=Max("version"))["last"] or 0
    plan = Plan.objects.create(**_columns(terms), port=port, version=last + 1, valid_from=clock.now(),
                               owner=actor.name, actor=actor.key, why=why.strip())  # fmt: skip
    audit.record(
        actor=actor, action="investigations.plan_set", subject=f"plan:{port or '*'}/{plan.version}", reason=why
    )
    return plan


def _columns(terms: Terms) -> dict[str, object]:
    return {
        "red_capacity": terms.red, "yellow_capacity": terms.yellow, "query_capacity": terms.query,
        "blue_capacity": terms.blue, "random_share": terms.random, "exploration_share": terms.exploration,
        "trusted_share": terms.trusted, "expected_rate": terms.expected_rate,
    }  # fmt: skip


def plan_of(port: str) -> Plan:
    """The plan in force for ``port``; the default one is made on first use."""
    found = Plan.objects.filter(port=port).order_by("-version").first()
    found = found or Plan.objects.filter(port="").order_by("-version").first()
    if found is None:
        found, _made = Plan.objects.get_or_create(
            port="", version=1,
            defaults={**_columns(rules.DEFAULT), "valid_from": clock.now(), "owner": "Otay", "actor": SYSTEM.key,
                      "why": "First plan of a new node, to be adapted by each office"},
        )  # fmt: skip
    return found


def terms_of(plan: Plan) -> Terms:
    """What a plan says."""
    return Terms(
        plan.red_capacity, plan.yellow_capacity, plan.query_capacity, plan.blue_capacity, plan.random_share,
        plan.exploration_share, plan.trusted_share, plan.expected_rate,
    )  # fmt: skip


def office_day(port: str, at: datetime | None = None) -> date:
    """The day at an office, by its own clock."""
    zones = {one.code: one.time_zone for one in ports()}
    return (at or clock.now()).astimezone(ZoneInfo(zones.get(port) or "UTC")).date()


def select_all() -> dict[str, int]:
    """Let every office's plan choose among what is open, scored and not yet chosen from; port -> how many were chosen.

    What was looked at and not chosen is looked at again only when it is scored anew.
    """
    waiting = _waiting().values_list("declaration__port", flat=True).distinct()
    return {port: len(select(port)) for port in sorted(waiting)}


def _waiting() -> QuerySet[Score]:
    return Score.objects.filter(considered=False, declaration__selected=None, declaration__state__in=OPEN)


@transaction.atomic
def select(port: str) -> list[Selected]:
    """Choose at one office; what was chosen, in the order of rank."""
    plan = plan_of(port)
    day = office_day(port)
    found = _waiting().filter(declaration__port=port).select_related("declaration")
    scores = list(found.order_by("declaration_id")[:AT_ONCE])
    if not scores:
        return []
    terms = terms_of(plan)
    before = list(Selected.objects.filter(port=port, day=day).values_list("lane", "by"))
    used = Counter(lane for lane, _by in before)
    places = rules.places_now(terms, seen=_seen(port, day), expected=_expected(port), used=used)
    shares = _shares(terms, sum(places.values(), Fraction(0)), Counter(by for _lane, by in before))
    chosen = choose_all(_candidates(port, scores), Capacity(places), selection_secret(), shares)
    by_key = {f"declaration:{one.declaration.number}": one for one in scores}
    made = []
    for one in sorted(chosen, key=lambda item: item.rank):
        score = by_key[one.key]
        if one.lane is Lane.GREEN:
            continue
        # The lot counts once: who is looked at again would have two chances, and the sample would not be simple.
        by = Why.RANK if one.why is Why.RANDOM and score.times else one.why
        made.append(
            Selected(
                declaration=score.declaration, port=port, day=day, lane=one.lane, by=by, rank=one.rank,
                score=Decimal(f"{priority(score.probability, score.duty):.5f}"), criteria=score.criteria, plan=plan,
                at=clock.now(),
            )
        )  # fmt: skip
    found_by = [by_key[f"declaration:{one.declaration.number}"] for one in made]
    for row, reasons in zip(made, registry.moved(found_by), strict=True):
        row.reasons = reasons
    Selected.objects.bulk_create(made)
    Score.objects.filter(pk__in=[one.pk for one in scores]).update(considered=True, times=F("times") + 1)
    _direct(made)
    audit.record_many(
        actor=SYSTEM,
        events=[
            audit.Event(
                "investigations.selected", f"declaration:{one.declaration.number}",
                detail={"lane": str(one.lane), "by": str(one.by), "rank": one.rank, "plan": plan.version},
            )
            for one in made
        ],
    )  # fmt: skip
    return made


def _shares(terms: Terms, places: Fraction, used: Counter[str]) -> Shares:
    """The day's shares for the places that are given away now: over many small goes they come to what the plan says."""
    if not places:
        return Shares(Fraction(0), Fraction(0), Fraction(terms.trusted))
    total = sum(used.values()) + places
    random = min(places, Fraction(max(0, ceil(Fraction(terms.random) * total) - used[Why.RANDOM])))
    wanted = Fraction(max(0, ceil(Fraction(terms.exploration) * total) - used[Why.EXPLORATION]))
    exploration = min(places - random, wanted)
    return Shares(random / places, exploration / places, Fraction(terms.trusted))


def _seen(port: str, day: date) -> int:
    """Loaded declarations of the office's day so far."""
    zones = {one.code: one.time_zone for one in ports()}
    since = datetime.combine(day, time(), ZoneInfo(zones.get(port) or "UTC"))
    return Declaration.objects.filter(port=port, empty=False, lodged_at__gte=since).count()


def _expected(port: str) -> int:
    """Loaded declarations a day at ``port``: the mean of the last week, or what was seen where it is younger."""
    now = clock.now()
    rows = Declaration.objects.filter(port=port, empty=False, lodged_at__gt=now - LOOK_BACK)
    oldest = rows.order_by("lodged_at").values_list("lodged_at", flat=True).first()
    days = max(1.0, (now - oldest).total_seconds() / 86400) if oldest else 1.0
    return max(1, round(rows.count() / min(days, LOOK_BACK.days)))


def _candidates(port: str, scores: Sequence[Score]) -> list[Candidate]:
    trusted = set(
        TrustedTrader.objects.filter(valid_until__gte=clock.now().date()).values_list("identifier", flat=True)
    )
    return [
        Candidate(
            key=f"declaration:{one.declaration.number}", office=port, priority=priority(one.probability, one.duty),
            uncertainty=_uncertainty(one), trusted=keys_of(one.declaration)["trader"] in trusted,
        )
        for one in scores
    ]  # fmt: skip


def _uncertainty(score: Score) -> float:
    """How little is known of the trader: one where nobody ever looked, less with every inspection."""
    return 1.0 / (1.0 + float(score.features.get("trader_checked") or 0.0))


def _direct(made: Sequence[Selected]) -> None:
    """Hand what was chosen to screening, which turns it into a lane with a reason. A query is a task, not a lane."""
    extra = {
        one.declaration.number: {"selected_lane": str(one.lane), "selected_rank": one.rank}
        for one in made
        if one.lane in (Lane.RED, Lane.YELLOW, Lane.BLUE)
    }
    if extra:
        redirect(actor=SYSTEM, extra=extra)


@transaction.atomic
def trust(*, actor: Actor, identifier: str, programme: str, valid_until: date) -> TrustedTrader:
    """Name a trader as trusted until a day; naming it again replaces the day."""
    actor.require(TRUST)
    findings = []
    if not 2 <= len(identifier.strip()) <= 35 or not programme.strip():
        findings.append(
            error("/identifier", "trust.identifier", N_("Give the tax identifier and the programme"), identifier)
        )
    if valid_until < clock.now().date():
        findings.append(error("/valid_until", "trust.until", N_("Give a day from today on"), valid_until))
    if findings:
        raise Refused(N_("The trader cannot be named"), findings=findings)
    row, _made = TrustedTrader.objects.update_or_create(
        identifier=identifier.strip().upper(),
        defaults={"programme": programme.strip()[:40], "valid_until": valid_until, "added_by": actor.key,
                  "added_at": clock.now()},
    )  # fmt: skip
    audit.record(actor=actor, action="investigations.trader_trusted", subject=f"trader:{row.identifier}",
                 reason=programme, until=valid_until)  # fmt: skip
    return row


__all__ = ["Why", "office_day", "plan_of", "select", "select_all", "set_plan", "terms_of", "trust"]
