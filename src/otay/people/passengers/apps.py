"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PassengersConfig(AppConfig):
    """Registers permissions, pages, API, the messages it takes and the records it shares."""

    name = "otay.people.passengers"
    label = "passengers"
    verbose_name = _("Passengers")
    default_auto_field = "django.db.models.BigAutoField"
