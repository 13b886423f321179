"""The room as a Django app: what it tells the house."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PassengersConfig(AppConfig):
    """Registers permissions, pages, API, the messages it takes and the records it shares."""

    name = "otay.people.passengers"
    label = "passengers"
    verbose_name = _("Passengers")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        self._permissions()
        self._doors()
        self._seams()
        self._background()

    def _permissions(self) -> None:
        from otay.node import roles

        decides = [roles.PORT_OFFICER, roles.SUPERVISOR, roles.TARGETING]
        declare = roles.declare
        declare(
            "passengers.view", _("See flights and their travellers"),
            held_by=[*decides, roles.INVESTIGATIONS, roles.AUDITOR],
        )  # fmt: skip
        declare("passengers.decide", _("Decide about travellers and matches"), held_by=decides)
        declare(
            "passengers.confirm", _("Agree with another officer's decision about a traveller"),
            held_by=[roles.SUPERVISOR, roles.TARGETING],
        )  # fmt: skip
        declare("passengers.send", _("Send passenger lists and reservations"), held_by=[roles.CARRIER])
        declare("passengers.view_own", _("See one's own flights and their travellers"), held_by=[roles.CARRIER])
        declare(
            "passengers.register_carriers", _("Say who sends for which carrier code"), held_by=[roles.ADMINISTRATOR]
        )

    def _doors(self) -> None:
        from otay.node import registry

        registry.pages.register(registry.Pages("passengers", "passengers/", "otay.people.passengers.urls"))
        registry.apis.register(
            registry.Api("passengers", "passengers", "otay.people.passengers.api:router", "Passengers")
        )
        entry = registry.MenuEntry
        for one in (
            entry("flights", "people", _("Flights"), "passengers:flights", "passengers.view", 10),
            entry("own_flights", "people", _("My flights"), "passengers:flights", "passengers.view_own", 10),
            entry("cases", "people", _("Travellers to decide"), "passengers:cases", "passengers.decide", 11),
            entry(
                "passenger_messages", "people", _("Passenger messages"), "passengers:messages", "passengers.view", 12
            ),
            entry(
                "own_passenger_messages", "people", _("My passenger messages"), "passengers:messages",
                "passengers.view_own", 12,
            ),
            entry("notices", "people", _("Status changes"), "passengers:notices", "passengers.view", 13),
            entry("own_notices", "people", _("Status changes for me"), "passengers:notices", "passengers.view_own", 13),
            entry(
                "carriers", "people", _("Carrier codes"), "passengers:carriers", "passengers.register_carriers", 14
            ),
        ):  # fmt: skip
            registry.menu.register(one)

    def _seams(self) -> None:
        from otay.exchange.registry import record_types
        from otay.intake.registry import handlers
        from otay.node import registry
        from otay.people.passengers import demo, facts, indicators, messages, sharing
        from otay.people.passengers.services import deciding
        from otay.screening.registry import Rescreener, fact_sets, rescreeners

        handlers.register(messages.HANDLER)
        for record_type in sharing.RECORD_TYPES:
            record_types.register(record_type)
        rescreeners.register(
            Rescreener(
                "traveller", _("Travellers yet to arrive"), deciding.parties, deciding.take_hits,
                lambda: deciding.concerned().count(),
            )
        )  # fmt: skip
        fact_sets.register(facts.FACTS)
        for indicator in indicators.INDICATORS:
            registry.indicators.register(indicator)
        registry.alerts.register(indicators.ALERTS)
        for panel in indicators.PANELS:
            registry.panels.register(panel)
        registry.demo_chapters.register(
            registry.DemoChapter("people.passengers", _("Flights between the two countries"), demo.seed, 60)
        )

    def _background(self) -> None:
        from otay.node import registry
        from otay.people.passengers import sharing
        from otay.people.passengers.services import directing, parts, retention

        registry.loops.register(registry.Loop("passengers.directing", directing.step))

        registry.schedules.register(
            registry.Schedule(
                "passengers.sharing", _("Offer flights taken before there was an agreement"), timedelta(hours=1),
                sharing.catch_up,
            )
        )  # fmt: skip
        registry.schedules.register(
            registry.Schedule(
                "passengers.parts", _("Take transfers whose other parts never came"), timedelta(minutes=5),
                parts.give_up,
            )
        )  # fmt: skip
        registry.schedules.register(
            registry.Schedule(
                "passengers.retention", _("Erase passenger data whose time is over"), timedelta(hours=24),
                retention.run,
            )
        )  # fmt: skip
