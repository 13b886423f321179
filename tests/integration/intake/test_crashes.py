"""A crash at any point neither loses nor doubles a message: end the process again and again, then read the books."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from otay.node import config

STREAM = Path(__file__).with_name("stream.py")


def run(home: Path, lives: int, seed: int) -> dict[str, Any]:
    config.create(home, country="US", name="Crash test", language="en", url="http://127.0.0.1:1")
    command = [sys.executable, str(STREAM), str(home), str(lives), str(seed)]
    environment = {key: value for key, value in os.environ.items() if key != "OTAY_DATABASE"}  # its own, in its home
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=3000)
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout)
    print(result)
    return result


def check(result: dict[str, Any], lives: int) -> None:
    assert result["ends"].get("error", 0) == 0
    assert result["ends"]["killed"] + result["ends"]["fault"] > lives * 0.6
    assert result["acknowledged"] > lives
    assert (result["lost"], result["doubled"], result["wrong"], result["records_of_nothing"]) == ([], [], [], 0)
    assert result["audit_whole"]


def test_nothing_is_lost_or_doubled_in_25_lives(tmp_path: Path) -> None:
    check(run(tmp_path / "node", 25, 2026), 25)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_nothing_is_lost_or_doubled_in_2000_lives(tmp_path: Path) -> None:
    check(run(tmp_path / "node", 2000, 7), 2000)
