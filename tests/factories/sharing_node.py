"""One of several processes of one node: a web process that takes messages, or a worker. For tests on PostgreSQL.

Run as a program: ``sharing_node.py prepare|web|worker HOME [PORT]``. Each message makes one parcel, which is published;
each job writes its number down, so that what is done twice shows.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
import exchange_node

FORMAT = "test-line"


def apply(_actor: Any, messages: Sequence[Any]) -> list[Any]:
    """One parcel a message."""
    from otay.intake.registry import Outcome, State

    for message in messages:
        exchange_node.publish(int(message.raw), 1)
    return [Outcome(State.ACCEPTED) for _message in messages]


def count(run: Any, _actor: Any) -> dict[str, Any]:
    """The job."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO test_counted VALUES (%s)", [run.arguments["number"]])
    return {}


def start(home: str) -> None:
    """Be a process of the node."""
    exchange_node.start(home)
    from otay.intake.registry import Handler, handlers
    from otay.node import jobs

    handlers.register(Handler("test", "Test", (FORMAT,), "intake.submit", apply))
    jobs.register(jobs.Job("test.count", "Count", run=count, permission="intake.submit"))


def prepare(home: str) -> None:
    """Tables, and the client whose messages come."""
    exchange_node.prepare(home)
    from django.core.management import call_command
    from django.db import connection

    from otay.node import roles
    from otay.node.models import ApiClient

    call_command("createcachetable", verbosity=0)  # what web processes on PostgreSQL count requests in, together
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE test_counted (number integer)")
    ApiClient.objects.create(
        key="acme", name="Acme (invented)", role=roles.TRADER.key, token_digest="0" * 64, invented=True
    )


def web(port: int) -> None:
    """Open the door; each line on standard input: take messages first..last in four threads, and start jobs."""
    from django.db import connections

    from otay.intake.incoming import Incoming
    from otay.intake.services import receive
    from otay.node import jobs
    from otay.node.accounts import actor_of_client
    from otay.node.models import ApiClient

    exchange_node.serve(exchange_node.listen(port))
    actor = actor_of_client(ApiClient.objects.get(key="acme"))

    def take(numbers: Sequence[int]) -> None:
        for at in range(0, len(numbers), 5):
            some = numbers[at : at + 5]
            items = [Incoming(str(number).encode(), reference=f"m-{number}", format=FORMAT) for number in some]
            receive(actor=actor, items=items)
        connections.close_all()

    print("ready", flush=True)
    for line in sys.stdin:
        first, last, started = json.loads(line)
        numbers = range(first, last + 1)
        threads = [threading.Thread(target=take, args=(numbers[part::4],)) for part in range(4)]
        for one in threads:
            one.start()
        for number in started:
            jobs.start(actor=actor, job="test.count", arguments={"number": number})
        for one in threads:
            one.join()
        print("done", flush=True)


def worker() -> None:
    """The background of the node, until SIGTERM."""
    from otay.node.loops import Runner

    runner = Runner()
    signal.signal(signal.SIGTERM, lambda *_: runner.ask_to_stop())
    runner.start()
    print("ready", flush=True)
    runner.wait()
    runner.stop()


if __name__ == "__main__":
    start(sys.argv[2])
    if sys.argv[1] == "prepare":
        prepare(sys.argv[2])
    elif sys.argv[1] == "web":
        web(int(sys.argv[3]))
    else:
        worker()
