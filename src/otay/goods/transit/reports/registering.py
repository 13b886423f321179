"""What the reports tell the house; called by the room's ``AppConfig.ready``."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _


def register() -> None:
    """Permissions, the HTTP door, retention, and the journal's loop."""
    from otay.goods.transit.reports import storing
    from otay.goods.transit.reports.doors import Doors
    from otay.goods.transit.reports.retention import tidy
    from otay.node import registry, roles

    roles.declare("transit.report", _("Report for seals"), held_by=[roles.TRANSIT, roles.CARRIER])
    roles.declare("transit.admit_devices", _("Admit and bar devices"), held_by=[roles.TRANSIT])
    roles.declare("transit.set_retention", _("Set how long positions are kept"), held_by=[roles.ADMINISTRATOR])
    registry.apis.register(
        registry.Api("seal_reports", "seal-reports", "otay.goods.transit.reports.api:router", "Seal reports")
    )
    registry.schedules.register(
        registry.Schedule("transit.retention", _("Positions of seals by age"), timedelta(hours=1), tidy)
    )

    def settle() -> float:
        return 0.0 if storing.settle_left_behind() >= storing.LEFT_TOGETHER else 5.0

    registry.loops.register(registry.Loop("transit.journal", settle))
    registry.loops.register(registry.Loop("transit.doors", Doors().step))
