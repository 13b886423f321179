"""Asking the engine process: numba and its memory stay out of the web process, and a search that somebody stops ends at
once, for its process is ended.

Processes are kept warm for the next question and end by themselves when nobody asks for ten minutes.
"""

from __future__ import annotations

import atexit
import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

from otay.core.errors import OtayError, Refused
from otay.core.findings import Finding
from otay.core.i18n import N_

logger = logging.getLogger(__name__)
MODULE = "otay.infrastructure.planning.engine_process"
Told = Callable[[dict[str, Any]], None]

_lock = threading.Lock()
_idle: list[subprocess.Popen[bytes]] = []


def _start() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", MODULE], stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def _take() -> subprocess.Popen[bytes]:
    with _lock:
        while _idle:
            process = _idle.pop()
            if process.poll() is None:
                return process
            _close(process)
    return _start()


def _close(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream:
            stream.close()


def ask(operation: str, request: dict[str, Any], tell: Told) -> dict[str, Any]:
    """The answer of the engine to ``operation``. ``tell`` gets what it says on the way; an exception that it raises
    ends the engine's work.

    Raises:
        Refused: what the engine refuses, with its findings.
        OtayError: when the engine failed or died.
    """
    process = _take()
    try:
        found = _conversation(process, {**request, "operation": operation}, tell)
    except BaseException:
        _close(process)
        raise
    with _lock:
        _idle.append(process)
    if "refused" in found:
        told = found["refused"]
        findings = [Finding.from_record(record) for record in told["findings"]]
        raise Refused(told["message"], findings=findings, **told["params"])
    if "failed" in found:
        logger.error("the engine failed: %s", found["failed"])
        raise OtayError(N_("The engine failed: %(reason)s"), reason=found["failed"].strip().splitlines()[-1][:300])
    answered: dict[str, Any] = found["done"]
    return answered


def _conversation(process: subprocess.Popen[bytes], request: dict[str, Any], tell: Told) -> dict[str, Any]:
    if process.stdin is None or process.stdout is None:
        raise OtayError(N_("The engine could not be started"))
    try:
        process.stdin.write(json.dumps(request).encode("utf-8") + b"\n")
        process.stdin.flush()
    except BrokenPipeError:
        raise OtayError(N_("The engine ended before it had answered: run it again")) from None
    for line in process.stdout:
        told: dict[str, Any] = json.loads(line)
        if told.keys() & {"done", "refused", "failed"}:
            return told
        tell(told)
    raise OtayError(N_("The engine ended before it had answered: run it again"))


def warm_up() -> None:
    """Have a warm engine ready, in the background, unless one is: the first run then does not wait for numba."""
    with _lock:
        if any(process.poll() is None for process in _idle) or _warming.is_set():
            return
        _warming.set()

    def run() -> None:
        try:
            ask("warm", {}, lambda _told: None)
        except OtayError:
            logger.warning("no engine could be made ready")
        finally:
            _warming.clear()

    threading.Thread(target=run, daemon=True, name="engine warm-up").start()


_warming = threading.Event()


def end_all() -> None:
    """End the idle processes."""
    with _lock:
        while _idle:
            _close(_idle.pop())


atexit.register(end_all)
