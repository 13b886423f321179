"""Seals by the thousand through the real Mosquitto into a node, the listener killed at random; and what the limits are.

    python benchmarks/soak_seals.py                              10,000 seals on as many movements, 10 minutes, SQLite
    python benchmarks/soak_seals.py --database postgres          ... into PostgreSQL (tools/services.py starts one)
    python benchmarks/soak_seals.py --listeners 2 --minutes 2    two share the work
    python benchmarks/soak_seals.py highest --minutes 5          the highest rate held with nothing lost

Reports in two protocols; of a hundred messages two are late, two sent twice, one a cut, one in two hundred each
dated in the future, garbage, and in another seal's name. A message counts as lost when the broker took it and it is
not in the table, as doubled when it is there twice. Every seal is on a movement that ``otay node work`` judges, so a
cut is followed to the alarm of the control room; ``highest`` leaves the judgement out (``--movements`` puts it in).
Broker, listeners, judgement, seals and database share the machine. What the parts reach by themselves:
bench_seal_doors.py.
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
    Process,
    Publisher,
    Seals,
    Sent,
    Store,
    admit,
    make_node,
    paced,
    put_on_the_road,
    verdict,
    wait,
)

POLL_SECONDS = 0.02
_CUTS = "SELECT id, device_id FROM transit_alarm WHERE id > ? AND kind = 'cut'"


# --- what is watched meanwhile ------------------------------------------------------------------------------------


@dataclass
class Watch:
    """Sees when reports and alarms become visible in their tables, and how much memory the processes take."""

    store: Store
    sent: Sent
    processes: list[Process]
    seen: dict[bytes, float] = field(default_factory=dict)
    raised: dict[str, float] = field(default_factory=dict)
    memory: dict[tuple[str, int], list[tuple[float, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        last, alarm, sampled = 0, 0, 0.0
        while not self._stop.wait(POLL_SECONDS):
            rows = self.store.rows("SELECT id, digest FROM transit_report WHERE id > ? AND alarmed", last - 5000)
            now = time.time()
            for number, digest in rows:
                self.seen.setdefault(bytes(digest), now)
                last = max(last, number)
            for number, device in self.store.rows(_CUTS, alarm):
                alarm = max(alarm, number)
                if device in self.sent.cuts:
                    self.raised.setdefault(device, now)
            if now - sampled > 1:
                sampled = now
                for process in self.processes:
                    if process.process:
                        life = self.memory.setdefault((process.words[1], process.process.pid), [])
                        life.append(process.memory_mb())

    def latencies(self) -> list[float]:
        """Seconds from the seal's sending to the report of a cut being in the table."""
        return sorted(self.seen[item] - self.sent.times[item] for item in self.sent.of("alarm") if item in self.seen)

    def to_the_alarm(self) -> list[float]:
        """Seconds from a seal's first word of a cut to the judged alarm."""
        return sorted(self.raised[device] - sent for device, sent in self.sent.cuts.items() if device in self.raised)

    def longest_lives(self) -> dict[str, list[tuple[float, float]]]:
        """Megabytes, once a second, of that process of each kind which lived longest; not its first five seconds."""
        kinds = {kind for kind, _ in self.memory}
        return {kind: max((life for (of, _), life in self.memory.items() if of == kind), key=len)[5:] for kind in kinds}


def killer(listeners: list[Listener], stop: threading.Event, seed: int, kills: list[float]) -> None:
    """SIGKILL at random, and back after a while; the next one when it has listened again for a while."""
    chance = random.Random(seed)
    while not stop.wait(chance.uniform(8, 40)):
        victim = chance.choice(listeners)
        before = victim.starts()
        victim.kill()
        kills.append(time.time())
        stop.wait(chance.uniform(0.1, 3))
        victim.start()
        while victim.starts() == before and not stop.wait(0.2):
            pass


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
    to_the_alarm: list[float]
    memory: dict[str, list[tuple[float, float]]]
    kills: int
    caught_up_s: float
    seconds: float
    counters: tuple[Any, ...]
    unjudged: int
    judged_s: float
    errors: int


def run(
    home: Path,
    database: str | None,
    seals: Seals,
    *,
    rate: float,
    seconds: float,
    listeners: int,
    kill: bool,
    judge: bool,
) -> Run:
    """Send at ``rate`` messages a second and wait until nothing more comes; ``judge``: and until all is judged."""
    store = Store(home, database)
    earlier = store.digests()
    with Mosquitto(home / "broker") as broker:
        running = [Listener(home, "--mqtt", broker.url) for _ in range(listeners)]
        for listener in running:
            listener.start()
        for listener in running:
            wait("a listener", listener.listens)
        workers = [Process(home, "node", "work")] if judge else []
        for worker in workers:
            worker.start()
        time.sleep(1.5)
        publisher = Publisher(broker.port, seals)
        watch = Watch(Store(home, database), publisher.sent, [*running, *workers])
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
        unjudged = store.count("transit_reportmark")
        judged_s = until_judged(store) if judge else 0.0
        watch.stop()
        publisher.close()
        for process in [*running, *workers]:
            process.stop()
    counters = store.rows("SELECT sum(duplicates), sum(flagged) FROM transit_reportingdevice")[0]
    found = verdict(publisher.sent, store, earlier)
    found["left in the journal"] = store.count("transit_reportbatch")
    store.close()
    return Run(
        publisher.sent, found, watch.latencies(), watch.to_the_alarm(), watch.longest_lives(), len(kills), caught_up,
        lasted, counters, unjudged, judged_s, sum(log.read_text().count(" ERROR ") for log in home.glob("*.log")),
    )  # fmt: skip


def until_judged(store: Store, most: float = 300) -> float:
    """Seconds until no report waits for its judgement."""
    begun = time.monotonic()
    while store.count("transit_reportmark") and time.monotonic() - begun < most:
        time.sleep(0.5)
    return time.monotonic() - begun


def until_nothing_is_missing(sent: Sent, store: Store, most: float = 400) -> float:
    """Seconds until all is stored; gives up when nothing has changed for a minute."""
    begun = changed = time.monotonic()
    before = -1
    while time.monotonic() - begun < most:
        missing = verdict(sent, store)["lost"]
        if not missing:
            break
        if missing != before:
            before, changed = missing, time.monotonic()
        elif time.monotonic() - changed > 60:
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
    say("errors in the logs of the processes", done.errors)
    say("left in the journal", done.found["left in the journal"])
    say("duplicates counted, reports flagged", " ".join(map(str, done.counters)))
    say("seconds until all was stored, after the last", f"{done.caught_up_s:.1f}")
    say_latency("report of a cut in the table after it was sent", done.latencies)
    if done.to_the_alarm:
        say("cuts sent, alarms raised for them", f"{len(done.sent.cuts):,} {len(done.to_the_alarm):,}")
        say_latency("judged alarm after the cut was sent", done.to_the_alarm)
        say("reports unjudged at the end, seconds until none", f"{done.unjudged:,} {done.judged_s:.0f}")
    for kind, life in sorted(done.memory.items()):
        if len(life) > 10:
            tenth = max(1, len(life) // 10)
            say(f"memory of the {kind} process that lived longest, s", len(life))
            for index, name in enumerate(("of its own", "pages of files, the database's among them")):
                taken = [sample[index] for sample in life]
                middle = len(taken) // 2
                parts = (taken[:tenth], taken[middle : middle + tenth], taken[-tenth:])
                said = " ".join(f"{statistics.mean(part):.0f}" for part in parts)
                say(f"... MB {name}: begin, middle, end", said)


def say_latency(name: str, seconds: list[float]) -> None:
    if len(seconds) < 2:
        return
    cuts = statistics.quantiles(seconds, n=100, method="inclusive")
    say(f"{name}, p50, ms", f"{cuts[49] * 1000:,.0f}")
    say("... p99, ms (restarts included)", f"{cuts[98] * 1000:,.0f}")
    say("... longest, ms", f"{seconds[-1] * 1000:,.0f}")


def soak(given: argparse.Namespace) -> int:
    """The long run."""
    with node(given.database) as (home, url):
        seals = Seals(given.seals)
        admit(home, seals.names)
        movements = given.seals if given.movements is None else given.movements
        put_on_the_road(home, movements)
        done = run(
            home, url, seals, rate=given.seals / given.every, seconds=given.minutes * 60, listeners=given.listeners,
            kill=given.kill, judge=movements > 0,
        )  # fmt: skip
        show(done, given.database)
    missed = movements >= given.seals and len(done.to_the_alarm) < len(done.sent.cuts)
    return 1 if missed or done.found["lost"] or done.found["doubled"] or done.found["invented"] else 0


def highest(given: argparse.Namespace) -> int:
    """Steps up until the node falls behind, then holds the highest step for the whole time."""
    with node(given.database) as (home, url):
        seals = Seals(given.seals)
        admit(home, seals.names)
        put_on_the_road(home, given.movements or 0)
        common: dict[str, Any] = {"listeners": given.listeners, "kill": False, "judge": bool(given.movements)}
        rate, held = float(given.start), 0.0
        while True:
            done = run(home, url, seals, rate=rate, seconds=given.probe, **common)
            reached = done.sent.acknowledged / done.seconds
            kept_up = done.caught_up_s < 2 and reached > 0.97 * rate and not done.found["lost"]
            say(f"probe at {rate:,.0f}/s: reached, seconds behind", f"{reached:,.0f} {done.caught_up_s:.1f}")
            if not kept_up:
                break
            held, rate = rate, rate * 1.25
        if not held:
            return 1
        while held > 1:
            done = run(home, url, seals, rate=held, seconds=given.minutes * 60, **common)
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
    parser.add_argument("--movements", type=int, help="so many of the seals are on movements; else all of a soak's")
    parser.add_argument("--no-kill", dest="kill", action="store_false")
    parser.add_argument("--start", type=float, default=500, help="highest: first rate")
    parser.add_argument("--probe", type=float, default=20, help="highest: seconds of a step")
    given = parser.parse_args()
    modes: dict[str, Callable[[argparse.Namespace], int]] = {"soak": soak, "highest": highest}
    raise SystemExit(modes[given.mode](given))


if __name__ == "__main__":
    main()
