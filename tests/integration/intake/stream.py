"""A sender streams messages into a node while the node's process is ended again and again, at random points.

Run as ``python stream.py HOME LIVES SEED``: prints what happened as JSON. Each life is a forked process; it ends
through ``os._exit`` at a random fault point, through SIGKILL at a random time, or in peace.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

HOME, LIVES, SEED = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
os.environ["OTAY_HOME"] = str(HOME)
os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from factories import intake as factory  # noqa: E402
from otay.intake import bounds, faults, queries, services, tasks  # noqa: E402
from otay.intake.incoming import Incoming  # noqa: E402
from otay.intake.models import StoredMessage  # noqa: E402
from otay.node import audit  # noqa: E402

ACKS = HOME / "acks"
WORDS = ["fine"] * 7 + ["bad", "part", "large"]


def message(number: int) -> Incoming:
    """Message ``number`` of a stream without end; the same for the same seed."""
    word = random.Random(f"{SEED}.{number}.word").choice(WORDS)
    body = f"{word} {number} ".encode() + (bytes(bounds.INLINE_BYTES) if word == "large" else b"")
    return Incoming(body, f"R-{number}", factory.FORMAT)


def of_reference(reference: str) -> Incoming:
    return message(int(reference[2:]))


def acknowledged() -> list[str]:
    """References that the sender got an answer for. A torn last line is no answer."""
    return ACKS.read_text().split("\n")[:-1] if ACKS.exists() else []


def live(number: int) -> None:
    """One life: send what has no answer yet, in order; now and then something again; now and then catch up."""
    chance = random.Random(f"{SEED}.{number}")
    if chance.random() < 0.6:
        left = chance.randint(1, 40)

        def hook(_name: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                os._exit(9)

        faults.hook = hook
    sender = factory.actor_of_client(factory.ApiClient.objects.get())
    answered = acknowledged()
    next_number, last = len(answered), len(answered) + 100
    log = os.open(ACKS, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    backlog = tasks.Backlog()
    while next_number < last:
        batch = [message(next_number + offset) for offset in range(chance.choice([1, 1, 2, 5, 20]))]
        if answered and chance.random() < 0.2:
            again = of_reference(chance.choice(answered))
            receipt = services.receive(actor=sender, items=[again])[0]
            assert receipt.duplicate, f"{again.reference} was answered and then taken as new"
        services.receive(actor=sender, items=batch)
        os.write(log, "".join(f"{item.reference}\n" for item in batch).encode())
        next_number += len(batch)
        if chance.random() < 0.1:
            backlog.step()


def run_life(number: int) -> str:
    """Fork, maybe kill, wait; how it ended."""
    connections.close_all()
    child = os.fork()
    if not child:
        code = 3
        try:
            live(number)
            code = 0
        finally:
            os._exit(code)
    chance = random.Random(f"{SEED}.{number}.kill")
    if chance.random() < 0.6:
        time.sleep(chance.uniform(0.005, 0.25))
        os.kill(child, signal.SIGKILL)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return "killed"
    return {0: "peace", 9: "fault", 3: "error"}[os.WEXITSTATUS(status)]


def examine() -> dict[str, object]:
    """What is on the disk now, against what was acknowledged."""
    for _ in range(10 + bounds.ATTEMPTS):
        tasks.Backlog().step()
    rows = {}
    doubled = []
    for row in StoredMessage.objects.defer("raw"):
        if row.reference in rows:
            doubled.append(row.reference)
        rows[row.reference] = row
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT message, count(*) FROM {factory.TABLE} GROUP BY message")
        records = dict(cursor.fetchall())
    wrong = []
    for reference, row in rows.items():
        raw = of_reference(reference).raw
        expected = {b"bad": "refused", b"part": "partly"}.get(raw.split()[0], "accepted")
        made = records.pop(row.pk, 0)
        kept = queries.raw_bytes(row) == raw
        if row.state != expected or made != (expected != "refused") or not kept:
            wrong.append([reference, row.state, made])
    answered = acknowledged()
    return {
        "acknowledged": len(answered),
        "lost": sorted(set(answered) - set(rows)),
        "doubled": doubled,
        "wrong": wrong,
        "records_of_nothing": len(records),
        "stored": len(rows),
        "audit_whole": audit.first_break() is None,
    }


def main() -> None:
    call_command("migrate", verbosity=0)
    factory.client()
    factory.make_table()
    ends: dict[str, int] = {}
    with factory.open_room():
        for number in range(LIVES):
            end = run_life(number)
            ends[end] = ends.get(end, 0) + 1
        print(json.dumps({**examine(), "ends": ends}))


main()
