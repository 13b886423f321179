"""OpenTelemetry traces, where node.toml names a collector; else nothing is loaded and a span costs a comparison.

Attributes are counts, kinds and countries: never a name, a number of a document or an address.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

_tracer: Any = None
LINKS = 32
"""Most spans that one span links to: a batch of records tells of the first of them."""


def start(endpoint: str, *, service: str, country: str, exporter: Any = None) -> None:
    """Send spans to ``endpoint`` (OTLP over HTTP) from now on. Needs the extra ``telemetry``.

    Raises:
        ImportError: when it is not installed.
    """
    global _tracer  # noqa: PLW0603 - one tracer a process
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": service, "otay.country": country}))
    if exporter is None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

        sends = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
        provider.add_span_processor(BatchSpanProcessor(sends))
    else:
        provider.add_span_processor(SimpleSpanProcessor(exporter))
    _tracer = provider.get_tracer("otay")


def stop() -> None:
    """No more spans."""
    global _tracer  # noqa: PLW0603
    _tracer = None


@contextmanager
def span(
    name: str, *, parent: Mapping[str, str] | None = None, links: Iterable[str] = (), **attributes: Any
) -> Iterator[None]:
    """Time a piece of work. ``parent``: headers of the caller's request; ``links``: where its records came from, as
    :func:`current` gave it."""
    if _tracer is None:
        yield
        return
    from opentelemetry import trace

    context = _context(parent) if parent else None
    linked = [trace.Link(found) for text in list(dict.fromkeys(filter(None, links)))[:LINKS] if (found := _span(text))]
    with _tracer.start_as_current_span(
        name, context=context, links=linked, attributes={f"otay.{key}": value for key, value in attributes.items()}
    ):
        yield


def current() -> str:
    """The running span as a W3C ``traceparent``; empty without one."""
    return headers().get("traceparent", "")


def headers() -> dict[str, str]:
    """What to put on a request to another node, so that its spans join ours."""
    if _tracer is None:
        return {}
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    found: dict[str, str] = {}
    TraceContextTextMapPropagator().inject(found)
    return {"traceparent": found["traceparent"]} if "traceparent" in found else {}


def _context(carrier: Mapping[str, str]) -> Any:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": carrier.get("traceparent", "")})


def _span(traceparent: str) -> Any:
    from opentelemetry import trace

    found = trace.get_current_span(_context({"traceparent": traceparent})).get_span_context()
    return found if found.is_valid else None
