"""Seals by the thousand through the real Mosquitto into a node, the listener killed at random; and what the limits are.

    python benchmarks/soak_seals.py                              10,000 seals, 10 minutes, SQLite
    python benchmarks/soak_seals.py --database postgres          ... into PostgreSQL (tools/services.py starts one)
    python benchmarks/soak_seals.py --listeners 2 --minutes 2    two share the work
    python benchmarks/soak_seals.py highest --minutes 5          the highest rate held with nothing lost

Reports in four protocols; of a hundred messages two are late, two sent twice, one an alarm, one in two hundred each
dated in the future, garbage, and in another seal's name. A message counts as lost when the broker took it and it is
not in the table, as doubled when it is there twice. Broker, listeners, seals and database share the machine. What the
parts reach by themselves: bench_seal_doors.py.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from factories.seal_traffic import (  # noqa: E402
    Listener,
    Mosquitto,
    Publisher,
    Seals,
    Sent,
    Store,
    admit,
    make_node,
    paced,
    verdict,
    wait,
)

POLL_SECONDS = 0.02


# --- what is watched meanwhile ------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Sees when alarms become visible in the table, and how much memory the listeners take."""

    store: Store
    sent: Sent
    listeners: list[Listener]
    seen: dict[bytes, float] = field(default_factory=dict)
    memory: dict[int, list[float]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        last, sampled = 0, 0.0
        while not self._stop.wait(POLL_SECONDS):
            rows = self.store.rows("SELECT id, digest FROM transit_report WHERE id > ? AND alarmed", last - 5000)
            now = time.time()
            for number, digest in rows:
                self.seen.setdefault(bytes(digest), now)
                last = max(last, number)
            if now - sampled > 1:
                sampled = now
                for listener in self.listeners:
                    if listener.process:
                        self.memory.setdefault(listener.process.pid, []).append(listener.memory_mb())

    def latencies(self) -> list[float]:
        """Seconds from the seal's sending to the alarm being in the table."""
        return sorted(self.seen[item] - self.sent.times[item] for item in self.sent.of("alarm") if item in self.seen)

    def longest_life(self) -> list[float]:
        """Megabytes, once a second, of the listener that lived longest; its first five seconds left out."""
        return max(self.memory.values(), key=len, default=[])[5:]


def killer(listeners: list[Listener], stop: threading.Event, seed: int, kills: list[float]) -> None:
    """SIGKILL at random, and back after a while."""
    chance = random.Random(seed)
    while not stop.wait(chance.uniform(8, 40)):
        victim = chance.choice(listeners)
        victim.kill()
        kills.append(time.time())
        stop.wait(chance.uniform(0.1, 3))
        victim.start()


# --- a node and its database --------------------------------------------------------------------------------------


@contextmanager
def node(database: str) -> Iterator[tuple[Path, str | None]]:
    """A new node's folder, and its database if that is not SQLite in the folder."""
    folder = Path(tempfile.mkdtemp(prefix="otay-soak-"))
    url = None
    try:
        if database != "sqlite":
            url = new_database(database)
        yield make_node(folder / "node", url), url
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if url:
            drop_database(database, url)


def server(database: str) -> str:
    """The PostgreSQL to make databases in: as given, else that of the tests."""
    if database != "postgres":
        return database
    if found := os.environ.get("OTAY_TEST_POSTGRES"):
        return found
    raise SystemExit("run: python tools/services.py run -- python benchmarks/soak_seals.py --database postgres")


def new_database(database: str) -> str:
    import psycopg

    name = f"otay_soak_{random.randrange(1 << 40):x}"
    with psycopg.connect(server(database), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server(database).rpartition("/")[0] + "/" + name


def drop_database(database: str, url: str) -> None:
    import psycopg

    with psycopg.connect(server(database), autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{url.rpartition("/")[2]}" WITH (FORCE)')


# --- the runs -----------------------------------------------------------------------------------------------------


@dataclass
class Run:
    """What one run found."""

    sent: Sent
    found: dict[str, Any]
    latencies: list[float]
    memory: list[float]
    kills: int
    caught_up_s: float
    seconds: float
    counters: tuple[Any, ...]


def run(
    home: Path, database: str | None, seals: Seals, *, rate: float, seconds: float, listeners: int, kill: bool
) -> Run:
    """Send at ``rate`` messages a second and wait until nothing more comes."""
    store = Store(home, database)
    with Mosquitto(home / "broker") as broker:
        running = [Listener(home, "--mqtt", broker.url) for _ in range(listeners)]
        for listener in running:
            listener.start()
        for listener in running:
            wait("a listener", listener.listens)
        time.sleep(1.5)
        publisher = Publisher(broker.port, seals)
        watch = Watch(Store(home, database), publisher.sent, running)
        stop, kills = threading.Event(), list[float]()
        hunter = threading.Thread(target=killer, args=(running, stop, 7, kills), daemon=True)
        if kill:
            hunter.start()
        begun = time.monotonic()
        count = len(seals.names)
        for number in paced(rate, seconds):
            publisher.send(number % count)
            while publisher.waiting > 20_000:
                time.sleep(0.01)
        publisher.drain(120)
        lasted = time.monotonic() - begun
        stop.set()
        if kill:
            hunter.join()
        caught_up = until_nothing_is_missing(publisher.sent, store)
        watch.stop()
        publisher.close()
        for listener in running:
            listener.stop()
    counters = store.rows("SELECT sum(duplicates), sum(flagged) FROM transit_reportingdevice")[0]
    found = verdict(publisher.sent, store)
    found["left in the journal"] = store.count("transit_reportbatch")
    store.close()
    return Run(publisher.sent, found, watch.latencies(), watch.longest_life(), len(kills), caught_up, lasted, counters)


def until_nothing_is_missing(sent: Sent, store: Store, most: float = 120) -> float:
    """Seconds until all is stored; gives up when nothing has changed for 20 s."""
    begun = changed = time.monotonic()
    before = -1
    while time.monotonic() - begun < most:
        missing = verdict(sent, store)["lost"]
        if not missing:
            break
        if missing != before:
            before, changed = missing, time.monotonic()
        elif time.monotonic() - changed > 20:
            break
        time.sleep(0.2)
    return time.monotonic() - begun


def say(name: str, value: object) -> None:
    print(f"{name:<52} {value!s:>16}", flush=True)


def show(done: Run, database: str) -> None:
    say("database", database.partition(":")[0])
    say("seconds", f"{done.seconds:,.0f}")
    say("messages that the broker took", f"{done.sent.acknowledged:,}")
    say("... a second", f"{done.sent.acknowledged / done.seconds:,.0f}")
    for kind, items in sorted(done.sent.taken.items()):
        say(f"... {kind}", f"{len(items):,}")
    say("listener killed, times", done.kills)
    say("lost", done.found["lost"])
    say("doubled", done.found["doubled"])
    say("stored though nobody sent it", done.found["invented"])
    say("left in the journal", done.found["left in the journal"])
    say("duplicates counted, reports flagged", " ".join(map(str, done.counters)))
    say("seconds until all was stored, after the last", f"{done.caught_up_s:.1f}")
    if len(done.latencies) > 1:
        cuts = statistics.quantiles(done.latencies, n=100)
        say("alarm in the table after it was sent, p50, ms", f"{cuts[49] * 1000:,.0f}")
        say("... p99, ms (restarts included)", f"{cuts[98] * 1000:,.0f}")
        say("... longest, ms", f"{done.latencies[-1] * 1000:,.0f}")
    if len(done.memory) > 10:
        tenth = max(1, len(done.memory) // 10)
        first, last = statistics.mean(done.memory[:tenth]), statistics.mean(done.memory[-tenth:])
        say("memory of the listener that lived longest, s", len(done.memory))
        say("... MB in its first and last tenth", f"{first:.1f} {last:.1f}")


def soak(given: argparse.Namespace) -> int:
    """The long run."""
    with node(given.database) as (home, url):
        seals = Seals(given.seals)
        admit(home, seals.names)
        rate = given.seals / given.every
        done = run(home, url, seals, rate=rate, seconds=given.minutes * 60, listeners=given.listeners, kill=given.kill)
        show(done, given.database)
    return 0 if not (done.found["lost"] or done.found["doubled"] or done.found["invented"]) else 1


def highest(given: argparse.Namespace) -> int:
    """Steps up until the node falls behind, then holds the highest step for the whole time."""
    with node(given.database) as (home, url):
        seals = Seals(given.seals)
        admit(home, seals.names)
        rate, held = float(given.start), 0.0
        while True:
            done = run(home, url, seals, rate=rate, seconds=given.probe, listeners=given.listeners, kill=False)
            reached = done.sent.acknowledged / done.seconds
            kept_up = done.caught_up_s < 2 and reached > 0.97 * rate and not done.found["lost"]
            say(f"probe at {rate:,.0f}/s: reached, seconds behind", f"{reached:,.0f} {done.caught_up_s:.1f}")
            if not kept_up:
                break
            held, rate = rate, rate * 1.25
        if not held:
            return 1
        while held > 1:
            done = run(home, url, seals, rate=held, seconds=given.minutes * 60, listeners=given.listeners, kill=False)
            if done.caught_up_s < 5 and not done.found["lost"] and not done.found["doubled"]:
                break
            say(f"not held: {held:,.0f}/s, seconds behind", f"{done.caught_up_s:.1f}")
            held *= 0.85
        say("highest rate held, messages a second", f"{held:,.0f}")
        show(done, given.database)
    return 0


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("mode", nargs="?", choices=("soak", "highest"), default="soak")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seals", type=int, default=10_000)
    parser.add_argument("--every", type=float, default=30, help="seconds between two reports of a seal")
    parser.add_argument("--database", default="sqlite", help="sqlite, postgres, or the address of a PostgreSQL")
    parser.add_argument("--listeners", type=int, default=1)
    parser.add_argument("--no-kill", dest="kill", action="store_false")
    parser.add_argument("--start", type=float, default=500, help="highest: first rate")
    parser.add_argument("--probe", type=float, default=20, help="highest: seconds of a step")
    given = parser.parse_args()
    modes: dict[str, Callable[[argparse.Namespace], int]] = {"soak": soak, "highest": highest}
    raise SystemExit(modes[given.mode](given))


if __name__ == "__main__":
    main()
