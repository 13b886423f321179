"""The exchange floor as a Django app: what it tells the house."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExchangeConfig(AppConfig):
    """Registers what exchange offers."""

    name = "otay.exchange"
    label = "exchange"
    verbose_name = _("Exchange")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Permissions, doors, the delivery loop, periodic checks, alerts and indicators."""
        from otay.exchange import alerts, door, gauges, indicators
        from otay.exchange.services import delivery, jetstream, ranges, reconciling, tail, upkeep
        from otay.node import registry, roles

        analysts = [
            roles.SUPERVISOR,
            roles.PORT_OFFICER,
            roles.TARGETING,
            roles.TRUSTED_PROGRAMME,
            roles.TRANSIT,
            roles.INVESTIGATIONS,
            roles.AUDITOR,
        ]
        roles.declare(
            "exchange.view", _("See how the exchange with neighbours stands"), held_by=[*analysts, roles.ADMINISTRATOR]
        )
        roles.declare("exchange.view_records", _("See records exchanged with neighbours"), held_by=analysts)
        roles.declare("exchange.manage", _("Manage neighbours, keys and agreements"), held_by=[roles.ADMINISTRATOR])
        keepers = [roles.TRUSTED_PROGRAMME, roles.SUPERVISOR]
        roles.declare("exchange.manage_consents", _("Record and withdraw consents to share"), held_by=keepers)
        roles.declare("exchange.view_consents", _("See who consented to share"), held_by=[*keepers, roles.AUDITOR])
        registry.pages.register(registry.Pages("exchange", "exchange/", "otay.exchange.urls"))
        registry.apis.register(registry.Api("exchange", "exchange", "otay.exchange.api:router", "exchange"))
        registry.apis.register(registry.Api("consents", "consents", "otay.exchange.api:consents", "exchange"))
        registry.menu.register(
            registry.MenuEntry("exchange", "partnership", _("Exchange"), "exchange:console", "exchange.view", order=20)
        )
        registry.loops.register(registry.Loop("exchange.deliver", delivery.deliver_all_due))
        registry.loops.register(registry.Loop("exchange.jetstream", jetstream.step))
        registry.loops.register(registry.Loop("exchange.tail", tail.step))
        registry.restorations.register(registry.Restoration("exchange", tail.after_restore))
        for gauge in gauges.GAUGES:
            registry.gauges.register(gauge)
        registry.loops.register(registry.Loop("exchange.door", door.step))
        registry.schedules.register(
            registry.Schedule(
                "exchange.retention",
                _("Drop exchanged bodies past their retention"),
                timedelta(hours=6),
                upkeep.apply_retention,
            )
        )
        registry.schedules.register(
            registry.Schedule(
                "exchange.health",
                _("Ask neighbours how far they hold our records"),
                timedelta(seconds=30),
                upkeep.check_peers,
            )
        )
        registry.schedules.register(
            registry.Schedule(
                "exchange.ranges",
                _("Compute the range digests of exchanged records"),
                timedelta(minutes=1),
                ranges.fold_all,
            )
        )
        registry.schedules.register(
            registry.Schedule(
                "exchange.reconcile",
                _("Compare what both sides hold"),
                timedelta(hours=24),
                reconciling.reconcile_all,
            )
        )
        registry.alerts.register(registry.AlertSource("exchange", alerts.open_alerts, order=30))
        registry.indicators.register(
            registry.Indicator(
                "exchange.receipted",
                (14, 17),
                _("Records exchanged and receipted"),
                _("records"),
                _("Records of this node for which the neighbour's signed receipt is stored here."),
                indicators.records_receipted,
            )
        )
        registry.indicators.register(
            registry.Indicator(
                "exchange.seconds_to_receipt",
                (14, 17),
                _("From acceptance here to the neighbour's receipt, median"),
                _("seconds"),
                _("Median real time from the queueing of a record to its stored receipt, over the last 24 hours."),
                indicators.seconds_to_receipt,
            )
        )
