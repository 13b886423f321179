"""Two real nodes with their own processes and databases on disk, killed at random points: both books stay equal."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from otay.node import config

SCRIPT = Path(__file__).parents[2] / "factories" / "exchange_node.py"


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
    terms = agreements.default_terms(with_country="MX", purpose="test", types=["test.parcel"])
    print(json.dumps(agreements.file_of(agreements.propose(actor=SYSTEM, terms=terms))), flush=True)
    agreements.import_file(actor=SYSTEM, document=json.loads(sys.stdin.readline()))
else:
    taken = agreements.import_file(actor=SYSTEM, document=json.loads(sys.stdin.readline()))
    signed = agreements.sign(actor=SYSTEM, reference=taken.reference, version=taken.version)
    print(json.dumps(agreements.file_of(signed)), flush=True)
"""


def pair(home_us: Path, home_mx: Path) -> None:
    """What two administrators do, in two processes that only pass each other lines."""
    us, mx = (
        subprocess.Popen(
            [sys.executable, "-c", PAIR, str(SCRIPT.parent), str(home), role],
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
        assert [us.wait(60), mx.wait(60)] == [0, 0]
    finally:
        for one in (us, mx):
            one.kill()
            one.wait()
            one.stdout.close()


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[tuple[Path, int], tuple[Path, int]]:
    us, mx = node(tmp_path / "us", "US"), node(tmp_path / "mx", "MX")
    subprocess.run([sys.executable, SCRIPT, "prepare", str(us[0])], check=True, timeout=100)
    shutil.copy(us[0] / "db.sqlite3", mx[0] / "db.sqlite3")  # empty tables, made once
    pair(us[0], mx[0])
    return us, mx


def rows(home: Path, query: str) -> list[tuple]:
    with sqlite3.connect(home / "db.sqlite3") as database:
        return database.execute(query).fetchall()


def survive(nodes: tuple[tuple[Path, int], tuple[Path, int]], *, kills: int, total: int, within: float) -> None:
    homes = [home for home, _port in nodes]
    running = [
        subprocess.Popen(
            [sys.executable, SCRIPT, "crash", str(home), str(port), str(kills), str(seed), str(total)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for seed, (home, port) in enumerate(nodes, start=11)
    ]
    deadline = time.monotonic() + within
    try:
        while time.monotonic() < deadline and not all((home / "done").exists() for home in homes):
            time.sleep(0.1)
        assert all((home / "done").exists() for home in homes), "not everything was receipted in time"
    finally:
        killed = [one.communicate(timeout=within)[0] for one in running]
    assert [json.loads(text) for text in killed] == [{"killed": kills, "problems": [[], []]}] * 2
    for home, other in (homes, homes[::-1]):
        made = [f"P-{number}" for (number,) in rows(home, "SELECT number FROM test_made ORDER BY number")]
        sent = rows(
            home, "SELECT sequence, business_key, version, body, hex(link) FROM exchange_outbox ORDER BY sequence"
        )
        came = rows(
            other, "SELECT sequence, business_key, version, body, hex(link) FROM exchange_inbox ORDER BY sequence"
        )
        book = rows(other, "SELECT business_key FROM test_book ORDER BY CAST(substr(business_key, 3) AS INT)")
        assert made == [f"P-{number}" for number in range(1, total + 1)]
        assert [row[1] for row in sent] == made
        assert sent == came
        assert [key for (key,) in book] == made
        assert rows(home, "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]


@pytest.mark.timeout(200)
def test_sixty_kills_of_both_nodes_lose_nothing_and_double_nothing(nodes):
    survive(nodes, kills=30, total=100, within=150)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_six_hundred_kills(nodes):
    survive(nodes, kills=300, total=2000, within=800)


def test_the_command_line_is_there_in_both_languages():
    from otay.exchange.commands import exchange

    for lang in ("en", "es"):
        answer = CliRunner().invoke(exchange, ["status", "--lang", lang, "--help"])
        assert answer.exit_code == 0
        assert "otay exchange status" in answer.output
