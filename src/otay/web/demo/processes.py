"""Child processes of the demo: started so that none outlives it, stopped within seconds."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx

from otay.core.errors import Conflict, OtayError
from otay.core.i18n import N_

_PR_SET_PDEATHSIG = 1
STOP_WITHIN = 8.0


class StartFailed(OtayError):
    """A node did not come up; its log says why."""


def end_with_parent() -> None:
    """Ask the kernel to end this process when its parent ends, even if that is killed. Linux only; elsewhere the
    parent's own clean stop has to do."""
    if not sys.platform.startswith("linux"):
        return
    parent = os.getppid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:  # it ended in between
        os._exit(1)


def start(command: Sequence[str], *, home: Path, log: Path, talk: bool = False) -> subprocess.Popen[str]:
    """Start a program of the node in ``home``, in a process group of its own so that Ctrl-C reaches the demo alone.

    ``talk``: with pipes to its standard input and output; else both go to ``log``, like its errors.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OTAY_HOME": str(home), "PYTHONUNBUFFERED": "1"}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    environment.pop("OTAY_DATABASE", None)  # two nodes never share one database
    with log.open("a", encoding="utf-8") as out:
        return subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            stdin=subprocess.PIPE if talk else subprocess.DEVNULL,
            stdout=subprocess.PIPE if talk else out,
            stderr=out,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - called before this process has threads
            text=True,
            encoding="utf-8",
        )


def serve(home: Path) -> subprocess.Popen[str]:
    """Start the node's server."""
    program = "from otay.cli import main; main()"
    return start(["-c", program, "node", "serve", "--home", str(home)], home=home, log=server_log(home))


def server_log(home: Path) -> Path:
    """Where the node's server writes what it has to say."""
    return home / "log" / "server.log"


def wait_until_ready(url: str, child: subprocess.Popen[str], *, log: Path, within: float = 60.0) -> None:
    """Wait until the node at ``url`` answers that it is ready.

    Raises:
        StartFailed: when it ended, or is not ready in time.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if child.poll() is not None:
            break
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/api/v1/ready", timeout=5).status_code == 200:
                return
        time.sleep(0.1)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    raise StartFailed(
        N_("The node at %(url)s did not start. The end of %(log)s:\n%(lines)s"),
        url=url,
        log=log,
        lines="\n".join(lines[-12:]),
    )


def require_free(ports: Sequence[int]) -> None:
    """Refuse to start where somebody else listens.

    Raises:
        Conflict: naming the port and what to do.
    """
    for port in ports:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                raise Conflict(
                    N_("Port %(port)s of this machine is taken. Stop the program that uses it, or choose another: "
                       "otay demo --port %(other)s"),
                    port=port, other=port + 100,
                ) from None  # fmt: skip


def stop(children: Sequence[subprocess.Popen[str]], *, within: float = STOP_WITHIN) -> None:
    """End ``children`` and all that they started: asked first, then, after ``within`` seconds, made to."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + within
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(max(0.05, deadline - time.monotonic()))
        with contextlib.suppress(ProcessLookupError):  # its group is empty when it ended cleanly
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
