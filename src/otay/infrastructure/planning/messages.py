"""What intake hands in: feeds of border wait times, as observations of the crossings that the node knows."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from otay.core.errors import OtayError
from otay.core.findings import error, refuses
from otay.formats import registry as formats
from otay.infrastructure.planning import services
from otay.infrastructure.planning.importing import FEED, crossings_by_feed_number, of_feed
from otay.intake.registry import Handler, Message, Outcome, State
from otay.node.actors import Actor


def apply(actor: Actor, messages: Sequence[Message]) -> list[Outcome]:
    """Record the waits of each feed at the ports where the sender may; answer each with how many were new."""
    known = crossings_by_feed_number()
    return [_apply(actor, message, known) for message in messages]


def _apply(actor: Actor, message: Message, known: dict[str, tuple[str, str]]) -> Outcome:
    result = formats.read(message.raw, format=message.format)
    observed = [one for one in of_feed(result.records, known) if actor.may(services.OBSERVE, port=one.port)]
    findings = tuple(result.findings)
    try:
        added = services.record_observations(actor=actor, observed=observed)
    except OtayError as problem:
        told = error("", "waits.refused", problem.template, **problem.params)
        return Outcome(State.REFUSED, (*findings, told))
    state = State.PARTLY if refuses(findings) else State.ACCEPTED
    if refuses(findings) and not observed:
        state = State.REFUSED
    return Outcome(state, findings, {"observations": len(observed), "added": added})


HANDLER = Handler("waits", _("Observed waits at ports"), (FEED,), services.OBSERVE, apply)
