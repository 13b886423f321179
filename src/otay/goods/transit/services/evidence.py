"""The evidence file of a movement: its record, signed by the node."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import transaction

from otay.core import chain
from otay.goods.transit import reports
from otay.goods.transit.domain import evidence
from otay.goods.transit.domain.seals import fixed
from otay.goods.transit.models import Movement, SealLogEntry
from otay.goods.transit.queries import access
from otay.node import audit, clock
from otay.node.actors import Actor

MAX_POSITIONS = 20_000


@transaction.atomic
def export(*, actor: Actor, mrn: str) -> dict[str, Any]:
    """The signed evidence file of a movement; the export is audited.

    Raises:
        Forbidden, NotFound: when it is not for ``actor``.
    """
    from otay.exchange import keystore

    actor.require(access.EVIDENCE)
    movement = access.movement(actor, mrn)
    key = keystore.make_key()
    content = {
        "node": f"{settings.OTAY.country} {settings.OTAY.name}",
        "key": key.id,
        "signed_at": clock.now().isoformat(),
        "movement": _movement(movement),
        "events": [_event(one) for one in movement.events.order_by("at", "pk")],
        "alarms": [_alarm(one) for one in movement.alarms.order_by("time", "pk").prefetch_related("events")],
        "seal_log": _log(movement),
        "positions": _positions(movement),
    }
    audit.record(actor=actor, action="transit.evidence_exported", subject=f"movement:{movement.mrn}")
    return evidence.sign(content, key)


def _movement(row: Movement) -> dict[str, Any]:
    texts = ("mrn", "lrn", "procedure", "type", "state", "peer", "holder", "holder_id", "carrier", "vehicle",
             "container", "departure", "destination", "arrived_office")  # fmt: skip
    times = ("time_limit", "lodged_at", "departed_at", "arrived_at", "ended_at", "reopened_at")
    found: dict[str, Any] = {name: str(getattr(row, name)) for name in texts}
    found |= {name: _iso(getattr(row, name)) for name in times}
    found |= {"transit_offices": row.transit_offices, "binding": row.binding, "conforms": row.conforms,
              "seals_good": row.seals_good}  # fmt: skip
    found["lines"] = [[one.number, one.hs6, one.description, one.declaration] for one in row.lines.order_by("number")]
    found["guarantees"] = [
        [one.grn, str(one.amount), one.currency, _iso(one.taken_at), _iso(one.released_at)]
        for one in row.guarantees.order_by("pk")
    ]
    found["route"] = [[fixed(lon), fixed(lat)] for lon, lat in row.route.line] if row.route else []
    return found


def _event(one: Any) -> dict[str, Any]:
    return {
        "step": one.step, "message": one.message, "state": one.state, "at": _iso(one.at),
        "recorded_at": _iso(one.recorded_at), "actor": one.actor, "side": one.side, "office": one.office,
        "detail": _plain(one.detail), "applied": one.applied,
    }  # fmt: skip


def _alarm(one: Any) -> dict[str, Any]:
    return {
        "kind": one.kind, "severity": one.severity, "device_id": one.device_id, "time": _iso(one.time),
        "detected_at": _iso(one.detected_at), "ended_at": _iso(one.ended_at), "lat": fixed(one.lat),
        "lon": fixed(one.lon), "details": _plain(one.details), "source": one.source, "state": one.state,
        "finding": one.finding, "withdrawn_at": _iso(one.withdrawn_at),
        "acts": [[act.act, _iso(act.at), act.actor, act.text] for act in one.events.all()],
    }  # fmt: skip


def _log(movement: Movement) -> list[dict[str, Any]]:
    """The log entries of the movement's seals, each with the link that it follows."""
    rows = list(SealLogEntry.objects.filter(movement=movement.mrn).select_related("seal").order_by("sequence"))
    before = dict(
        SealLogEntry.objects.filter(sequence__in=[row.sequence - 1 for row in rows]).values_list("sequence", "link")
    )
    return [
        {
            "sequence": row.sequence,
            "body": {
                "seal": row.seal.identifier, "act": row.act, "at": _iso(row.at), "recorded_at": _iso(row.recorded_at),
                "actor": row.actor, "movement": row.movement, "place": row.place, "lat": fixed(row.lat),
                "lon": fixed(row.lon), "photo": row.photo, "detail": row.detail,
            },
            "digest": bytes(row.body_digest).hex(),
            "previous": bytes(before.get(row.sequence - 1, chain.GENESIS)).hex(),
            "link": bytes(row.link).hex(),
        }
        for row in rows
    ]  # fmt: skip


def _positions(movement: Movement) -> list[list[str]]:
    """Time, device, latitude, longitude, alarms and when it was heard of, of every report."""
    found: list[list[str]] = []
    for use in movement.seals.select_related("seal").order_by("affixed_at", "pk"):
        if use.seal.device_id:
            found += [
                [_iso(one.time), one.device_id, fixed(one.lat), fixed(one.lon), " ".join(one.alarms),
                 _iso(one.received_at)]
                for one in reports.of_device(use.seal.device_id, use.affixed_at, use.removed_at)
            ]  # fmt: skip
    return found[:MAX_POSITIONS]


def _plain(value: Any) -> Any:
    """JSON without floats, which no signature can cover."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) else value


def _iso(moment: Any) -> str:
    return "" if moment is None else str(moment.isoformat())
