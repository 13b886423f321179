"""A whole node in a process of its own, for tests and benchmarks of the exchange: its folder, its database, its door.

Run as a program: ``exchange_node.py ACTION HOME [ARGUMENT...]``. The node knows one record type, ``test.parcel``; what
it receives goes into the table ``test_book``, which refuses a record twice.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import socket
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

import crash_points

BOOK = (
    "CREATE TABLE IF NOT EXISTS test_book "
    "(peer TEXT, business_key TEXT, version INT, body TEXT, PRIMARY KEY (peer, business_key, version))"
)
MADE = "CREATE TABLE IF NOT EXISTS test_made (number INTEGER PRIMARY KEY)"


def receive(received: Any) -> None:
    """Write what arrived into the book; a second time is an error."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO test_book VALUES (%s, %s, %s, %s)",
            [(one.peer, one.business_key, one.version, json.dumps(one.body, sort_keys=True)) for one in received],
        )


def start(home: str) -> None:
    """Be the node of ``home``, with the test's record type."""
    os.environ["OTAY_HOME"] = home
    os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"
    import django

    django.setup()
    import logging

    logging.disable(logging.CRITICAL)
    if skew := os.environ.get("OTAY_TEST_SKEW"):
        skewed(timedelta(seconds=int(skew)))
    from otay.exchange.registry import Field, RecordType, record_types

    fields = tuple(Field(name, name) for name in ("number", "weight", "port", "text"))
    record_types.register(RecordType("test.parcel", "Parcels", fields, receive))


def skewed(by: timedelta) -> None:
    """Let this process's clocks go wrong by so much."""
    from otay.exchange import keystore
    from otay.node import clock

    real_now, now = keystore.real_now, clock.now
    keystore.real_now = lambda: real_now() + by
    clock.now = lambda: now() + by


def prepare(home: str) -> None:
    """Its tables."""
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)  # what web processes on PostgreSQL count requests in
    with connection.cursor() as cursor:
        cursor.execute(BOOK)
        cursor.execute(MADE)
    connection.close()


def publish(first: int, count: int, *, size: int = 0) -> None:
    """Make and publish ``count`` parcels in one transaction, beside the node's own note that it made them."""
    from django.db import connection, transaction

    from otay.exchange.registry import Publication
    from otay.exchange.services import publishing
    from otay.node.actors import SYSTEM

    numbers = range(first, first + count)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO test_made VALUES (%s)", [(number,) for number in numbers])
        publishing.publish(
            actor=SYSTEM,
            record_type="test.parcel",
            publications=[
                Publication(f"P-{number}", 1, {"number": f"P-{number}", "weight": "1.5", "text": "x" * size})
                for number in numbers
            ],
        )


class Quiet(WSGIRequestHandler):
    """No log; connections stay open, as with a real server."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args: Any) -> None:
        """Silence."""


class Server(ThreadingMixIn, WSGIServer):
    """A threaded server on a socket that its parent holds."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A neighbour that was killed in the middle of a request is what these tests are about."""


def serve(listening: socket.socket) -> Server:
    """Answer on ``listening`` in a thread."""
    from django.core.wsgi import get_wsgi_application

    server = Server(listening.getsockname()[:2], Quiet, bind_and_activate=False)
    server.socket = listening
    server.server_name, server.server_port = "127.0.0.1", listening.getsockname()[1]
    server.setup_environ()
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    return server


def listen(port: int) -> socket.socket:
    """A socket on ``port`` of the loopback."""
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind(("127.0.0.1", port))
    listening.listen(64)
    return listening


def live(listening: socket.socket, total: int, done: Path) -> None:
    """A node's life: answer, make parcels until there are ``total``, deliver; say so when all is receipted."""
    from django.db import connection

    from otay.exchange.models import PeerHealth
    from otay.exchange.services import delivery, tail

    serve(listening)
    while True:
        tail.step()
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(number), 0) FROM test_made")
            made = cursor.fetchone()[0]
        waiting = made - PeerHealth.objects.get().acknowledged
        if made < total and waiting < 40:
            publish(made + 1, min(random.randint(1, 5), total - made))
        PeerHealth.objects.update(next_attempt_at=None)
        delivery.deliver_all_due(limit=10)
        if made >= total and waiting == 0:
            done.touch()
            time.sleep(0.05)


def carry(total: int, done: Path) -> None:
    """A node's life with NATS as its carrier: make parcels until there are ``total``; say so when all is receipted."""
    from django.db import connection

    from otay.exchange.models import PeerHealth
    from otay.exchange.services import jetstream

    while True:
        with connection.cursor() as cursor:
            cursor.execute("SELECT COALESCE(MAX(number), 0) FROM test_made")
            made = cursor.fetchone()[0]
        if made < total:
            publish(made + 1, min(random.randint(1, 5), total - made))
        PeerHealth.objects.update(next_attempt_at=None)
        try:
            time.sleep(min(jetstream.step(), 0.05))
        except Exception:
            time.sleep(0.2)
        if made >= total and PeerHealth.objects.get().acknowledged >= total:
            done.touch()


def begun() -> int:
    """Fork: the number of the new life, 0 in it; it ends with its parent."""
    parent, child = os.getpid(), os.fork()
    if child == 0:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(1)
    return child


def carry_on(total: int, done: Path) -> None:
    """Be carried by NATS; each line on standard input kills the life and begins the next, the end of input the last."""
    warm()
    while True:
        child = begun()
        if child == 0:
            carry(total, done)
        line = sys.stdin.readline()
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        if not line:
            return


def warm() -> None:
    """Import all that a life needs, so that a child lives from its first moment on."""
    from django.core.wsgi import get_wsgi_application
    from django.db import connections
    from django.test import Client

    get_wsgi_application()
    Client().get("/api/v1/exchange/identity", headers={"host": "127.0.0.1"})
    connections.close_all()


ENDLESS = 2**40


def crash(home: str, port: int, kills: int, crashes: int, seed: int, total: int) -> None:
    """Live; be killed ``kills`` times at random moments, and die ``crashes`` times at crash points, in any order; live
    on until told to stop on standard input. Parcels are made all the while, in the last life until there are ``total``.
    """
    warm()
    listening = listen(port)
    done, points = Path(home) / "done", Path(home) / "crash-points"
    chance = random.Random(seed)
    ends = ["kill"] * kills + ["crash"] * crashes
    chance.shuffle(ends)
    for number, end in enumerate([*ends, "last"]):
        moment, at = chance.uniform(0.02, 0.25), chance.randint(1, DEEPEST)
        child = begun()
        if child == 0:
            random.seed(seed * 100_000 + number)
            if end == "crash":
                crash_points.arm(at, points)
            live(listening, total if end == "last" else ENDLESS, done)
        if end == "kill":
            time.sleep(moment)
        elif end == "last":
            sys.stdin.read()
        if end != "crash":
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    from otay.exchange.services.upkeep import verify_streams

    met = len(set(points.read_text().splitlines())) if points.exists() else 0
    problems = [one.problems for one in verify_streams()]
    print(json.dumps({"killed": kills + crashes, "points": met, "problems": problems}), flush=True)


DEEPEST = 150
"""Crash points that a life passes at most: about those of making, sending and taking a batch, twice over."""


def work(port: int) -> None:
    """Answer at the door, and run the commands that come as JSON lists on standard input."""
    from click.testing import CliRunner

    from otay.cli import main as otay

    serve(listen(port))
    print("ready", flush=True)
    for line in sys.stdin:
        arguments = json.loads(line)
        if arguments[0] == "publish":
            publish_and_deliver(int(arguments[1]), int(arguments[2]))
            answer = [0, ""]
        elif arguments[0] == "batch":
            answer = [0, batch(*map(int, arguments[1:3]), *arguments[3:])]
        else:
            done = CliRunner().invoke(otay, arguments)
            answer = [done.exit_code, done.stdout + (repr(done.exception) if done.exit_code > 1 else "")]
        print(json.dumps(answer), flush=True)


def batch(first: int, last: int, twist: str = "") -> str:
    """A stretch of this node's stream, signed by it. ``fork``: another history from ``first`` on; ``unagreed``: of a
    type that no agreement covers; ``stranger``: signed by a key that nobody trusts."""
    from dataclasses import replace

    from otay.core.canonical import canonical_json, digest
    from otay.exchange import keystore, queries
    from otay.exchange.domain import envelope
    from otay.exchange.domain.keys import SigningKey
    from otay.exchange.models import Outbox, Peer
    from otay.exchange.services import delivery

    rows = list(Outbox.objects.filter(sequence__gte=first, sequence__lte=last).order_by("sequence"))
    peer = Peer.objects.get()
    head, records = delivery.made_batch(peer, queries.standings([peer])[peer.pk], rows)
    key = SigningKey.generate() if twist == "stranger" else keystore.own_key()
    if twist == "fork":
        body = canonical_json({"number": "P-0", "weight": "666"})
        records[0] = replace(records[0], body=body, body_digest=digest(body))
    elif twist == "unagreed":
        records[0] = replace(records[0], record_type="test.secret")
    chained = envelope.chained(records, previous=head.previous, last_sequence=head.first - 1)
    head = replace(head, link=chained[-1].link, key=key.id)
    return envelope.pack(head, records, key)[0].decode()


def publish_and_deliver(first: int, count: int) -> None:
    """Make and publish ``count`` parcels; deliver until nothing waits or the neighbour does not take it."""
    from otay.exchange.models import Peer
    from otay.exchange.services import delivery

    publish(first, count)
    while delivery.deliver_due(Peer.objects.get()).more:
        pass


def main(action: str, home: str, *arguments: str) -> None:
    """One action of the program."""
    start(home)
    if action == "prepare":
        prepare(home)
    elif action == "crash":
        crash(home, *(int(argument) for argument in arguments))  # type: ignore[arg-type]
    elif action == "carry":
        carry_on(int(arguments[0]), Path(home) / "done")
    elif action == "work":
        work(int(arguments[0]))
    elif action == "serve":
        serve(listen(int(arguments[0])))
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
