"""Figures for Prometheus: requests of this server, and what rooms register in ``registry.gauges``.

Names follow Prometheus' own conventions (base units, ``_total`` for counters). No label names a person, a firm or a
shipment: routes are patterns, not addresses.
"""

from __future__ import annotations

import os
from collections.abc import Iterable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

from otay.node import registry

CONTENT_TYPE = CONTENT_TYPE_LATEST
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where several worker processes keep their counts for whichever of them is asked."""
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_own = CollectorRegistry()
_requests = Histogram(
    "otay_request_seconds", "Time to answer a request", ["method", "route", "status"], buckets=_BUCKETS, registry=_own
)
ProcessCollector(registry=_own)
PlatformCollector(registry=_own)


def observe(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    """Count a request: its method, the pattern of its route, its status, and how long it took."""
    found = request.resolver_match
    route = f"/{found.route}" if found is not None else "(none)"
    method = request.method if request.method in _METHODS else "OTHER"
    _requests.labels(method, route, str(response.status_code)).observe(seconds)


class _Gauges:
    """The registered gauges, read when they are asked for."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family a gauge."""
        for gauge in registry.gauges:
            family = GaugeMetricFamily(gauge.key, str(gauge.help), labels=gauge.labels)
            for labels, value in gauge.read():
                family.add_metric(labels, value)
            yield family


def exposition() -> bytes:
    """All figures in Prometheus' text format."""
    shown = CollectorRegistry()
    shown.register(_Gauges())
    text: bytes = generate_latest(shown)
    if os.environ.get(SHARED):
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return text + generate_latest(together)
    return text + generate_latest(_own)
