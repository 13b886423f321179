"""The room as a Django app: what it tells the house."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TransitConfig(AppConfig):
    """Registers permissions, pages, API, doors for seals and the records it shares."""

    name = "otay.goods.transit"
    label = "transit"
    verbose_name = _("Transit")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house."""
        from otay.goods.transit import registering
        from otay.goods.transit.queries.windows import evidence_windows
        from otay.goods.transit.reports import keepers
        from otay.goods.transit.reports import registering as reports

        registering.register()
        reports.register()
        keepers.append(evidence_windows)
