"""The node floor as a Django app."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NodeConfig(AppConfig):
    """Registers the node's own pages, permissions and jobs."""

    name = "otay.node"
    label = "node"
    verbose_name = _("Node")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Tell the house what this floor has."""
        from allauth.account.decorators import secure_admin_login
        from django.conf import settings
        from django.contrib import admin

        from otay.node import gauges, receivers, registry, roles, tracing, verification  # noqa: F401 - receivers connect themselves

        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]

        roles.declare("node.manage_people", _("Manage people, roles and programs"), held_by=[roles.ADMINISTRATOR])
        roles.declare("node.manage_jobs", _("See and cancel jobs"), held_by=[roles.ADMINISTRATOR])
        roles.declare("node.read_audit", _("Read the audit log"), held_by=[roles.AUDITOR, roles.ADMINISTRATOR])

        roles.declare(
            "node.read_metrics", _("Read the figures of the node"), held_by=[roles.ADMINISTRATOR, roles.AUDITOR]
        )

        registry.pages.register(registry.Pages("node", "node/", "otay.node.urls"))
        registry.apis.register(registry.Api("node", "", "otay.node.api:router", "node"))
        for entry in (
            registry.MenuEntry("node.people", "node", _("People and roles"), "node:people", "node.manage_people", 10),
            registry.MenuEntry("node.audit", "node", _("Audit log"), "node:audit", "node.read_audit", 20),
            registry.MenuEntry("node.jobs", "node", _("Jobs"), "node:jobs", "node.manage_jobs", 30),
        ):
            registry.menu.register(entry)
        verification.register()
        if settings.OTAY.telemetry:
            tracing.start(settings.OTAY.telemetry, service="otay", country=settings.OTAY.country)
        for gauge in gauges.GAUGES:
            registry.gauges.register(gauge)
        registry.schedules.register(
            registry.Schedule("node.tidy", _("Drop expired sessions and old job results"), timedelta(hours=6), _tidy)
        )
        registry.demo_chapters.register(registry.DemoChapter("node.people", _("People of this node"), _seed_people, 0))


def _tidy() -> None:
    from otay.node.schedule import tidy

    tidy()


def _seed_people() -> None:
    from otay.node.demo_people import seed

    seed()
