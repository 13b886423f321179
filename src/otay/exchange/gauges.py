"""What the exchange tells Prometheus: per neighbour, how far each stream is and what needs a person."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from otay.exchange import keystore, queries
from otay.exchange.queries import PeerStatus
from otay.node.registry import Gauge


def _each(read: Callable[[PeerStatus], float]) -> Callable[[], Iterable[tuple[Sequence[str], float]]]:
    return lambda: [((one.peer.country,), read(one)) for one in queries.peer_statuses()]


def _oldest(one: PeerStatus) -> float:
    at = one.oldest_waiting
    return max(0.0, (keystore.real_now() - at).total_seconds()) if at else 0.0


_PEER = ("peer",)
GAUGES = (
    Gauge("otay_exchange_sent_records", "Records in the stream to a neighbour", _each(lambda one: one.sent), _PEER),
    Gauge(
        "otay_exchange_receipted_records", "Records that the neighbour has receipted",
        _each(lambda one: one.acknowledged), _PEER,
    ),
    Gauge("otay_exchange_waiting_records", "Records without a receipt", _each(lambda one: one.waiting), _PEER),
    Gauge("otay_exchange_oldest_waiting_seconds", "Age of the oldest record without a receipt", _each(_oldest), _PEER),
    Gauge("otay_exchange_received_records", "Records received", _each(lambda one: one.received), _PEER),
    Gauge(
        "otay_exchange_quarantined_records", "Received records that their room has not taken",
        _each(lambda one: one.quarantined_here), _PEER,
    ),
    Gauge("otay_exchange_refused_requests", "Requests turned down", _each(lambda one: one.refused), _PEER),
    Gauge("otay_exchange_up", "1 while the neighbour answers", _each(lambda one: one.state == "up"), _PEER),
    Gauge("otay_exchange_alarm", "1 while an alarm is open", _each(lambda one: bool(one.health.alarm)), _PEER),
)  # fmt: skip
