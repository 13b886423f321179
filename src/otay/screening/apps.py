"""The screening floor as a Django app: what it tells the house."""

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
        post_migrate.connect(_first_rules, sender=self)


def _first_rules(using: str = "default", **kwargs: Any) -> None:
    from otay.screening.defaults import load_defaults

    if using == "default":
        load_defaults()
