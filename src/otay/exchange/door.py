"""The neighbours' door with mutual TLS: a server of its own, so that officers' browsers need no certificate.

The background keeps it open (:func:`step`): it starts ``otay exchange door``, and opens it anew when a neighbour is
trusted or suspended, or when the certificate is renewed. The door serves the exchange and nothing else.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import logging
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from otay.exchange import tls
from otay.exchange.models import Peer

log = logging.getLogger(__name__)
LOOK_EVERY = 2.0
PATHS = "/api/v1/exchange/"
_PR_SET_PDEATHSIG = 1
_open: dict[str, Any] = {}


def authorities() -> list[str]:
    """The authorities of the neighbours that may knock."""
    trusted = Peer.objects.filter(state=Peer.State.TRUSTED).exclude(authority="").order_by("country")
    return list(trusted.values_list("authority", flat=True))


def step() -> float:
    """See that the door is open, and to the right neighbours; seconds until the next look."""
    if not tls.wanted():
        return 3600.0
    child: subprocess.Popen[bytes] | None = _open.get("child")
    seen = tls.fingerprint(authorities())
    if child is not None and child.poll() is None and _open["fingerprint"] == seen:
        return LOOK_EVERY
    if child is not None:
        close()
    environment = {**os.environ, "OTAY_HOME": str(settings.OTAY.home), "OTAY_DOOR": "1"}
    program = "from otay.cli import main; main()"
    _open["child"] = subprocess.Popen(
        [sys.executable, "-c", program, "exchange", "door"], env=environment, stdin=subprocess.DEVNULL
    )
    _open["fingerprint"] = seen
    return LOOK_EVERY


def close() -> None:
    """Shut the door: asked first, then made to."""
    child = _open.pop("child", None)
    if child is None:
        return
    child.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(5)
    child.kill()
    child.wait()


def serve(*, threads: int = 4) -> None:
    """Serve the door until SIGTERM or the end of the process that opened it."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    from otay.node.environment import BACKGROUND
    from otay.node.serving import HTTP1

    _end_with_parent()
    os.environ["OTAY_DOOR"], os.environ[BACKGROUND] = "1", "0"
    certificate, key = tls.write_door()
    address = urlsplit(settings.OTAY.exchange_url)
    Granian(
        f"{__name__}:application",
        address=_listening(address.hostname or ""),
        port=address.port or 8443,
        interface=Interfaces.WSGI,
        blocking_threads=threads,
        factory=True,
        websockets=False,
        http1_settings=HTTP1,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=3,
        ssl_cert=certificate,
        ssl_key=key,
        ssl_ca=tls.write_neighbours(authorities()),
        ssl_client_verify=True,
    ).serve()


def _listening(host: str) -> str:
    """An address of ours as it is; for a name, every address: the name may be that of a router before us."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return "127.0.0.1" if host == "localhost" else "0.0.0.0"  # noqa: S104 - who may knock, TLS decides


def application() -> Callable[..., Iterable[bytes]]:
    """The node's own application, of which only the exchange is to be had here."""
    from otay.node.serving import application as whole

    node = whole()

    def door(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(PATHS):
            return node(environ, start)  # type: ignore[no-any-return]
        start("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"This is the door between nodes.\n"]

    return door


def _end_with_parent() -> None:
    if sys.platform.startswith("linux"):
        parent = os.getppid()
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            sys.exit(1)
