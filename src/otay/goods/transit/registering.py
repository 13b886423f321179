"""What the room tells the house about movements: permissions, pages, API, messages, shared records, figures, jobs."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _


def register() -> None:
    """Tell the house."""
    _permissions()
    _doors()
    _seams()


def _permissions() -> None:
    from otay.node import roles

    gate = [roles.TRANSIT, roles.PORT_OFFICER, roles.SUPERVISOR]
    sees = [*gate, roles.TARGETING, roles.INVESTIGATIONS, roles.AUDITOR]
    control = [roles.TRANSIT, roles.SUPERVISOR]
    firms = [roles.TRADER, roles.CARRIER]
    roles.declare("transit.view", _("See movements in transit"), held_by=sees)
    roles.declare("transit.view_own", _("See one's own movements in transit"), held_by=firms)
    roles.declare("transit.lodge", _("Lodge transit declarations"), held_by=[*firms, roles.TRANSIT])
    roles.declare("transit.tell", _("Report arrivals and incidents of one's own movements"), held_by=firms)
    roles.declare("transit.control", _("Decide on movements in transit"), held_by=control)
    roles.declare("transit.gate", _("Seal, verify and receive movements at an office"), held_by=gate)
    roles.declare("transit.alarms", _("Act on alarms of movements"), held_by=control)
    roles.declare("transit.suppress", _("Suppress alarms for a while"), held_by=control)
    roles.declare("transit.seals", _("Keep the seal register"), held_by=[roles.TRANSIT])
    roles.declare(
        "transit.evidence", _("Export evidence of movements"),
        held_by=[*control, roles.INVESTIGATIONS, roles.AUDITOR],
    )  # fmt: skip


def _doors() -> None:
    from otay.node import registry

    registry.pages.register(registry.Pages("transit", "transit/", "otay.goods.transit.urls"))
    registry.apis.register(registry.Api("transit", "transit", "otay.goods.transit.api:router", "Transit"))
    entries = (
        ("transit", _("Transit control"), "transit:control", "transit.alarms", 40),
        ("transit_movements", _("Movements in transit"), "transit:movements", "transit.view", 41),
        ("own_transit", _("My movements in transit"), "transit:movements", "transit.view_own", 41),
        ("transit_gate", _("Gate: seals"), "transit:gate", "transit.gate", 42),
        ("transit_seals", _("Seal register"), "transit:seals", "transit.view", 43),
    )
    for key, label, url_name, permission, order in entries:
        registry.menu.register(registry.MenuEntry(key, "goods", label, url_name, permission, order))


def _seams() -> None:
    from otay.exchange.registry import record_types
    from otay.goods.declarations.registry import Related, related
    from otay.goods.transit import demo, indicators, linking, messages, receiving
    from otay.goods.transit.services import alarming, judging
    from otay.intake.registry import handlers
    from otay.node import registry

    handlers.register(messages.HANDLER)
    related.register(Related("transit", _("Carried under seal"), linking.movements_of))
    for record_type in receiving.RECORD_TYPES:
        record_types.register(record_type)
    for indicator in indicators.INDICATORS:
        registry.indicators.register(indicator)
    for fact in indicators.PORT_FACTS:
        registry.port_facts.register(fact)
    registry.alerts.register(indicators.ALERTS)
    for panel in indicators.PANELS:
        registry.panels.register(panel)
    registry.loops.register(registry.Loop("transit.judge", judging.step))
    registry.schedules.register(
        registry.Schedule(
            "transit.escalate", _("Pass alarms on that nobody acts on"), timedelta(minutes=1), alarming.escalate
        )
    )
    registry.demo_chapters.register(registry.DemoChapter("transit", _("Shipments in transit"), demo.seed, 60))
    registry.loops.register(registry.Loop("transit.demo", demo.step))
