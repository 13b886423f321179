"""The control room: the live map, the movements under way, the queue of alarms."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.serializers.json import DjangoJSONEncoder
from django.db import close_old_connections
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from otay.goods.transit import map_picture
from otay.goods.transit.queries import access, control
from otay.goods.transit.views.shared import actor_of, page
from otay.node import audit
from otay.node.actors import Actor

STREAMS = 2
"""Streams at one time in a process: each holds a thread of the web server. Who comes later polls."""
STREAM_SECONDS = 25.0
BEAT_SECONDS = 1.0
_free = threading.BoundedSemaphore(STREAMS)


@login_required
@require_GET
def room(request: HttpRequest) -> HttpResponse:
    """The page of the control room."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    audit.record(actor=actor, action="transit.control_viewed", subject="movements")
    return page(request, "control.html", _room(actor) | _queue(actor))


def _room(actor: Actor) -> dict[str, Any]:
    rows = list(control.under_way(actor)[: control.MOST])
    states, risks = control.counts(rows)
    seen: dict[int, Any] = {row.route_id: row.route for row in rows if row.route_id}
    ordered = sorted(rows, key=lambda row: control.RISKS.index(control.risk_of(row)))
    return {
        "rows": ordered, "by_state": states, "by_risk": risks, "routes": list(seen.values())[:200],
        "progress": {row.pk: control.progress(row) for row in rows},
    }  # fmt: skip


@login_required
@require_GET
def moving(request: HttpRequest) -> HttpResponse:
    """The table of movements under way, for the page to renew."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    return page(request, "_moving.html", _room(actor))


@login_required
@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """The alarm queue, for the page to renew."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    return page(request, "_queue.html", _queue(actor))


def _queue(actor: Actor) -> dict[str, Any]:
    alarms = control.open_alarms(actor)
    first = next((one for one in alarms if one.state == "raised"), None)
    return {"alarms": alarms, "first": first}


@login_required
@require_GET
def feed(request: HttpRequest) -> HttpResponse:
    """Positions of all movements under way as JSON, for browsers without a stream."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    return JsonResponse({**control.feed(actor), "pulse": control.pulse().tag})


@login_required
@require_GET
def stream(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    """Server-sent events: what the feed gives, whenever something changed. 204 when all streams are taken: the browser
    then asks for the feed. A stream ends after some seconds and the browser opens the next."""
    actor = actor_of(request)
    actor.require(access.ALARMS)
    if not _free.acquire(blocking=False):
        return HttpResponse(status=204)
    answer = StreamingHttpResponse(_Stream(actor), content_type="text/event-stream")
    answer["Cache-Control"] = "no-store"
    answer["X-Accel-Buffering"] = "no"
    return answer


class _Stream:
    """The events of one stream; lets its place go however it ends, even if nobody ever reads it."""

    def __init__(self, actor: Actor) -> None:
        self._events = self._told(actor)
        self._held = True

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._events)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._held:
            self._held = False
            _free.release()
            close_old_connections()

    @staticmethod
    def _told(actor: Actor) -> Iterator[bytes]:
        ends, last = time.monotonic() + STREAM_SECONDS, ""
        yield b"retry: 1500\n\n"
        while time.monotonic() < ends:
            pulse = control.pulse().tag
            if pulse != last:
                last = pulse
                content = {**control.feed(actor), "pulse": pulse}
                yield f"event: feed\ndata: {json.dumps(content, cls=DjangoJSONEncoder)}\n\n".encode()
            else:
                yield b": still here\n\n"
            time.sleep(BEAT_SECONDS)


@login_required
@require_GET
@cache_control(private=True, max_age=86_400)
def picture(request: HttpRequest) -> HttpResponse:
    """The map's picture."""
    actor = actor_of(request)
    if not access.is_officer(actor):
        actor.require(access.VIEW_OWN)
    return HttpResponse(map_picture.base(), content_type="image/svg+xml")
