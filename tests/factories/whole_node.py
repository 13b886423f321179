"""A whole node as its administrator runs it, ``otay node serve``, killed with all its processes and started again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx


class WholeNode:
    """The processes of one node: web server, delivery, schedules."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin to start; :meth:`answers` tells when it has."""
        command = [sys.executable, "-m", "otay", "node", "serve", "--home", str(self.home), "--port", str(self.port)]
        log = (self.home / "serve.log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        log.close()

    def answers(self, within: float = 60) -> bool:
        """True once its door is open."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            try:
                address = f"http://127.0.0.1:{self.port}/api/v1/health"
                return httpx.get(address, timeout=5, trust_env=False).status_code == 200
            except httpx.HTTPError:
                time.sleep(0.05)
        return False

    def kill(self) -> None:
        """All its processes are gone at once."""
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


MAKE = """
import os, sys
os.environ["OTAY_HOME"], os.environ["DJANGO_SETTINGS_MODULE"] = sys.argv[1], "otay.web.settings"
import django
django.setup()
import json, logging
logging.disable(logging.CRITICAL)
from otay.exchange.models import Outbox
from otay.exchange.registry import Publication
from otay.exchange.services import publishing, upkeep
from otay.goods.declarations.domain import CROSSING
from otay.node.actors import SYSTEM
AT = "2026-11-24T12:00:00+00:00"
for line in sys.stdin:
    if line == "verify\\n":
        print(json.dumps([one.problems for one in upkeep.verify_streams()]), flush=True)
        continue
    first, count = map(int, line.split())
    publishing.publish(actor=SYSTEM, record_type=CROSSING, publications=[
        Publication(f"D-{n}", n, {"number": f"D-{n}", "port": "2404", "kind": "arrived", "at": AT})
        for n in range(first, first + count)
    ])
    print("done", flush=True)
"""


class Maker:
    """A room of a node in a process of its own, which is not killed: makes crossings to tell the neighbour of."""

    def __init__(self, home: Path) -> None:
        self.made = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", MAKE, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def _asked(self, line: str) -> str:
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def make(self, count: int) -> None:
        """So many more records, in one transaction."""
        assert self._asked(f"{self.made + 1} {count}") == "done\n"
        self.made += count

    def problems(self) -> list[list[str]]:
        """What the node's own check of its streams finds."""
        found: list[list[str]] = json.loads(self._asked("verify"))
        return found

    def end(self) -> None:
        """No more."""
        assert self.process.stdin
        self.process.stdin.close()
        self.process.wait(60)
        if self.process.stdout:
            self.process.stdout.close()
