"""Two nodes on PostgreSQL as an administration would run them: servers, two workers each, and many callers at once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from otay.web.demo import life

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(900)]
OTAY = [sys.executable, "-c", "from otay.cli import main; main()"]
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("OTAY_", "DJANGO_"))},
    "OTAY_LANG": "en",
}
HOUR = datetime(2026, 3, 2, 15, tzinfo=UTC)
PORTS = {"US": "2506", "MX": "2304"}  # Otay Mesa and Nuevo Laredo; each node lodges at its own
CALLERS, TRUCKS = 4, 24
AMENDMENT = 13


@dataclass(frozen=True, slots=True)
class Node:
    country: str
    home: Path
    url: str
    database: str

    def otay(self, *words: str | Path) -> Any:
        done = subprocess.run(
            [*OTAY, *map(str, words), "--home", str(self.home), "--json"],
            env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=240,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.database) as connection:
            return connection.execute(query).fetchall()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def init(country: str, folder: Path, database: str) -> Node:
    node = Node(country, folder / country, f"http://127.0.0.1:{free_port()}", database)
    done = subprocess.run(
        [*OTAY, "node", "init", str(node.home), "--country", country, "--url", node.url, "--database", database],
        env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return node


@pytest.fixture
def databases() -> Iterator[list[str]]:
    server = os.environ.get("OTAY_TEST_POSTGRES") or pytest.fail("start it by: tools/services.py run -- pytest ...")
    names = [f"otay_test_{country}_{os.getpid()}" for country in ("us", "mx")]
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"CREATE DATABASE {name}")
        try:
            yield [f"{server.rpartition('/')[0]}/{name}" for name in names]
        finally:
            for name in names:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def nodes(databases: list[str], tmp_path: Path) -> tuple[Node, Node]:
    with ThreadPoolExecutor(2) as both:
        us, mx = both.map(init, ("US", "MX"), (tmp_path, tmp_path), databases)
        documents = list(both.map(lambda node: node.otay("exchange", "identity"), (us, mx)))
        for node, document in zip((us, mx), documents, strict=True):
            (tmp_path / f"{node.country}.json").write_text(json.dumps(document))
        list(both.map(lambda node, other: node.otay("exchange", "trust", tmp_path / f"{other}.json"),
                      (us, mx), ("MX", "US")))  # fmt: skip
    terms, signed = tmp_path / "terms.json", tmp_path / "signed.json"
    us.otay("exchange", "agree", "propose", "--with", "MX", "--all-types", "--purpose", "test", "--out", terms)
    mx.otay("exchange", "agree", "import", terms)
    mx.otay("exchange", "agree", "sign", "MX-US-core", "--version", "1", "--out", signed)
    us.otay("exchange", "agree", "import", signed)
    return us, mx


@pytest.fixture
def running(nodes: tuple[Node, Node], tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """One server without background work and two workers for each node."""
    log = (tmp_path / "log").open("ab")
    children = []
    try:
        for node in nodes:
            for words in (["serve", "--no-background"], ["work"], ["work"]):
                command = [*OTAY, "node", *words, "--home", str(node.home)]
                children.append(subprocess.Popen(command, env=ENVIRONMENT, stdout=log, stderr=log))
        for node in nodes:
            wait(lambda node=node: health(node) == "up", 240, "a node that is well")
        yield nodes
    finally:
        for child in children:
            child.send_signal(signal.SIGTERM)
        codes = [child.wait(20) for child in children]
        log.close()
    assert codes == [0] * 6
    assert "Traceback" not in (tmp_path / "log").read_text()


def health(node: Node) -> str:
    try:
        return str(httpx.get(f"{node.url}/api/v1/health", timeout=5).json()["status"])
    except httpx.HTTPError:
        return ""


def wait(condition: Any, seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what} did not come in time"
        time.sleep(0.2)


def lodge(node: Node, token: str, number: int) -> list[str]:
    """One broker's day: a batch, the same again, and an amendment of each; returns the declarations' numbers."""
    port = PORTS[node.country]
    trucks = life.trucks_of_hour(seed=f"{node.country}{number}", port=port, hour=HOUR, loaded=TRUCKS, empty=0)
    cores = [life.import_declaration(truck) for truck in trucks]
    cores = [{**core, "reference": f"{number}-{core['reference']}"} for core in cores]
    with httpx.Client(base_url=f"{node.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=240) as api:
        first = batch(api, cores, "lodged")
        again = batch(api, cores, "lodged")
        assert [one["id"] for one in again] == [one["id"] for one in first]
        accepted = [one["answer"]["declarations"][0]["number"] for one in first if one["state"] == "accepted"]
        cores = [{**core, "function": AMENDMENT, "gross_mass_kg": "23456"} for core in cores]
        batch(api, cores, "amended")
    return accepted


def batch(api: httpx.Client, cores: list[dict[str, Any]], word: str) -> list[dict[str, Any]]:
    lines = [
        json.dumps({"reference": f"{core['reference']}-{word}", "format": "declaration", "content": core})
        for core in cores
    ]
    answer = api.post("intake/batch", content="\n".join(lines))
    assert answer.status_code == 207, answer.text
    found: list[dict[str, Any]] = answer.json()["messages"]
    assert {one["state"] for one in found} <= {"accepted", "refused", "received"}
    return found


def work_at_the_booth(node: Node, token: str, lodged: threading.Event) -> int:
    """Receive and release whatever stands in the queues, until all is ``lodged`` and served; returns releases."""
    released = 0
    with httpx.Client(base_url=f"{node.url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=240) as api:
        while True:
            last = lodged.is_set()
            found = api.get("declarations", params={"port": PORTS[node.country], "state": "assessed"}).json()
            numbers = [row["number"] for row in found["declarations"] if row["lane"] == "green"]
            if not numbers:
                if last:
                    return released
                time.sleep(0.1)
                continue
            steps = [{"number": number, "kind": kind} for number in numbers for kind in ("arrived", "released")]
            answer = api.post("declarations/steps", json={"steps": steps})
            assert answer.status_code == 200, answer.text
            released += sum(one["state"] == "released" for one in answer.json())


def test_many_callers_and_workers_double_nothing_lose_nothing_and_never_deadlock(
    running: tuple[Node, Node],
) -> None:
    us, mx = running
    lodged = threading.Event()
    with ThreadPoolExecutor(4 * CALLERS) as callers:
        lodging, releasing = [], []
        for node in running:
            broker = node.otay("node", "client", "add", "broker", "--role", "trader", "--party", "INVENTED")["token"]
            booth = node.otay("node", "client", "add", "booth", "--role", "port_officer")["token"]
            lodging += [(node, callers.submit(lodge, node, broker, number)) for number in range(CALLERS)]
            releasing += [(node, callers.submit(work_at_the_booth, node, booth, lodged)) for _officer in range(2)]
        numbers: dict[str, list[str]] = {country: [] for country in PORTS}
        try:
            for node, answer in lodging:
                numbers[node.country] += answer.result()
        finally:
            lodged.set()
        released = dict.fromkeys(PORTS, 0)
        for node, answer in releasing:
            released[node.country] += answer.result()

    for node in running:
        own = sorted(number for (number,) in node.rows("SELECT number FROM declarations_declaration"))
        assert len(own) > CALLERS * TRUCKS / 2
        assert set(numbers[node.country]) <= set(own)
        assert released[node.country] > 0
        assert node.rows("SELECT count(*) FROM declarations_declaration WHERE state = 'released'") == [
            (released[node.country],)
        ]
        assert node.rows("SELECT count(*) FROM declarations_declarationevent WHERE kind = 'released'") == [
            (released[node.country],)
        ]
        unsettled = "SELECT 1 FROM intake_message WHERE state = 'received' OR alarm"
        wait(lambda node=node, unsettled=unsettled: not node.rows(unsettled), 60, "the end of all messages")

    sent = "SELECT record_type, business_key, version FROM exchange_outbox ORDER BY sequence"
    came = "SELECT record_type, business_key, version FROM exchange_inbox WHERE state = 'applied' ORDER BY sequence"
    for node, other in ((us, mx), (mx, us)):
        wait(
            lambda node=node: not node.rows("SELECT 1 FROM exchange_outbox WHERE state <> 'receipted' LIMIT 1"),
            240,
            "the receipts of all records",
        )
        assert node.rows(sent)
        assert node.rows(sent) == other.rows(came)
        kept = other.rows("SELECT number, version FROM declarations_neighbourdeclaration")
        assert len(kept) == len(set(kept))
        assert {number for number, _version in kept} == {
            number for (number,) in node.rows("SELECT number FROM declarations_declaration")
        }
        assert node.rows("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()") == [(0,)]
        assert node.otay("audit", "verify")["whole"]
