"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PlanConfig(AppConfig):
    """Registers the pages and the API of the action plan."""

    name = "otay.partnership.plan"
    label = "plan"
    verbose_name = _("Plan")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        from otay.node import registry, roles

        readers = [role for role in roles.ROLES.values() if role is not roles.PARTNER_NODE]
        roles.declare("plan.view", _("See the action plan and its indicators"), held_by=readers)
        registry.pages.register(registry.Pages("plan", "plan/", "otay.partnership.plan.urls"))
        registry.apis.register(registry.Api("plan", "plan", "otay.partnership.plan.api:router", "plan"))
        registry.menu.register(
            registry.MenuEntry("plan", "partnership", _("Action plan"), "plan:plan", "plan.view", order=10)
        )
        registry.menu.register(
            registry.MenuEntry(
                "plan-statement", "partnership", _("Statement of progress"), "plan:statement", "plan.view", order=20
            )
        )
