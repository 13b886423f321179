"""Two real nodes with their own processes and databases on disk, killed at random points: both books stay equal."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from factories.exchange_books import assert_books_are_equal
from factories.exchange_nodes import SCRIPT, two_nodes

Nodes = tuple[tuple[Path, int], tuple[Path, int]]


@pytest.fixture(scope="module")
def paired(tmp_path_factory: pytest.TempPathFactory) -> Nodes:
    return two_nodes(tmp_path_factory.mktemp("paired"))


@pytest.fixture
def nodes(paired: Nodes, tmp_path: Path) -> Nodes:
    """The same two nodes at every beginning: copies of their folders, before anything was sent."""
    (us, us_port), (mx, mx_port) = paired
    return (shutil.copytree(us, tmp_path / "us"), us_port), (shutil.copytree(mx, tmp_path / "mx"), mx_port)


def survive(nodes: Nodes, *, kills: int = 0, crashes: int = 0, seed: int, total: int, within: float) -> dict[str, int]:
    """Let both nodes make, send and take records while each is killed ``kills`` times and dies at ``crashes`` crash
    points; afterwards nothing is lost, nothing doubled, and both books are equal. What happened, in numbers."""
    homes = [home for home, _port in nodes]
    running = [
        subprocess.Popen(
            [sys.executable, SCRIPT, "crash", str(home), *map(str, (port, kills, crashes, 2 * seed + side, total))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for side, (home, port) in enumerate(nodes)
    ]
    deadline = time.monotonic() + within
    try:
        while time.monotonic() < deadline and not all((home / "done").exists() for home in homes):
            time.sleep(0.1)
        assert all((home / "done").exists() for home in homes), "not everything was receipted in time"
        told = [json.loads(one.communicate(timeout=100)[0]) for one in running]
    finally:
        for one in running:
            one.kill()
            one.wait()
    assert [(one["killed"], one["problems"]) for one in told] == [(kills + crashes, [[], []])] * 2
    records = assert_books_are_equal(homes, total)
    return {"crashes": 2 * (kills + crashes), "points": min(one["points"] for one in told), "records": records}


@pytest.mark.timeout(200)
def test_sixty_crashes_of_both_nodes_lose_nothing_and_double_nothing(nodes):
    assert survive(nodes, kills=10, crashes=20, seed=5, total=100, within=150)["points"] > 5


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(50))
def test_ten_thousand_crashes(nodes, shard):
    """Two hundred a shard, of which twelve are kills from outside. The numbers are in the captured output (``-rP``)."""
    print(shard, survive(nodes, kills=6, crashes=94, seed=100 + shard, total=100, within=1700))


def test_the_command_line_is_there_in_both_languages():
    from otay.exchange.commands import exchange

    for lang in ("en", "es"):
        answer = CliRunner().invoke(exchange, ["status", "--lang", lang, "--help"])
        assert answer.exit_code == 0
        assert "otay exchange status" in answer.output
