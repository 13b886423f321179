"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InvestigationsConfig(AppConfig):
    """Registers permissions, pages, API and the records it shares."""

    name = "otay.goods.investigations"
    label = "investigations"
    verbose_name = _("Investigations")
    default_auto_field = "django.db.models.BigAutoField"
