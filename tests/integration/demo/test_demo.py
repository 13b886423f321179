"""The demo as people start it: real processes, ports and signals. One folder, used by one test after the other."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
COMMAND = [sys.executable, "-c", "from otay.cli import main; main()", "demo"]


def free_port() -> int:
    """A port that is free, and so is the next; each worker of a parallel run looks in a range of its own."""
    first = 23_001 + 200 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:])
    for port in range(first, first + 200, 2):
        listen = socket.create_server
        with contextlib.suppress(OSError), listen(("127.0.0.1", port)), listen(("127.0.0.1", port + 1)):
            return port
    raise AssertionError("no two ports in a row are free")


def environment() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if key not in {"OTAY_HOME", "OTAY_DATABASE", "OTAY_LANG"}}


def start(base: Path, *options: str) -> subprocess.Popen[str]:
    command = [*COMMAND, "--home", str(base), "--port", str(free_port()), *options]
    return subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )


def headless(base: Path, *options: str) -> dict[str, Any]:
    child = start(base, "--speed", "max", "--headless", "--json", *options)
    out, err = child.communicate(timeout=500)
    assert child.returncode == 0, err[-4000:]
    found: dict[str, Any] = json.loads(out)
    assert not processes_of(base)
    return found


def processes_of(base: Path) -> list[int]:
    """Processes of which the environment or the command names the demo's folder, this test's own aside."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                if (
                    str(base).encode()
                    in entry.joinpath("environ").read_bytes() + entry.joinpath("cmdline").read_bytes()
                ):
                    found.append(int(entry.name))
    return found


def wait_for(condition: Any, within: float) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The folder of a demonstration of which a thinned day was played, and the summary of that day."""
    folder = tmp_path_factory.mktemp("demonstration") / "demo"
    yield folder, headless(folder, "--days", "1", "--share", "0.01")
    for pid in processes_of(folder):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def base(first_day: tuple[Path, dict[str, Any]]) -> Path:
    return first_day[0]


def test_a_thinned_day_is_played_receipted_and_both_books_agree(first_day: tuple[Path, dict[str, Any]]) -> None:
    _folder, found = first_day
    assert found["ok"]
    assert found["books_agree"]
    assert found["share_of_real_volume"] == "0.01"
    assert 100 < found["trucks"] < 400
    assert found["us"]["accepted"] >= found["us"]["arrived"] >= found["us"]["released"] > 0
    assert sum(found["us"]["lanes"].values()) == found["us"]["accepted"]
    assert found["sent"] == found["receipted"] == found["exchanged"] > 500
    assert found["audit_us"]["checked"] > 0


def test_the_second_run_goes_on_where_the_first_stopped(base: Path) -> None:
    before = json.loads((base / "state.json").read_text())
    found = headless(base, "--days", "0.25")
    after = json.loads((base / "state.json").read_text())
    assert found["ok"]
    assert after["started"] == before["started"]
    assert after["played_until"] > before["played_until"]
    assert found["us"]["accepted"] > 0
    assert found["us"]["refused"] <= found["us"]["accepted"] * 0.2, "a resend of what was played is no contradiction"


def test_another_share_of_the_same_life_is_refused(base: Path) -> None:
    child = start(base, "--headless", "--share", "0.5")
    _out, err = child.communicate(timeout=60)
    assert child.returncode == 1
    assert "--home" in err


@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_however_it_ends_no_process_is_left(base: Path, sign: signal.Signals) -> None:
    child = start(base, "--speed", "5", "--lang", "es")
    assert child.stderr is not None
    url = ""
    for line in child.stderr:
        if "México: http" in line:
            url = line.split()[-1]
            break
    assert url, "it never said where to look"
    assert wait_for(lambda: httpx.get(f"{url}/accounts/login/").status_code == 200, 20)
    assert len(processes_of(base)) >= 3
    began = time.monotonic()
    child.send_signal(sign)
    child.communicate(timeout=30)
    assert wait_for(lambda: not processes_of(base), 15)
    assert time.monotonic() - began < 15
    if sign is not signal.SIGKILL:
        assert child.returncode == 0
