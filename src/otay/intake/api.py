"""The HTTP door: one message, a batch, or files; and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from ninja import File, Header, Query, Router
from ninja.files import UploadedFile

from otay.core.errors import TooLarge
from otay.core.findings import Finding
from otay.core.i18n import N_
from otay.intake import bodies, bounds, queries, services
from otay.intake.incoming import Incoming, Receipt
from otay.intake.registry import State
from otay.intake.schemas import BatchOut, FindingOut, MessageOut, MessagesOut, ProblemOut, ReceiptOut
from otay.node.actors import Actor

router = Router()

_STATUS = {State.ACCEPTED: 201, State.PARTLY: 207, State.REFUSED: 422, State.RECEIVED: 202}
_RAW = {
    "requestBody": {"required": True, "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}},
    "responses": {
        422: {
            "content": {
                "application/problem+json": {
                    "schema": {
                        "anyOf": [
                            {"$ref": "#/components/schemas/ProblemOut"},
                            {"$ref": "#/components/schemas/Problem"},
                        ]
                    }
                }
            }
        }
    },
}
_NDJSON = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"reference": "A-1", "format": "otay-json", "content": {}}\n',
            }
        },
    }
}


def _actor(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    return actor


def _answer(receipt: Receipt) -> HttpResponse:
    """201 accepted, 200 the same message again, 202 stored and waiting, 207 partly accepted, 422 refused."""
    language = get_language() or "en"
    out = ReceiptOut.of(receipt, language)
    status = _STATUS[receipt.state]
    if receipt.state is State.REFUSED:
        problem = ProblemOut(title=_("The message was refused"), status=status, **out.model_dump())
        return HttpResponse(problem.model_dump_json(), status=status, content_type="application/problem+json")
    if receipt.duplicate and receipt.state is State.ACCEPTED:
        status = 200
    return HttpResponse(out.model_dump_json(), status=status, content_type="application/json")


@router.post(
    "messages",
    response={200: ReceiptOut, 201: ReceiptOut, 202: ReceiptOut, 207: ReceiptOut, 422: ProblemOut},
    openapi_extra=_RAW,
    summary="Send one message",
)
def send_message(
    request: HttpRequest,
    reference: Annotated[
        str, Query(description="The sender's own name for the message; a resend is known by it.")
    ] = "",
    format: Annotated[str, Query(description="Name of the format; found out when left away.")] = "",
    content_encoding: Annotated[str, Header()] = "",
) -> HttpResponse:
    """The body is the message, in any format that a room takes; gzip is undone."""
    raw = bodies.whole(request, content_encoding)
    return _answer(services.receive(actor=_actor(request), items=[Incoming(raw, reference, format)])[0])


@router.post("batch", response={207: BatchOut}, openapi_extra=_NDJSON, summary="Send many messages")
def send_batch(request: HttpRequest, content_encoding: Annotated[str, Header()] = "") -> HttpResponse:
    """Each line is ``{"reference", "format", "content"}``; ``content`` is text or JSON, ``content_base64`` is binary.

    Lines are stored and applied as they arrive. When the connection breaks, send the whole batch again: what was
    applied is answered as before.
    """
    actor = _actor(request)
    actor.require("intake.submit")
    body = bodies.pieces(request, content_encoding, bounds.BATCH_BYTES)
    out = BatchOut(counts={}, messages=[])
    numbered = enumerate(bodies.lines(body, bounds.MESSAGE_BYTES * 2), start=1)
    items = ((number, line) for number, line in numbered if line.strip())
    while group := list(islice(items, bounds.TOGETHER)):
        if len(out.messages) + len(group) > bounds.BATCH_ITEMS:
            raise TooLarge(
                N_("More than %(most)s messages in one batch; those before are stored"), most=bounds.BATCH_ITEMS
            )
        out.messages += _batch_answers(actor, group)
    out.counts = Counter(str(message.state) for message in out.messages)
    return HttpResponse(out.model_dump_json(), status=207, content_type="application/json")


def _batch_answers(actor: Actor, group: list[tuple[int, bytes]]) -> Iterator[ReceiptOut]:
    language = get_language() or "en"
    read = [_readable(number, line) for number, line in group]
    good = [item for item in read if isinstance(item, Incoming)]
    receipts = iter(services.receive(actor=actor, items=good))
    for item in read:
        if isinstance(item, Incoming):
            yield ReceiptOut.of(next(receipts), language)
        else:
            findings = [FindingOut.of(finding, language) for finding in item]
            yield ReceiptOut(id=None, reference="", state=State.REFUSED, findings=findings)


def _readable(number: int, line: bytes) -> Incoming | list[Finding]:
    """The line's message, or why it cannot be kept: one bad line must not cost the others."""
    item = bodies.batch_item(number, line)
    if isinstance(item, Finding):
        return [item]
    return services.unkeepable(item, place=f"line {number}") or item


@router.post("files", response={207: BatchOut}, summary="Send files")
def send_files(
    request: HttpRequest,
    files: Annotated[list[UploadedFile], File(description="Each file is one message: CSV, XLSX, XML, JSON...")],
    format: Annotated[str, Query(description="Name of the format; found out when left away.")] = "",
) -> HttpResponse:
    """Each file is one message; it is named by its content, so that sending it again adds nothing."""
    language = get_language() or "en"
    items = [Incoming(bodies.whole(file), "", format, file.name or "") for file in files]
    receipts = services.receive(actor=_actor(request), items=items)
    messages = [ReceiptOut.of(receipt, language) for receipt in receipts]
    out = BatchOut(counts=Counter(str(message.state) for message in messages), messages=messages)
    return HttpResponse(out.model_dump_json(), status=207, content_type="application/json")


@router.get("messages", response=MessagesOut, summary="Messages that you sent")
def list_messages(
    request: HttpRequest,
    state: State | None = None,
    sender: str = "",
    format: str = "",
    reference: str = "",
    before: int | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> dict[str, Any]:
    """Newest first. Officers who may see the log see everybody's."""
    language = get_language() or "en"
    found = queries.message_log(_actor(request), state=state or "", sender=sender, format=format, reference=reference)
    if before is not None:
        found = found.filter(pk__lt=before)
    rows = list(found[: limit + 1])
    more = rows[limit - 1].pk if len(rows) > limit else None
    return {"messages": [MessageOut.of(row, language) for row in rows[:limit]], "next": more}


@router.get("messages/{int:message_id}", response=MessageOut, summary="What became of a message")
def show_message(request: HttpRequest, message_id: int) -> MessageOut:
    """State, findings and answer."""
    return MessageOut.of(queries.visible_message(_actor(request), message_id), get_language() or "en")
