"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeclarationsConfig(AppConfig):
    """Registers permissions, pages, API, the messages it takes, the records it shares and what it measures."""

    name = "otay.goods.declarations"
    label = "declarations"
    verbose_name = _("Declarations")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        self._permissions()
        self._doors()
        self._seams()
        self._tariff()

    def _permissions(self) -> None:
        from otay.node import roles

        booth = [roles.PORT_OFFICER, roles.SUPERVISOR]
        sees = [
            *booth, roles.TARGETING, roles.TRUSTED_PROGRAMME, roles.TRANSIT, roles.INVESTIGATIONS, roles.PLANNER,
            roles.AUDITOR,
        ]  # fmt: skip
        trade = [roles.TRADER, roles.CARRIER]
        roles.declare("declarations.view", _("See declarations"), held_by=sees)
        roles.declare("declarations.view_own", _("See one's own declarations"), held_by=trade)
        roles.declare("declarations.lodge", _("Lodge and amend declarations"), held_by=trade)
        roles.declare("declarations.withdraw", _("Withdraw declarations"), held_by=trade)
        roles.declare("declarations.process", _("Receive conveyances at the booth"), held_by=booth)
        roles.declare("declarations.inspect", _("Record inspections"), held_by=booth)
        roles.declare("declarations.release", _("Release goods or refuse their entry"), held_by=booth)
        roles.declare("declarations.override", _("Release without the asked inspection"), held_by=[roles.SUPERVISOR])

    def _doors(self) -> None:
        from otay.node import registry

        registry.pages.register(registry.Pages("declarations", "declarations/", "otay.goods.declarations.urls"))
        registry.apis.register(
            registry.Api("declarations", "declarations", "otay.goods.declarations.api:router", "Declarations")
        )
        for entry in (
            registry.MenuEntry(
                "declarations", "goods", _("Declarations"), "declarations:list", "declarations.view", 10
            ),
            registry.MenuEntry(
                "own_declarations", "goods", _("My declarations"), "declarations:list", "declarations.view_own", 10
            ),
            registry.MenuEntry("booth", "border", _("Booth"), "declarations:booth", "declarations.process", 20),
            registry.MenuEntry("queues", "border", _("Queues"), "declarations:queues", "declarations.process", 30),
            registry.MenuEntry(
                "lodge", "goods", _("Lodge declarations"), "declarations:lodge", "declarations.lodge", 20
            ),
        ):
            registry.menu.register(entry)

    def _seams(self) -> None:
        from otay.exchange.registry import record_types
        from otay.goods.declarations import facts, indicators, messages, sharing, watching
        from otay.intake.registry import handlers
        from otay.node import registry
        from otay.screening.registry import fact_sets, rescreeners

        handlers.register(messages.HANDLER)
        fact_sets.register(facts.FACTS)
        rescreeners.register(watching.RESCREENER)
        for record_type in sharing.RECORD_TYPES:
            record_types.register(record_type)
        for indicator in indicators.INDICATORS:
            registry.indicators.register(indicator)
        for fact in indicators.PORT_FACTS:
            registry.port_facts.register(fact)
        registry.alerts.register(indicators.ALERTS)
        for panel in indicators.PANELS:
            registry.panels.register(panel)

    def _tariff(self) -> None:
        """Rates and lines are public: who works on declarations reads them; who steers checks puts them."""
        from otay.goods.declarations.tariff import demo
        from otay.node import registry, roles

        trade = [roles.TRADER, roles.CARRIER]
        registry.demo_chapters.register(
            registry.DemoChapter("tariff", _("Rates and tariff of the demonstration"), demo.seed, 30)
        )
        roles.declare("tariff.view", _("See exchange rates and the tariff"), held_by=[*roles.OFFICERS, *trade])
        roles.declare("tariff.import", _("Put exchange rates and tariff lines"), held_by=[roles.TARGETING])
        registry.pages.register(registry.Pages("tariff", "tariff/", "otay.goods.declarations.tariff.urls"))
        registry.apis.register(registry.Api("tariff", "tariff", "otay.goods.declarations.tariff.api:router", "Tariff"))
        registry.menu.register(
            registry.MenuEntry("tariff", "goods", _("Rates and tariff"), "tariff:rates", "tariff.view", 50)
        )
