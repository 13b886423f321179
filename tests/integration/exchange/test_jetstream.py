"""NATS JetStream between two nodes: a real server that is killed and loses its disk, and nodes that are killed."""

from __future__ import annotations

import random
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from factories.exchange_books import assert_books_are_equal, rows
from factories.exchange_nodes import SCRIPT, free_port, two_nodes

pytestmark = pytest.mark.nats


class Server:
    """A NATS server of the test's own, which may lose all that it has."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        program = shutil.which("nats-server", path="/usr/sbin:/usr/local/bin:/usr/bin")
        assert program, "nats-server is missing: make services"
        command = [program, "-js", "-sd", str(self.folder), "-a", "127.0.0.1", "-p", str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError("the NATS server did not start")

    def lose_everything(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()


def survive(tmp_path: Path, *, total: int, wipes: int, kills: int, within: float, seed: int = 5) -> None:
    homes = [home for home, _port in two_nodes(tmp_path)]
    server = Server(tmp_path / "broker")
    for home in homes:
        with (home / "node.toml").open("a") as settings:
            settings.write(f'nats = "nats://127.0.0.1:{server.port}"\n')

    chance = random.Random(seed)
    misfortunes = ["wipe"] * wipes + ["stop"] * wipes + [0, 1] * kills
    chance.shuffle(misfortunes)
    server.start()
    running = [
        subprocess.Popen([sys.executable, SCRIPT, "carry", str(home), str(total)], stdin=subprocess.PIPE, text=True)
        for home in homes
    ]
    deadline = time.monotonic() + within
    try:
        for what in misfortunes:
            time.sleep(chance.uniform(0.3, 1.2))
            if isinstance(what, int):
                running[what].stdin.write("die\n")
                running[what].stdin.flush()
                continue
            server.lose_everything() if what == "wipe" else server.kill()
            time.sleep(chance.uniform(0, 0.5))
            server.start()
        while time.monotonic() < deadline and not all((home / "done").exists() for home in homes):
            time.sleep(0.1)
        assert all((home / "done").exists() for home in homes), [
            rows(home, "SELECT acknowledged, problem FROM exchange_peerhealth") for home in homes
        ]
        time.sleep(0.3)
    finally:
        for one in running:
            one.stdin.close()
            one.wait(60)
        server.kill()
    assert_books_are_equal(homes, total)


@pytest.mark.timeout(400)
def test_a_broker_that_loses_its_disk_and_nodes_that_are_killed_lose_nothing(tmp_path: Path) -> None:
    survive(tmp_path, total=400, wipes=2, kills=1, within=240)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_a_hundred_misfortunes(tmp_path: Path) -> None:
    survive(tmp_path, total=5000, wipes=20, kills=30, within=1000)
