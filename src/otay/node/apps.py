"""The node floor as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NodeConfig(AppConfig):
    """Registers the node's own pages, permissions and jobs."""

    name = "otay.node"
    label = "node"
    verbose_name = _("Node")
    default_auto_field = "django.db.models.BigAutoField"
