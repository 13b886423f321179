"""A bounded soak: two listeners, killed at random, thousands of seals. The long one: ``benchmarks/soak_seals.py``."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from factories.seal_traffic import HOST, Listener, Store, admit, free_port, make_node, otay, wait
from factories.seals import own_report
from otay.node import clock

pytestmark = [pytest.mark.slow, pytest.mark.mosquitto]
SOAK = Path(__file__).resolve().parents[3] / "benchmarks" / "soak_seals.py"


def test_two_listeners_killed_at_random_lose_and_double_nothing() -> None:
    command = [
        *(sys.executable, str(SOAK), "--seals", "2000", "--every", "8", "--minutes", "1", "--listeners", "2"),
        *("--movements", "500"),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout


def test_the_embedded_broker_carries_a_demonstration(tmp_path: Path) -> None:
    home = make_node(tmp_path / "node")
    admit(home, ["S-1"])
    port = free_port()
    broker = otay("transit", "broker", "--port", str(port), stderr=subprocess.PIPE)
    try:
        assert broker.stderr is not None
        while b"listens on" not in broker.stderr.readline():
            assert broker.poll() is None
        arguments = ("--mqtt", f"mqtt://{HOST}:{port}", "--mqtt-version", "3.1.1", "--group", "")
        with Listener(home, *arguments) as listener:
            wait("the listener", listener.listens)
            time.sleep(2)
            seal = paho.Client(paho.CallbackAPIVersion.VERSION2)
            seal.connect(HOST, port)
            seal.loop_start()
            wait("the seal", seal.is_connected)
            seal.publish("seals/otay-seal/S-1", own_report("S-1", clock.real_now()), qos=1).wait_for_publish(10)
            store = Store(home)
            wait("the report", lambda: store.count("transit_report") == 1)
            store.close()
            seal.disconnect()
            seal.loop_stop()
    finally:
        broker.terminate()
        broker.wait(20)
        broker.stderr.close()  # type: ignore[union-attr]
