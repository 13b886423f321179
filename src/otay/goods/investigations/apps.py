"""The room as a Django app: what it tells the house."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvestigationsConfig(AppConfig):
    """Registers permissions, pages, API, the records it shares, what it measures and what it does by itself."""

    name = "otay.goods.investigations"
    label = "investigations"
    verbose_name = _("Investigations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        self._permissions()
        self._doors()
        self._seams()
        self._work()

    def _permissions(self) -> None:
        from otay.node import roles

        port = [roles.PORT_OFFICER, roles.SUPERVISOR]
        desk = [roles.TARGETING, roles.INVESTIGATIONS]
        declare = roles.declare
        declare("investigations.view", _("See selections and findings"), held_by=[*port, *desk, roles.AUDITOR])
        declare("investigations.review", _("Review findings"), held_by=[roles.SUPERVISOR, *desk])
        declare("investigations.waive", _("Waive a selected check"), held_by=port)
        declare("investigations.review_overrides", _("Review overrides"), held_by=[roles.SUPERVISOR, roles.TARGETING])
        declare("investigations.plan", _("Set capacities and shares"), held_by=[roles.SUPERVISOR, roles.TARGETING])
        declare("investigations.models", _("Have models trained and chosen"), held_by=[roles.TARGETING])
        declare("investigations.analyse", _("Use the workbench"), held_by=[roles.SUPERVISOR, *desk, roles.AUDITOR])
        declare("investigations.record_outcomes", _("Record findings, duty and penalties"), held_by=[*port, *desk])
        declare("investigations.trust", _("Name trusted traders"), held_by=[roles.TRUSTED_PROGRAMME])
        declare("investigations.cases", _("Work on joint cases"), held_by=[roles.SUPERVISOR, *desk])
        declare("investigations.open_cases", _("Open and join joint cases"), held_by=desk)
        declare("investigations.audit_cases", _("Read all cases"), held_by=[roles.AUDITOR])
        declare("investigations.seize", _("Seize goods and keep the register"), held_by=[*port, roles.INVESTIGATIONS])
        declare(
            "investigations.view_seizures", _("See the register of seizures"), held_by=[*port, *desk, roles.AUDITOR]
        )

    def _doors(self) -> None:
        from otay.node import registry

        registry.pages.register(registry.Pages("investigations", "investigations/", "otay.goods.investigations.urls"))
        registry.apis.register(
            registry.Api("investigations", "investigations", "otay.goods.investigations.api:router", "Investigations")
        )
        for key, label, url, permission, order in (
            ("morning", _("Morning list"), "morning", "investigations.view", 40),
            ("findings", _("Findings"), "findings", "investigations.view", 41),
            ("workbench", _("Workbench"), "workbench", "investigations.analyse", 42),
            ("evaluation", _("Evaluation of selection"), "evaluation", "investigations.view", 43),
            ("cases", _("Joint cases"), "cases", "investigations.cases", 44),
            ("all_cases", _("Joint cases"), "cases", "investigations.audit_cases", 44),
            ("seizures", _("Seizures"), "seizures", "investigations.view_seizures", 45),
        ):
            registry.menu.register(
                registry.MenuEntry(f"investigations.{key}", "goods", label, f"investigations:{url}", permission, order)
            )

    def _seams(self) -> None:
        from otay.exchange.registry import record_types
        from otay.goods.investigations import indicators, sharing
        from otay.node import jobs, registry

        for record_type in sharing.RECORD_TYPES:
            record_types.register(record_type)
        for indicator in indicators.INDICATORS:
            registry.indicators.register(indicator)
        for panel in indicators.PANELS:
            registry.panels.register(panel)
        registry.alerts.register(indicators.ALERTS)
        from otay.goods.investigations import work

        jobs.register(jobs.Job(work.TRAIN, _("Training of a challenger"), work.train, "investigations.models"))

    def _work(self) -> None:
        from otay.goods.investigations import demo, work
        from otay.node import registry

        minute = timedelta(minutes=1)
        for key, title, every, run in (
            ("match", _("Matching of both countries' books"), minute, work.match),
            ("assign", _("Matching of records without a common reference"), 5 * minute, work.assign),
            ("select", _("Scores and selections"), minute, work.select),
            ("learn", _("History and reference prices"), 10 * minute, work.learn),
            (
                "patterns",
                _("Transshipment, circles of trade, consignments in parts, digits, surges"),
                720 * minute,
                work.seek,
            ),
            ("drift", _("Drift watch"), 60 * minute, work.watch),
            ("retrain", _("Weekly training of a challenger"), 60 * minute, work.retrain),
            ("erase", _("Erasure of withdrawn cases"), minute, work.erase),
            ("demo", _("Demonstration of a joint case"), minute / 2, demo.act),
        ):
            registry.schedules.register(registry.Schedule(f"investigations.{key}", title, every, run))
        registry.demo_chapters.register(
            registry.DemoChapter("investigations", _("Cases, seizures and books that differ"), demo.seed, 60)
        )
