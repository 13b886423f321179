"""Two real nodes with their own processes and databases on disk, killed at random points: both books stay equal."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from factories.exchange_books import assert_books_are_equal
from factories.exchange_nodes import SCRIPT, two_nodes


@pytest.fixture
def nodes(tmp_path: Path) -> tuple[tuple[Path, int], tuple[Path, int]]:
    return two_nodes(tmp_path)


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
    assert_books_are_equal(homes, total)


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
