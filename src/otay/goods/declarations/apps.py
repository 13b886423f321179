"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeclarationsConfig(AppConfig):
    """Registers what the room offers."""

    name = "otay.goods.declarations"
    label = "declarations"
    verbose_name = _("Declarations")
    default_auto_field = "django.db.models.BigAutoField"
