"""The places floor as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class PlacesConfig(AppConfig):
    """Ports of entry, crossings, lanes, hours, volumes; the map of the border."""

    name = "otay.places"
    label = "places"
    verbose_name = _("Places")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register pages, API, permissions and the map of the home page; fill the tables after migrations."""
        from otay.node import registry, roles
        from otay.places.border_now import panel_context
        from otay.places.services import install_after_migrate

        roles.declare("places.view", _("See ports of entry, their hours and volumes"), held_by=roles.ROLES.values())
        roles.declare("places.maintain", _("Load the reference data of places"), held_by=[roles.ADMINISTRATOR])
        registry.pages.register(registry.Pages("places", "places/", "otay.places.urls"))
        registry.apis.register(registry.Api("places", "places", "otay.places.api:router", "Places"))
        registry.menu.register(
            registry.MenuEntry(
                "places", "border", _("Ports of entry"), "places:ports", permission="places.view", order=20
            )
        )
        registry.panels.register(
            registry.Panel(
                "border-map",
                _("Ports of entry"),
                "places/panel.html",
                panel_context,
                permission="places.view",
                order=10,
            )
        )
        post_migrate.connect(install_after_migrate, sender=self, dispatch_uid="places.reference")
