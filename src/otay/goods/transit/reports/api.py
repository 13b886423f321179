"""The HTTP door, for gateways of devices: a client's token says whose devices it may report for."""

from __future__ import annotations

import json
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils.translation import get_language
from ninja import Header, Query, Router

from otay.core.errors import Refused, TooLarge
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.goods.transit.reports import services
from otay.goods.transit.reports.incoming import BATCH_MESSAGES, MESSAGE_BYTES
from otay.goods.transit.reports.schemas import SettledOut
from otay.intake import bodies
from otay.node.actors import Actor
from otay.node.api_auth import CallerThrottle

PER_MINUTE = 600
BATCH_BYTES = 8 * 1024 * 1024
THROTTLE = CallerThrottle(PER_MINUTE)
router = Router(throttle=THROTTLE)
_RAW = {"requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}}
_NDJSON = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"format": "jt701", "hex": "2470..."}\n{"format": "eseal", "text": "##S,eSeal,..."}\n',
            }
        },
    }
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


@router.post("frames", response=SettledOut, openapi_extra=_RAW, summary="Send frames of seals as they came")
def send_frames(
    request: HttpRequest,
    format: Annotated[
        str, Query(description="Protocol: jt701, jt600, eseal, teratrack...; found out when absent.")
    ] = "",
    content_encoding: Annotated[str, Header()] = "",
) -> SettledOut:
    """The body is what the devices sent, one frame or several. Sending it again adds nothing."""
    raw = bodies.whole(request, content_encoding, MESSAGE_BYTES)
    return _answer(_actor(request), [(format, raw)])


@router.post("batch", response=SettledOut, openapi_extra=_NDJSON, summary="Send many reports of seals")
def send_batch(request: HttpRequest, content_encoding: Annotated[str, Header()] = "") -> SettledOut:
    """Each line is ``{"format", "hex"}`` or ``{"format", "text"}``, or a report in Otay's own JSON.

    A line that is none of these is refused with the whole batch, by number; frames that cannot be read are kept.
    """
    actor = _actor(request)
    services.may_report(actor)
    body = bodies.pieces(request, content_encoding, BATCH_BYTES)
    lines = [line for line in bodies.lines(body, 3 * MESSAGE_BYTES) if line.strip()]
    if len(lines) > BATCH_MESSAGES:
        raise TooLarge(N_("A batch may have %(most)s lines"), most=BATCH_MESSAGES)
    read = [_line(number, line) for number, line in enumerate(lines, 1)]
    if wrong := [item for item in read if isinstance(item, Finding)]:
        raise Refused(N_("The batch was refused"), findings=wrong)
    return _answer(actor, [item for item in read if not isinstance(item, Finding)])


def _answer(actor: Actor, frames: list[tuple[str, bytes]]) -> SettledOut:
    settled, answers = services.receive(actor=actor, frames=frames)
    return SettledOut.of(settled, answers, get_language() or "en")


def _line(number: int, line: bytes) -> tuple[str, bytes] | Finding:
    place = f"line {number}"
    try:
        entry: Any = json.loads(line)
    except (ValueError, RecursionError) as problem:
        return error(place, "batch.json", N_("The line is not JSON: %(problem)s"), problem=type(problem).__name__)
    if isinstance(entry, dict) and "otay" in entry:
        return "otay-seal", line.strip()
    text = entry if isinstance(entry, dict) else {}
    if set(text) not in ({"format", "hex"}, {"format", "text"}) or not all(
        isinstance(item, str) for item in text.values()
    ):
        return error(
            place, "batch.shape", N_("A line needs format and either hex or text"), line[:80].decode(errors="replace")
        )
    return _bytes(place, text)


def _bytes(place: str, entry: dict[str, str]) -> tuple[str, bytes] | Finding:
    try:
        data = bytes.fromhex(entry["hex"]) if "hex" in entry else entry["text"].encode()
    except (ValueError, UnicodeEncodeError):
        return error(place, "batch.bytes", N_("These are no hexadecimal digits, or no text"), str(entry)[:80])
    if len(data) > MESSAGE_BYTES:
        return error(place, "batch.size", N_("A message may have %(most)s bytes"), len(data), most=MESSAGE_BYTES)
    return entry["format"], data
