"""The neighbour's door. No token and no session: a batch and a request are their own authentication (Ed25519)."""

from __future__ import annotations

import gzip
import json
import logging
import threading
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from ninja import Router

from otay.core.canonical import digest
from otay.core.errors import OtayError
from otay.core.i18n import N_, translate
from otay.exchange import queries, tls
from otay.exchange.domain import packing
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.domain.request import HEADER
from otay.exchange.models import Consent
from otay.exchange.schemas import ConsentIn, ConsentOut, Number, WithdrawalIn
from otay.exchange.services import acceptance, answering, identity, reconciling
from otay.exchange.services import consents as consenting
from otay.exchange.services.ranges import NotReady
from otay.node.actors import Actor
from otay.node.api_auth import CallerThrottle

log = logging.getLogger(__name__)
router = Router(auth=None, throttle=[CallerThrottle(6000)])
consents = Router()
MAX_SINCE = 500
PACK_FROM = 2048
AT_ONCE, TURN_WITHIN, COME_BACK_IN = 2, 2.0, 2
# Batches taken in at the same time by one process: more would only wait for the database, each with its megabytes.
_turns = threading.BoundedSemaphore(AT_ONCE)


def _refused(refusal: Rejected) -> HttpResponse:
    """problem+json with the code that the other node acts on and, for a gap, our signed position."""
    body = {
        "type": "about:blank",
        "title": refusal.text(get_language() or "en"),
        "status": refusal.status,
        "code": refusal.code.value,
        **refusal.answer,
    }
    return HttpResponse(
        json.dumps(body, ensure_ascii=False), status=refusal.status, content_type="application/problem+json"
    )


def _busy(problem: OtayError | None = None) -> HttpResponse:
    """Not now: nothing was taken, and the neighbour is told when to come back."""
    language = get_language() or "en"
    taking = N_("This node is busy: send the batch again later")
    title = problem.text(language) if problem else translate(taking, language)
    body = {"type": "about:blank", "title": title, "status": 503}
    answer = HttpResponse(json.dumps(body), status=503, content_type="application/problem+json")
    answer["Retry-After"] = str(COME_BACK_IN)
    return answer


def _packed(request: HttpRequest, document: dict[str, Any]) -> HttpResponse:
    """A long answer, packed for a neighbour that unpacks. It holds no secret that a guess from outside could probe."""
    raw = json.dumps(document).encode()
    answer = HttpResponse(raw, content_type="application/json")
    if len(raw) > PACK_FROM and "gzip" in request.headers.get("Accept-Encoding", ""):
        answer = HttpResponse(gzip.compress(raw, compresslevel=1, mtime=0), content_type="application/json")
        answer["Content-Encoding"] = "gzip"
    answer["Vary"] = "Accept-Encoding"
    return answer


def _body(request: HttpRequest) -> bytes:
    """The bytes of the request, unpacked, and never more than a batch may have.

    Raises:
        Rejected: when it is larger, or is not what its headers say.
    """
    try:
        raw = request.body
    except RequestDataTooBig:
        raise packing.too_large() from None
    return packing.unpacked(raw) if request.headers.get("Content-Encoding", "") == "gzip" else packing.bounded(raw)


@router.get("/identity", summary="Who this node is: its public identity document", url_name="exchange_identity")
def show_identity(request: HttpRequest) -> HttpResponse:
    """Public. To be compared by other means (telephone, courier) before anybody trusts it."""
    return JsonResponse(identity.identity_document())


@router.post("/deliver", summary="Take a signed batch; answers with a signed receipt", url_name="exchange_deliver")
def deliver(request: HttpRequest) -> HttpResponse:
    """The body is a batch (lines of canonical JSON, see the explanation of the exchange), plain or gzip."""
    if not _turns.acquire(timeout=TURN_WITHIN):
        return _busy()
    try:
        _require_door()
        return JsonResponse(acceptance.accept_batch(_body(request)))
    except Rejected as refusal:
        return _refused(refusal)
    except OperationalError:
        log.exception("a batch was not taken: the database has no room or time for it")
        return _busy()
    finally:
        _turns.release()


def _require_door() -> None:
    """Where the node has a door with mutual TLS, nothing of a neighbour is taken at any other.

    Raises:
        Rejected: at the other.
    """
    if not tls.is_door_process():
        raise Rejected(
            Code.WRONG_DOOR,
            N_("This node talks to its neighbours at its own door only, over mutual TLS: see its identity"),
        )


def _asking(request: HttpRequest) -> Any:
    _require_door()
    return answering.asking_peer(request.headers.get(HEADER, ""), target=request.get_full_path())


@router.get("/since/{int:sequence}", summary="Our stream to the asking node after a record", url_name="exchange_since")
def since(request: HttpRequest, sequence: int, limit: int = MAX_SINCE) -> HttpResponse:
    """For replay. Signed request; answers with a batch as it would be delivered, empty at the end."""
    try:
        peer, _purpose = _asking(request)
        return _packed(request, answering.records_since(peer, sequence, limit=max(1, min(limit, MAX_SINCE))))
    except Rejected as refusal:
        return _refused(refusal)


@router.get("/tail/{int:sequence}", summary="The asking node's own stream as we hold it", url_name="exchange_tail")
def tail(request: HttpRequest, sequence: int) -> HttpResponse:
    """For a node that was restored from an older copy. Signed request; answers with the next batch after a record as
    the asking node signed it, and with our signed position."""
    try:
        peer, _purpose = _asking(request)
        return _packed(request, answering.own_tail(peer, sequence))
    except Rejected as refusal:
        return _refused(refusal)


@router.get("/record", summary="Our copy of one record", url_name="exchange_record")
def record(
    request: HttpRequest,
    stream: str = "",
    sequence: int = 0,
    record_type: str = "",
    business_key: str = "",
    version: int = 0,
) -> HttpResponse:
    """Signed request. By stream and sequence, or by type, business key and version."""
    try:
        peer, purpose = _asking(request)
        return JsonResponse(
            answering.record_copy(
                peer,
                purpose=purpose,
                stream=stream,
                sequence=sequence,
                record_type=record_type,
                business_key=business_key,
                version=version,
            )
        )
    except Rejected as refusal:
        return _refused(refusal)


@router.get("/health", summary="How far we hold the asking node's stream, signed", url_name="exchange_health")
def health(request: HttpRequest) -> HttpResponse:
    """Signed request; answers with a receipt for what we hold now."""
    try:
        peer, _purpose = _asking(request)
        return JsonResponse(answering.health_answer(peer))
    except Rejected as refusal:
        return _refused(refusal)


@router.post("/reconcile", summary="What we hold of a stream, as signed range digests", url_name="exchange_reconcile")
def reconcile(request: HttpRequest) -> HttpResponse:
    """Signed request; its address carries the SHA-256 of the body as ``digest``. The body names a stream and the nodes
    of its tree to show; the answer is signed over it."""
    try:
        raw = _body(request)
        peer, _purpose = _asking(request)
        if request.GET.get("digest") != digest(raw).hex():
            raise Rejected(Code.BAD_SIGNATURE, N_("The question is not the one that was signed"))
        return _packed(request, reconciling.answer(peer, raw))
    except NotReady as problem:
        return _busy(problem)
    except Rejected as refusal:
        return _refused(refusal)


def _keeper(request: HttpRequest) -> Actor:
    actor: Actor = request.actor  # type: ignore[attr-defined]
    actor.require(consenting.MANAGE)
    return actor


@consents.post("", response={201: ConsentOut}, summary="Record a consent to share with a neighbour")
def give_consent(request: HttpRequest, body: ConsentIn) -> tuple[int, Consent]:
    """For a programme that an agreement with the neighbour names. From now on records about the subject may leave."""
    actor = _keeper(request)
    return 201, consenting.give(
        actor=actor,
        peer=queries.peer_named(body.peer),
        programme=body.programme,
        subject=body.subject,
        basis=body.basis,
    )


@consents.post("/{number}/withdrawal", response=ConsentOut, summary="Withdraw a consent")
def withdraw_consent(request: HttpRequest, number: Number, body: WithdrawalIn) -> Consent:
    """Nothing more leaves on it, and the neighbour is told in the chain to erase what did."""
    return consenting.withdraw(actor=_keeper(request), consent=number, reason=body.reason)


@consents.get("", response=list[ConsentOut], summary="Who consented to share, newest first")
def list_consents(
    request: HttpRequest, subject: str = "", peer: str = "", before: Number | None = None
) -> list[Consent]:
    """At most 100; ``before``: the number of the last one seen. The look is recorded."""
    return consenting.looked_up(actor=request.actor, subject=subject, peer=peer, before=before, limit=100)  # type: ignore[attr-defined]
