"""The screening floor as a Django app: what it tells the house."""

from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ScreeningConfig(AppConfig):
    """Registers pages, API, permissions, the indicators of selection, and loads the first rules of a fresh node."""

    name = "otay.screening"
    label = "screening"
    verbose_name = _("Screening")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        from otay.node import registry, roles
        from otay.screening import indicators

        manages = [roles.TARGETING, roles.SUPERVISOR]
        lodges = [roles.TRADER, roles.CARRIER, roles.PARTNER_NODE]
        roles.declare("screening.view", _("See rules and assessments"), held_by=roles.OFFICERS)
        roles.declare("screening.manage_rules", _("Propose and try rules"), held_by=manages)
        roles.declare("screening.approve_rules", _("Approve, refuse and retire rules"), held_by=[roles.SUPERVISOR])
        roles.declare(
            "screening.assess", _("Have what is lodged directed to a lane"), held_by=[*roles.OFFICERS, *lodges]
        )
        registry.pages.register(registry.Pages("screening", "screening/", "otay.screening.urls"))
        registry.apis.register(registry.Api("screening", "screening", "otay.screening.api:router", "screening"))
        registry.menu.register(
            registry.MenuEntry(
                "screening", "border", _("Screening rules"), "screening:rules", "screening.view", order=60
            )
        )
        for indicator in indicators.INDICATORS:
            registry.indicators.register(indicator)
        self._watchlists()
        post_migrate.connect(_first_rules, sender=self)

    def _watchlists(self) -> None:
        from otay.node import jobs, registry, roles
        from otay.screening.watchlists import importing, rescreening

        keeps = [roles.TARGETING, roles.SUPERVISOR]
        sees = [*keeps, roles.AUDITOR]
        roles.declare("screening.view_watchlists", _("See watchlists and hits"), held_by=sees)
        roles.declare("screening.propose_entries", _("Make watchlists and propose entries"), held_by=keeps)
        roles.declare(
            "screening.activate_entries", _("Put versions of watchlists in force"), held_by=[roles.SUPERVISOR]
        )
        roles.declare("screening.review_hits", _("Clear and confirm hits of watchlists"), held_by=keeps)
        roles.declare("screening.record_redress", _("Record and answer requests for correction"), held_by=keeps)
        registry.pages.register(registry.Pages("watchlists", "watchlists/", "otay.screening.watchlists.urls"))
        registry.apis.register(
            registry.Api("watchlists", "watchlists", "otay.screening.watchlists.api:router", "watchlists")
        )
        for entry in (
            registry.MenuEntry(
                "list_hits", "border", _("Hits to review"), "watchlists:hits", "screening.view_watchlists", order=50
            ),
            registry.MenuEntry(
                "watchlists", "border", _("Watchlists"), "watchlists:lists", "screening.view_watchlists", order=55
            ),
        ):
            registry.menu.register(entry)
        registry.demo_chapters.register(
            registry.DemoChapter("screening.watchlists", _("Invented watchlists"), _demo_lists, order=20)
        )
        jobs.register(
            jobs.Job(
                "screening.rescreen",
                _("Everyone expected, screened again"),
                rescreening.run_job,
                "screening.activate_entries",
            )
        )
        jobs.register(
            jobs.Job(
                importing.JOB, _("Files of watchlists, read"), importing.run_job, "screening.propose_entries",
                retakes=importing.RETAKES,
            )
        )  # fmt: skip
        registry.schedules.register(
            registry.Schedule(
                "screening.watchlists", _("Watchlist entries that begin or end, cleared matches that expire"),
                timedelta(days=1), rescreening.due_today,
            )
        )  # fmt: skip


def _demo_lists() -> None:
    from django.conf import settings

    from otay.screening.watchlists.demo import seed

    seed(settings.OTAY)


def _first_rules(using: str = "default", **kwargs: Any) -> None:
    from otay.screening.defaults import add_needed, load_defaults

    if using == "default":
        load_defaults()
        add_needed()
