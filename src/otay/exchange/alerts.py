"""What the exchange wants a person's eye for."""

from __future__ import annotations

from datetime import timedelta

from django.urls import reverse
from django.utils.translation import gettext as _

from otay.exchange import keystore, queries
from otay.exchange.models import RefusedRequest
from otay.exchange.queries import PeerStatus
from otay.node import clock
from otay.node.actors import Actor
from otay.node.registry import Alert

DOWN_AFTER = timedelta(seconds=30)
REFUSED_WITHIN = timedelta(hours=24)


def open_alerts(actor: Actor) -> list[Alert]:
    """A neighbour that does not answer, two histories of a stream, records in quarantine, refused requests."""
    if not actor.may("exchange.view"):
        return []
    url = reverse("exchange:console")
    found = [alert for status in queries.peer_statuses() for alert in _of(status, url)]
    refused = RefusedRequest.objects.filter(at__gte=clock.now() - REFUSED_WITHIN).count()
    if refused:
        text = _("%(count)s refused exchange requests in the last 24 hours") % {"count": refused}
        found.append(Alert("warning", text, reverse("exchange:refused")))
    return found


def _of(status: PeerStatus, url: str) -> list[Alert]:
    country = status.peer.country
    found = []
    if status.health.alarm:
        found.append(
            Alert(
                "error",
                _("Exchange with %(country)s: %(alarm)s") % {"country": country, "alarm": _(status.health.alarm)},
                url,
            )
        )
    if status.health.down_since and keystore.real_now() - status.health.down_since > DOWN_AFTER:
        text = _("The node of %(country)s does not answer; %(count)s records wait") % {
            "country": country,
            "count": status.waiting,
        }
        found.append(Alert("error", text, url))
    if status.quarantined_here:
        text = _("%(count)s records from %(country)s are in quarantine") % {
            "country": country,
            "count": status.quarantined_here,
        }
        found.append(Alert("error", text, url))
    return found
