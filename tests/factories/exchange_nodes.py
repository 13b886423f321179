"""Two whole nodes for tests that need real processes: made, paired, worked by commands, served."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from otay.node import config

SCRIPT = Path(__file__).with_name("exchange_node.py")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def node(folder: Path, country: str) -> tuple[Path, int]:
    port = free_port()
    config.create(folder, country=country, name=f"Node of {country}", language="en", url=f"http://127.0.0.1:{port}")
    return folder, port


PAIR = """
import sys, json
sys.path.insert(0, sys.argv[1])
import exchange_node
exchange_node.start(sys.argv[2])
from otay.exchange.services import agreements, identity
from otay.node.actors import SYSTEM
print(json.dumps(identity.identity_document()), flush=True)
identity.trust(actor=SYSTEM, document=json.loads(sys.stdin.readline()))
if sys.argv[3] == "propose":
    terms = agreements.default_terms(with_country="MX", purpose="test", types=[sys.argv[4]])
    print(json.dumps(agreements.file_of(agreements.propose(actor=SYSTEM, terms=terms))), flush=True)
    agreements.import_file(actor=SYSTEM, document=json.loads(sys.stdin.readline()))
else:
    taken = agreements.import_file(actor=SYSTEM, document=json.loads(sys.stdin.readline()))
    signed = agreements.sign(actor=SYSTEM, reference=taken.reference, version=taken.version)
    print(json.dumps(agreements.file_of(signed)), flush=True)
"""


def pair(home_us: Path, home_mx: Path, record_type: str) -> None:
    """What two administrators do, in two processes that only pass each other lines."""
    us, mx = (
        subprocess.Popen(
            [sys.executable, "-c", PAIR, str(SCRIPT.parent), str(home), role, record_type],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for home, role in ((home_us, "propose"), (home_mx, "sign"))
    )

    def hand(giver: subprocess.Popen, taker: subprocess.Popen) -> None:
        taker.stdin.write(giver.stdout.readline())
        taker.stdin.flush()

    try:
        hand(us, mx)
        hand(mx, us)
        hand(us, mx)
        hand(mx, us)
        us.stdin.close()
        mx.stdin.close()
        assert [us.wait(200), mx.wait(200)] == [0, 0]
    finally:
        for one in (us, mx):
            one.kill()
            one.wait()
            one.stdout.close()


def two_nodes(folder: Path, *, record_type: str = "test.parcel") -> tuple[tuple[Path, int], tuple[Path, int]]:
    """A US and a Mexican node under ``folder``, each with its port, trusting each other under an agreement."""
    us, mx = node(folder / "us", "US"), node(folder / "mx", "MX")
    subprocess.run([sys.executable, SCRIPT, "prepare", str(us[0])], check=True, timeout=600)
    shutil.copy(us[0] / "db.sqlite3", mx[0] / "db.sqlite3")  # empty tables, made once
    pair(us[0], mx[0], record_type)
    return us, mx


class LiveNode:
    """A node alive in a process of its own: its door is open, and its administrator gives it commands."""

    def __init__(self, home: Path, port: int, *, skew: int = 0) -> None:
        """``skew``: by how many seconds its clock is wrong."""
        self.home, self.port, self.skew = home, port, skew
        self.process: subprocess.Popen[str] | None = None

    def __enter__(self) -> LiveNode:
        command = [sys.executable, str(SCRIPT), "work", str(self.home), str(self.port)]
        environment = {**os.environ, "OTAY_TEST_SKEW": str(self.skew)}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *_problem: object) -> None:
        self.kill()

    def kill(self) -> None:
        """Its process is gone at once."""
        assert self.process
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            if end:
                end.close()

    def tried(self, *arguments: str) -> tuple[int, str]:
        """An ``otay`` command of this node: exit code and what it said."""
        assert self.process
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(json.dumps(arguments) + "\n")
        self.process.stdin.flush()
        code, said = json.loads(self.process.stdout.readline())
        return code, said

    def run(self, *arguments: str) -> Any:
        """The JSON answer of an ``otay`` command."""
        return json.loads(self.tried(*arguments, "--json")[1])

    def publish(self, first: int, count: int) -> None:
        """Make parcels, publish and deliver them until the neighbour has receipted all or does not take them."""
        assert self.tried("publish", str(first), str(count))[0] == 0
