"""How bytes reach the neighbour's door: HTTP with kept-open connections, bounded in time and size."""

from __future__ import annotations

import json
import ssl
from functools import lru_cache
from typing import Any

import httpx

from otay.core.canonical import digest
from otay.core.errors import OtayError
from otay.core.i18n import N_
from otay.exchange import keystore, tls
from otay.exchange.domain.keys import SigningKey
from otay.exchange.domain.packing import packed
from otay.exchange.domain.request import HEADER, SignedRequest
from otay.exchange.models import Peer
from otay.node import tracing

DOOR = "/api/v1/exchange"
BATCH_TYPE = "application/x-ndjson"
MAX_ANSWER = 16 * 1024 * 1024
LONGEST_WAIT = 300.0


class Unreachable(OtayError):
    """The neighbour did not answer, or not in a way that its node would. ``wait``: the seconds it asked us to wait."""

    status = 503
    wait: float = 0.0


class Declined(OtayError):
    """The neighbour answered with a refusal; ``code`` and ``answer`` are its own words."""

    def __init__(self, message: str, *, code: str, answer: dict[str, Any]) -> None:
        super().__init__(N_("The neighbour refused: %(reason)s"), reason=message)
        self.code = code
        self.answer = answer


@lru_cache(maxsize=16)
def client(context: ssl.SSLContext | None = None) -> httpx.Client:
    """One client a process and neighbour: connections stay open. Proxies of the environment are not for the
    neighbour's door. ``context``: of mutual TLS; None: what the system trusts."""
    return httpx.Client(
        verify=True if context is None else context,
        timeout=httpx.Timeout(30.0, connect=5.0),
        limits=httpx.Limits(max_connections=8),
        trust_env=False,
        headers={"User-Agent": "otay"},
    )


def deliver(peer: Peer, raw: bytes) -> dict[str, Any]:
    """Hand a batch to the neighbour; its answer.

    Raises:
        Unreachable: no connection, no answer in time, or an answer that is not the node's.
        Declined: a refusal.
    """
    headers = {"Content-Type": BATCH_TYPE}
    raw, gzipped = packed(raw)
    if gzipped:
        headers["Content-Encoding"] = "gzip"
    return _call(peer, "POST", f"{DOOR}/deliver", headers=headers, content=raw)


def ask(
    peer: Peer, path: str, *, purpose: str, params: dict[str, str] | None = None, key: SigningKey | None = None
) -> dict[str, Any]:
    """Ask the neighbour's door for ``path`` with a signed request.

    Raises:
        Unreachable: no connection, no answer in time, or an answer that is not the node's.
        Declined: a refusal.
    """
    target = str(httpx.URL(f"{DOOR}{path}", params=params or None).raw_path.decode())
    return _call(peer, "GET", target, headers=_signed(peer, target, purpose, key))


def question(peer: Peer, body: bytes) -> dict[str, Any]:
    """Ask the neighbour about its books. The address names the digest of the body: the signature covers both.

    Raises:
        Unreachable: no connection, no answer in time, or an answer that is not the node's.
        Declined: a refusal.
    """
    target = f"{DOOR}/reconcile?digest={digest(body).hex()}"
    return _call(peer, "POST", target, headers={**_signed(peer, target, "reconcile"), **_JSON}, content=body)


_JSON = {"Content-Type": "application/json"}


def _signed(peer: Peer, target: str, purpose: str, key: SigningKey | None = None) -> dict[str, str]:
    """The header that says who asks."""
    key = key or keystore.own_key()
    request = SignedRequest(
        sender=keystore.own_country(),
        receiver=peer.country,
        target=target,
        purpose=purpose,
        at=keystore.real_now(),
        key=key.id,
    )
    return {HEADER: request.header(key)}


def fetch_identity(url: str) -> dict[str, Any]:
    """The identity document that the node at ``url`` shows. To be compared by other means before it is trusted.

    Raises:
        Unreachable: when there is no node.
    """
    return _answered(client(), "GET", f"{url.rstrip('/')}{DOOR}/identity", headers={})


def _call(peer: Peer, method: str, target: str, **options: Any) -> dict[str, Any]:
    """Over mutual TLS where the neighbour has such a door, with our certificate if we have one."""
    if not peer.door:
        return _answered(client(), method, f"{peer.url}{target}", **options)
    return _answered(client(tls.context_to(peer.authority)), method, f"{peer.door}{target}", **options)


def _answered(caller: httpx.Client, method: str, url: str, **options: Any) -> dict[str, Any]:
    options["headers"] = {**options.get("headers", {}), **tracing.headers()}
    try:
        with caller.stream(method, url, **options) as answer:
            content = _bounded(answer)
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        raise Unreachable(
            N_("%(url)s does not answer: %(problem)s"), url=url, problem=str(problem) or type(problem).__name__
        ) from None
    try:
        document = json.loads(content)
        if not isinstance(document, dict):
            raise ValueError
    except (ValueError, RecursionError):
        raise Unreachable(
            N_("%(url)s answered %(status)s, and not as a node does"), url=url, status=answer.status_code
        ) from None
    if answer.is_success:
        return document
    if code := document.get("code"):
        raise Declined(str(document.get("title", ""))[:200], code=str(code), answer=document)
    failure = Unreachable(
        N_("%(url)s answered %(status)s: %(title)s"),
        url=url,
        status=answer.status_code,
        title=str(document.get("title", ""))[:200],
    )
    asked = answer.headers.get("Retry-After", "")
    failure.wait = min(float(asked), LONGEST_WAIT) if asked.isdecimal() else 0.0
    raise failure


def _bounded(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MAX_ANSWER:
            raise httpx.DecodingError("the answer is too large", request=answer.request)
        parts.append(part)
    return b"".join(parts)
