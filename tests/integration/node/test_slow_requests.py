"""Slow and huge requests against the real server: headers are bounded in time and size."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

SERVE = """
import sys
sys.path.insert(0, sys.argv[1])
from granian import Granian
from granian.constants import Interfaces
from otay.node import serving
Granian("slow_app:application", address="127.0.0.1", port=int(sys.argv[2]), interface=Interfaces.WSGI,
        websockets=False, http1_settings=serving.HTTP1).serve()
"""
APP = """
def application(environ, start):
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"here"]
"""


@pytest.fixture
def port(tmp_path) -> Iterator[int]:
    """Where the server answers, with the node's own bounds."""
    (tmp_path / "slow_app.py").write_text(APP)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        free = probe.getsockname()[1]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), *filter(None, sys.path)])}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVE, str(tmp_path), str(free)], env=environment, start_new_session=True,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while answered(free, b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") == b"":
            assert time.monotonic() < end, "the server did not start"
            time.sleep(0.1)
        yield free
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def answered(port: int, raw: bytes) -> bytes:
    """The first bytes of the answer; empty when there is none."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
            connection.sendall(raw)
            return connection.recv(200)
    except OSError:
        return b""


def test_a_request_of_usual_size_is_answered_and_huge_headers_are_not(port):
    assert b"200 OK" in answered(port, b"GET / HTTP/1.1\r\nHost: x\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n")
    huge = b"".join(b"X-%d: %s\r\n" % (number, b"a" * 1000) for number in range(90))
    assert b"200 OK" not in answered(port, b"GET / HTTP/1.1\r\nHost: x\r\n" + huge + b"\r\n")


@pytest.mark.slow
def test_headers_that_trickle_are_given_up_after_ten_seconds(port):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        began = time.monotonic()
        closed = False
        while not closed and time.monotonic() - began < 20:
            time.sleep(1)
            try:
                connection.sendall(b"X-A: a\r\n")
                connection.settimeout(0.05)
                closed = connection.recv(200) != b"?"
            except TimeoutError:
                continue
            except OSError:
                closed = True
        assert closed
        assert 5 < time.monotonic() - began < 16
