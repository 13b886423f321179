"""The intake floor as a Django app: what it tells the house."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class IntakeConfig(AppConfig):
    """Registers what intake offers."""

    name = "otay.intake"
    label = "intake"
    verbose_name = _("Intake")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Permissions, doors, background work, indicators."""
        from otay.node import registry, roles

        everybody_who_sends = [
            roles.TRADER, roles.CARRIER, roles.PORT_OFFICER, roles.SUPERVISOR, roles.TARGETING, roles.TRUSTED_PROGRAMME,
            roles.TRANSIT, roles.ADMINISTRATOR,
        ]  # fmt: skip
        roles.declare("intake.submit", _("Send messages"), held_by=everybody_who_sends)
        roles.declare(
            "intake.read", _("Look up the messages that one sent"), held_by=[*everybody_who_sends, roles.AUDITOR]
        )
        roles.declare(
            "intake.view", _("See everybody's messages"), held_by=[roles.SUPERVISOR, roles.AUDITOR, roles.ADMINISTRATOR]
        )
        roles.declare(
            "intake.manage", _("Correct, replay and hand in messages for others"),
            held_by=[roles.SUPERVISOR, roles.ADMINISTRATOR],
        )  # fmt: skip
        registry.pages.register(registry.Pages("intake", "intake/", "otay.intake.urls"))
        registry.apis.register(registry.Api("intake", "intake", "otay.intake.api:router", "Intake"))
        registry.menu.register(
            registry.MenuEntry("intake", "node", _("Message log"), "intake:log", "intake.read", order=40)
        )
        self._background()
        self._measures()

    def _background(self) -> None:
        from otay.intake import folder, tasks
        from otay.node import registry

        registry.loops.register(registry.Loop("intake.backlog", tasks.Backlog().step))
        registry.loops.register(registry.Loop("intake.folder", folder.Watch().step))
        registry.schedules.register(
            registry.Schedule(
                "intake.sweep", _("Remove left-over message files"), timedelta(hours=6), tasks.sweep_files
            )
        )

    def _measures(self) -> None:
        from otay.intake import indicators
        from otay.node import registry

        registry.alerts.register(registry.AlertSource("intake", indicators.open_alerts, order=60))
        registry.indicators.register(
            registry.Indicator(
                "intake.received", (17,), _("Messages received electronically"), _("messages"),
                _("All messages kept by the door of this node, through the API, the watched folder, the command line "
                  "and pages; a resend counts once."),
                indicators.messages_received, order=170,
            )
        )  # fmt: skip
        registry.indicators.register(
            registry.Indicator(
                "intake.first_try", (14, 17), _("Messages accepted at the first try"), _("%"),
                _("Of the messages that correct no other one, the share that was accepted whole, without a finding "
                  "that refuses."),
                indicators.accepted_first_time, order=171,
            )
        )  # fmt: skip
