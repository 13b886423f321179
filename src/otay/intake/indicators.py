"""What the door tells the action plan and the people on duty."""

from __future__ import annotations

from decimal import Decimal

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from otay.intake import queries
from otay.node.actors import Actor
from otay.node.registry import Alert, Measure


def messages_received() -> Measure:
    """All messages that the door ever kept."""
    return Measure(queries.counts().all)


def accepted_first_time() -> Measure:
    """Share of the settled messages, corrections left out, that were accepted whole."""
    counts = queries.counts()
    if not counts.first_tries:
        return Measure(None, note=_("no message yet"))
    share = Decimal(100) * (counts.first_tries - counts.first_failures) / counts.first_tries
    return Measure(round(share, 1), note=_("of %(count)s messages") % {"count": f"{counts.first_tries:,}"})


def open_alerts(actor: Actor) -> list[Alert]:
    """Messages that wait too long, and messages that the node itself failed on."""
    if not actor.may("intake.manage"):
        return []
    found = []
    log = reverse("intake:log")
    if failed := queries.alarms():
        text = ngettext("This node failed on %(count)s message", "This node failed on %(count)s messages", failed)
        found.append(Alert("error", text % {"count": failed}, f"{log}?state=refused"))
    if waiting := queries.long_waiting():
        text = ngettext(
            "%(count)s message waits longer than 5 minutes", "%(count)s messages wait longer than 5 minutes", waiting
        )
        found.append(Alert("warning", text % {"count": waiting}, f"{log}?state=received"))
    return found
