"""Indicators of the action plan that screening measures."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

from django.db.models import Q, Sum
from django.utils.translation import gettext_lazy as _

from otay.engines.selection import Lane
from otay.node import clock
from otay.node.registry import Indicator, Measure
from otay.screening.models import DayCount

DAYS = 14


def _share(counted: Q) -> Callable[[], Measure]:
    """A measure: the share of assessments that ``counted`` holds for, day by day over the last two weeks."""

    def measure() -> Measure:
        rows = (
            DayCount.objects.filter(day__gt=(clock.now() - timedelta(days=DAYS)).date())
            .values("day")
            .annotate(all=Sum("total"), hits=Sum("total", filter=counted, default=0))
            .order_by("day")
        )
        days = [(row["day"].isoformat(), row["hits"], row["all"]) for row in rows]
        total = sum(day[2] for day in days)
        if not total:
            return Measure(None, note=_("Nothing was assessed in the last %(days)s days.") % {"days": DAYS})
        return Measure(
            _percent(sum(day[1] for day in days), total),
            tuple((day, _percent(hits, count)) for day, hits, count in days),
            _("%(total)s assessments of the last %(days)s days.") % {"total": f"{total:,}", "days": DAYS},
        )

    return measure


def _percent(hits: int, total: int) -> Decimal:
    return (Decimal(100) * hits / total).quantize(Decimal("0.01"))


INDICATORS = (
    Indicator(
        key="screening.released",
        points=(2, 22),
        title=_("Released without a check"),
        unit="%",
        explanation=_("Assessments that ended in the green lane, of all assessments in the last 14 days."),
        compute=_share(Q(lane=Lane.GREEN)),
        order=60,
    ),
    Indicator(
        key="screening.examined",
        points=(22,),
        title=_("Directed to physical examination"),
        unit="%",
        explanation=_("Assessments that ended in the red lane, of all assessments in the last 14 days."),
        compute=_share(Q(lane=Lane.RED)),
        order=61,
    ),
    Indicator(
        key="screening.random",
        points=(21, 22),
        title=_("Drawn by lot"),
        unit="%",
        explanation=_(
            "Assessments drawn at random, of all assessments in the last 14 days: the unbiased sample that the rules "
            "are judged by."
        ),
        compute=_share(Q(random=True)),
        order=62,
    ),
)
