from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from otay.core.errors import Conflict
from otay.web.demo import processes

SLEEP = ["-c", "import time; time.sleep(60)"]
STUBBORN = [
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
]


def gone(pid: int, within: float = 5.0) -> bool:
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.02)
    return False


def test_a_taken_port_is_named_with_its_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Conflict, match=rf"{port} .*--port"):
            processes.require_free([port])
    processes.require_free([port])


def test_children_are_stopped_in_time_even_stubborn_ones(tmp_path: Path) -> None:
    willing = processes.start(SLEEP, home=tmp_path, log=tmp_path / "log" / "a.log")
    stubborn = processes.start(STUBBORN, home=tmp_path, log=tmp_path / "log" / "b.log", talk=True)
    assert stubborn.stdout is not None
    assert stubborn.stdout.readline() == "up\n"
    began = time.monotonic()
    processes.stop([willing, stubborn], within=0.5)
    assert time.monotonic() - began < 3
    assert (willing.returncode, stubborn.returncode) == (-signal.SIGTERM, -signal.SIGKILL)
    stubborn.stdout.close()


def test_a_grandchild_goes_with_its_group(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        "print(p.pid, flush=True); p.wait()"
    )
    child = processes.start(["-c", code], home=tmp_path, log=tmp_path / "a.log", talk=True)
    assert child.stdout is not None
    grandchild = int(child.stdout.readline())
    processes.stop([child], within=0.3)
    assert gone(grandchild)
    child.stdout.close()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the kernel's help is Linux's")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    code = (
        "from pathlib import Path; import sys, time; from otay.web.demo import processes; here = Path(sys.argv[1]);"
        "child = processes.start(['-c', 'import time; time.sleep(60)'], home=here, log=here / 'a.log');"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert gone(child)


def test_a_server_that_ends_at_once_is_told_with_its_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    child = processes.start(["-c", "print('the reason'); raise SystemExit(1)"], home=tmp_path, log=log)
    with pytest.raises(processes.StartFailed, match="the reason"):
        processes.wait_until_ready("http://127.0.0.1:9", child, log=log, within=20)
    processes.stop([child])
