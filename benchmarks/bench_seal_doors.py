"""What the parts of the doors for seals reach by themselves: broker, journal and tables, the bare insert, amqtt.

    python benchmarks/bench_seal_doors.py
    python benchmarks/bench_seal_doors.py --database postgres      (inside tools/services.py run -- ...)

The whole of them together: soak_seals.py.
"""

from __future__ import annotations

import argparse
import os
import pickle
import socket
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from soak_seals import node, say

from factories.seal_traffic import HOST, Mosquitto, Publisher, Seals, admit, free_port, otay, wait

SUBSCRIBER = """
import sys, time
import paho.mqtt.client as paho
client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bare", protocol=paho.MQTTv311, clean_session=False)
wanted, count, begun = int(sys.argv[2]), 0, 0.0
def on_message(client, data, message):
    global count, begun
    begun = begun or time.monotonic()
    count += 1
    if count == wanted:
        print(count / (time.monotonic() - begun), flush=True)
        client.disconnect()
client.on_connect = lambda client, *_: client.subscribe("seals/#", qos=1)
client.on_subscribe = lambda *_: print("ready", flush=True)
client.on_message = on_message
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_forever()
"""

STORE = """
import sys, time, pickle
from otay.node.commandline import setup
setup()
from otay.goods.transit.reports import storing
from otay.goods.transit.reports.incoming import Message
from otay.goods.transit.reports.models import Door
messages = [Message(topic, data, topic.split("/")[1]) for _, topic, data in pickle.load(open(sys.argv[1], "rb"))]
begun = time.monotonic()
for start in range(0, len(messages), 1000):
    storing.store(Door.MQTT, messages[start:start + 1000])
print(len(messages) / (time.monotonic() - begun))
"""


def through_broker(port: int, seals: Seals, count: int) -> float:
    """Messages a second from seals through a broker to a subscriber that does nothing with them, QoS 1."""
    command = [sys.executable, "-c", SUBSCRIBER, str(port), str(count)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as subscriber:
        assert subscriber.stdout
        assert subscriber.stdout.readline() == "ready\n"
        publisher = Publisher(port, seals)
        for number in range(count):
            publisher.send(number % len(seals.names))
            while publisher.waiting > 5_000:
                time.sleep(0.001)
        publisher.drain(300)
        publisher.close()
        return float(subscriber.stdout.readline())


def bare_insert(url: str | None, folder: Path, count: int) -> float:
    """Reports a second with their frames, in batches of 1,000, straight into two tables with the same columns."""
    report = (1, 0, 1, "2026-01-15 08:00:00", "2026-01-15 08:00:01", 0, 1, 1, 32.5, -117.0, 20.0, 90.0, 80, None, 7)
    frame = (1, 1, "mqtt", "seals/jt701/7000000001", "jt701", "2026-01-15 08:00:01", b"x" * 60, b"d" * 16)
    if url is None:
        connection: Any = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        mark, blob, key = "?", "BLOB", "INTEGER PRIMARY KEY"
    else:
        import psycopg

        connection = psycopg.connect(url, autocommit=True)
        mark, blob, key = "%s", "BYTEA", "BIGSERIAL PRIMARY KEY"
    text = "TEXT" if url is None else "TIMESTAMPTZ"
    connection.execute(
        f"CREATE TABLE bare_report (id {key}, frame BIGINT, part INT, device BIGINT, at {text}, received {text},"
        " flags INT, own INT, valid INT, lat FLOAT, lon FLOAT, speed FLOAT, course FLOAT, battery INT, volt FLOAT,"
        f" number BIGINT, digest {blob}, UNIQUE (device, at, digest, part))"
    )
    connection.execute(
        f"CREATE TABLE bare_frame (id BIGINT PRIMARY KEY, device BIGINT, door TEXT, source TEXT, family TEXT,"
        f" received {text}, raw {blob}, digest {blob})"
    )
    reports = f"INSERT INTO bare_report VALUES ({'?,' if url is None else 'DEFAULT,'}{','.join([mark] * 16)})"
    frames = f"INSERT INTO bare_frame VALUES ({','.join([mark] * 8)})"
    begun = time.monotonic()
    for start in range(0, count, 1000):
        numbers = range(start, start + 1000)
        head = (None,) if url is None else ()
        cursor = connection.cursor()
        cursor.execute("BEGIN")
        cursor.executemany(reports, [(*head, *report, number.to_bytes(16, "big")) for number in numbers])
        cursor.executemany(frames, [(number, *frame[1:]) for number in numbers])
        cursor.execute("COMMIT")
    seconds = time.monotonic() - begun
    connection.close()
    return count / seconds


def limits(given: argparse.Namespace) -> None:
    """What the parts reach by themselves."""
    count = given.count
    with node(given.database) as (home, url):
        seals = Seals(given.seals)
        admit(home, seals.names)
        with Mosquitto(home / "broker") as broker:
            mosquitto = through_broker(broker.port, seals, count)
        port = free_port()
        with (home / "amqtt.log").open("wb") as log:
            embedded = otay("transit", "broker", "--port", str(port), stdout=log, stderr=log)
            try:
                wait("amqtt", lambda: socket.socket().connect_ex((HOST, port)) == 0)
                amqtt = through_broker(port, seals, max(1000, count // 10))
            finally:
                embedded.terminate()
                embedded.wait()
        messages = [seals.message(number % given.seals, datetime.now(UTC)) for number in range(count)]
        (home / "messages").write_bytes(pickle.dumps(messages))
        environment = {**os.environ, "OTAY_HOME": str(home)}
        command = [sys.executable, "-c", STORE, str(home / "messages")]
        stored = float(subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True).stdout)
        inserted = bare_insert(url, home, count)
    say("database", given.database.partition(":")[0])
    say("bare Mosquitto, QoS 1, messages a second", f"{mosquitto:,.0f}")
    say("amqtt, the same", f"{amqtt:,.0f}")
    say("bare batch insert of the same rows, a second", f"{inserted:,.0f}")
    say("journal, decoding and tables without a broker", f"{stored:,.0f}")
    say("... of the bare insert", f"{stored / inserted:.2f}")
    say("... of the bare Mosquitto", f"{stored / mosquitto:.2f}")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seals", type=int, default=1_000)
    parser.add_argument("--count", type=int, default=20_000, help="messages")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres, or the address of a PostgreSQL")
    limits(parser.parse_args())


if __name__ == "__main__":
    main()
