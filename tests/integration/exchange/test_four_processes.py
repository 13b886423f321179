"""Two web processes and two workers of one node on PostgreSQL share its work: nothing is doubled, nothing lost."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from factories.exchange_books import rows
from factories.exchange_nodes import SCRIPT, LiveNode, free_port, pair
from factories.postgres_server import Server
from otay.node import config

pytestmark = [pytest.mark.postgres, pytest.mark.slow, pytest.mark.timeout(600)]
PROGRAM = SCRIPT.with_name("sharing_node.py")
MESSAGES, TWICE, JOBS, INBOUND = 400, 100, 20, 60
STORED = "SELECT count(*), count(DISTINCT reference) FROM intake_message"


@pytest.fixture
def server() -> Iterator[Server]:
    folder = Path(tempfile.mkdtemp(prefix="otay-four-"))
    folder.chmod(0o755)
    made = Server(folder)
    made.create()
    made.start()
    made.sql("CREATE DATABASE us", "postgres")
    yield made
    made.stop()
    shutil.rmtree(folder)


class Process:
    """A process of the node; it says when it is ready."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, str(PROGRAM), *map(str, arguments)]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def said(self, what: str) -> None:
        assert self.process.stdout
        assert self.process.stdout.readline().strip() == what

    def tell(self, *what: object) -> None:
        assert self.process.stdin
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


def test_two_web_processes_and_two_workers_share_the_work(server: Server, tmp_path: Path) -> None:
    ports = free_port(), free_port(), free_port()
    us, mx = tmp_path / "us", tmp_path / "mx"
    for home, port, database in ((us, ports[0], server.url("us")), (mx, ports[2], None)):
        where = {"url": f"http://127.0.0.1:{port}", "database": database}
        config.create(home, country=home.name.upper(), name=f"Node {home.name}", language="en", **where)
    subprocess.run([sys.executable, str(PROGRAM), "prepare", str(us)], check=True, timeout=200)
    subprocess.run([sys.executable, str(SCRIPT), "prepare", str(mx)], check=True, timeout=200)
    pair(us, mx)
    half = MESSAGES // 2
    processes: list[Process] = []
    try:
        with LiveNode(mx, ports[2]) as neighbour:
            webs = [Process("web", us, ports[0]), Process("web", us, ports[1])]
            workers = [Process("worker", us), Process("worker", us)]
            processes += [*webs, *workers]
            for one in processes:
                one.said("ready")
            webs[0].tell(1, half + TWICE // 2, list(range(JOBS // 2)))
            webs[1].tell(half - TWICE // 2 + 1, MESSAGES, list(range(JOBS // 2, JOBS)))
            neighbour.publish(1, INBOUND)
            for one in webs:
                one.said("done")
            workers[0].kill()  # whatever it held, the other takes over
            end = time.monotonic() + 200
            while time.monotonic() < end and not finished(server, mx):
                time.sleep(0.2)
            workers[1].process.send_signal(signal.SIGTERM)
            assert workers[1].process.wait(30) == 0
        made = sorted(number for (number,) in server.sql("SELECT number FROM test_made", "us"))
        assert made == list(range(1, MESSAGES + 1))
        assert server.sql(STORED, "us") == [(MESSAGES, MESSAGES)]
        sent = server.sql(
            "SELECT sequence, business_key, upper(encode(link, 'hex')) FROM exchange_outbox ORDER BY sequence", "us"
        )
        assert sorted(key for _number, key, _link in sent) == sorted(f"P-{number}" for number in made)
        assert sent == rows(mx, "SELECT sequence, business_key, hex(link) FROM exchange_inbox ORDER BY sequence")
        assert sorted(rows(mx, "SELECT business_key FROM test_book")) == sorted((key,) for _number, key, _link in sent)
        arrived = server.sql("SELECT business_key FROM test_book", "us")
        assert sorted(arrived) == sorted((f"P-{number}",) for number in range(1, INBOUND + 1))
        assert rows(mx, "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]
        assert server.sql("SELECT DISTINCT state FROM exchange_outbox", "us") == [("receipted",)]
        assert sorted(server.sql("SELECT number FROM test_counted", "us")) == [(number,) for number in range(JOBS)]
        otay = [sys.executable, "-c", "from otay.cli import main; main()"]
        for command in (["audit", "verify"], ["exchange", "verify"]):
            subprocess.run([*otay, *command, "--home", str(us)], check=True, timeout=100, stdout=subprocess.DEVNULL)
    finally:
        for one in processes:
            one.kill()


def finished(server: Server, mx: Path) -> bool:
    receipted = server.sql("SELECT count(*) FROM exchange_outbox WHERE state = 'receipted'", "us") == [(MESSAGES,)]
    done = server.sql("SELECT count(*) FROM node_jobrun WHERE state = 'done'", "us") == [(JOBS,)]
    arrived = server.sql("SELECT count(*) FROM test_book", "us") == [(INBOUND,)]
    return receipted and done and arrived and len(rows(mx, "SELECT 1 FROM exchange_inbox")) == MESSAGES
