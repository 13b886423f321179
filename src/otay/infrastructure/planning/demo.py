"""Worked cases of the demo: San Ysidro with Tijuana, Laredo with Nuevo Laredo. Counts are data, planners invented."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from otay.infrastructure.planning.models import PlanScenario
from otay.node.registry import DemoChapter


def seed() -> None:
    """Make the worked cases unless there are any scenarios; the node's background plays them when it runs."""
    if PlanScenario.objects.exists():
        return
    from otay.infrastructure.planning import worked_cases

    with override(settings.OTAY.language):
        worked_cases.make()


CHAPTER = DemoChapter("planning", _("Plans of two ports"), seed, 60)
