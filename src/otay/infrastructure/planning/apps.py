"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanningConfig(AppConfig):
    """Registers permissions, pages, API, jobs, what it measures and the worked cases of the demo."""

    name = "otay.infrastructure.planning"
    label = "planning"
    verbose_name = _("Planning")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        self._permissions()
        self._doors()
        self._seams()

    def _permissions(self) -> None:
        from otay.node import roles

        both = [roles.PLANNER, roles.SUPERVISOR]
        roles.declare("planning.view", _("See plans of ports"), held_by=[*both, roles.AUDITOR])
        roles.declare("planning.edit", _("Make and change scenarios"), held_by=[roles.PLANNER])
        roles.declare("planning.run", _("Play scenarios"), held_by=both)
        roles.declare("planning.search", _("Search for better plans"), held_by=[roles.PLANNER])
        roles.declare("planning.approve", _("Approve scenarios or return them"), held_by=[roles.SUPERVISOR])
        roles.declare("planning.comment", _("Comment on scenarios"), held_by=[*both, roles.AUDITOR])
        roles.declare("planning.observe", _("Record observed waits"), held_by=[*both, roles.PORT_OFFICER])

    def _doors(self) -> None:
        from otay.node import registry

        registry.pages.register(registry.Pages("planning", "planning/", "otay.infrastructure.planning.urls"))
        registry.apis.register(
            registry.Api("planning", "planning", "otay.infrastructure.planning.api:router", "Planning")
        )
        registry.menu.register(
            registry.MenuEntry(
                "planning", "infrastructure", _("Planning of ports"), "planning:ports", "planning.view", 10
            )
        )

    def _seams(self) -> None:
        from otay.infrastructure.planning import demo, indicators, messages, running, starting
        from otay.intake.registry import handlers
        from otay.node import jobs, registry

        jobs.register(jobs.Job(starting.RUN, _("Run of a scenario"), running.run_simulation, "planning.run"))
        jobs.register(jobs.Job(starting.SEARCH, _("Search for a better plan"), running.run_search, "planning.search"))
        handlers.register(messages.HANDLER)
        for indicator in indicators.INDICATORS:
            registry.indicators.register(indicator)
        for panel in indicators.PANELS:
            registry.panels.register(panel)
        registry.alerts.register(indicators.ALERTS)
        registry.port_facts.register(indicators.PORT_FACT)
        registry.demo_chapters.register(demo.CHAPTER)
