"""How long a carrier waits for the answer to an interactive passenger list: real HTTP, a real node, durable SQLite.

    python benchmarks/bench_passenger_answers.py                          50 messages a second for 20 seconds
    python benchmarks/bench_passenger_answers.py --rate 100 --seconds 10 --party 4 --entries 100000

A node of its own (granian, every commit flushed, background loops on) with an invented watchlist; each message is a
PAXLST of --party travellers of a flight, sent on time whether or not earlier ones were answered: the clock starts when
the message was due. Every hundredth traveller is on the list. The peer is the least the same server can do: its health
check, which reads the database and writes nothing, asked for at the same rate.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import SimpleQueue

SURNAMES = ("GARCIA", "HERNANDEZ", "MARTINEZ", "LOPEZ", "GONZALEZ", "PEREZ", "RAMIREZ", "SMITH", "JOHNSON", "MILLER")
GIVEN = ("MARIA", "JOSE", "ANA", "LUIS", "CARLOS", "SOFIA", "JOHN", "EMILY", "DIEGO", "LUCIA", "GRACE", "PABLO")
WARM_UP = 60

Send = Callable[[http.client.HTTPConnection, int], None]


def main() -> int:
    """Print the two distributions and their ratio; exit code 1 when a message was not answered for everybody."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=50, help="messages a second")
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--party", type=int, default=1, help="travellers in a message")
    parser.add_argument("--entries", type=int, default=10_000, help="entries of the watchlist")
    parser.add_argument("--threads", type=int, default=4, help="threads of the node; 4 is what a node has")
    parser.add_argument("--senders", type=int, default=16, help="connections")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as folder:
        home = Path(folder) / "node"
        port = free_port()
        token = prepare(home, port, given.entries)
        command = [sys.executable, "-m", "otay", "node", "serve", "--home", str(home), "--port", str(port)]
        command += ["--threads", str(given.threads)]
        with (Path(folder) / "log").open("wb") as log:
            server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(port, server)
            return measure(port, token, server.pid, given)
        finally:
            server.terminate()
            server.wait(20)


def measure(port: int, token: str, node: int, given: argparse.Namespace) -> int:
    """Both runs, one after the other, after a warm-up that compiles and loads what a node has loaded."""
    seed = random.Random(7)
    total = given.rate * given.seconds
    bodies = [message(seed, number, given.party) for number in range(total + WARM_UP)]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/EDIFACT"}
    short: list[int] = []

    def send(connection: http.client.HTTPConnection, number: int) -> None:
        connection.request("POST", "/api/v1/passengers/messages", bodies[number], headers)
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or body.count(b"\nERC+") != given.party:
            short.append(number)

    def check(connection: http.client.HTTPConnection, number: int) -> None:
        connection.request("GET", "/api/v1/health")
        connection.getresponse().read()

    run(port, send, range(total, total + WARM_UP), 10, given.senders)
    spent, busy = cpu_seconds(), node_seconds(node)
    answered = run(port, send, range(total), given.rate, given.senders)
    spent, busy = cpu_seconds() - spent, node_seconds(node) - busy
    bare = run(port, check, range(min(total, given.rate * 5)), given.rate, given.senders)
    print(f"{given.rate} messages a second of {given.party} traveller(s), {given.entries:,} watchlist entries, "
          f"{total:,} messages; milliseconds")  # fmt: skip
    for name, times in (("answer to a passenger list", answered), ("bare request to the same server", bare)):
        p50, p99 = statistics.median(times), sorted(times)[int(len(times) * 0.99)]
        print(f"{name:<34} p50 {p50:8.1f}   p99 {p99:8.1f}   worst {max(times):8.1f}")
    print(f"the node's processor time: {busy / total * 1000:.1f} ms a message, its background loops included")
    ratio = statistics.median(answered) / statistics.median(bare)
    print(
        f"ratio of the medians {ratio:.1f}; sender's own processor time {spent:.1f} s; not answered whole: {len(short)}"
    )
    return int(bool(short))


def run(port: int, send: Send, numbers: range, rate: int, senders: int) -> list[float]:
    """Milliseconds from when each was due to its answer."""
    connections: SimpleQueue[http.client.HTTPConnection] = SimpleQueue()
    for _sender in range(senders):
        connections.put(http.client.HTTPConnection("127.0.0.1", port, timeout=60))
    times: list[float] = []
    lock = threading.Lock()

    def one(number: int, due: float) -> None:
        connection = connections.get()
        try:
            send(connection, number)
        finally:
            connections.put(connection)
        with lock:
            times.append((time.perf_counter() - due) * 1000)

    begin = time.perf_counter() + 0.05
    with ThreadPoolExecutor(senders) as pool:
        waiting = []
        for place, number in enumerate(numbers):
            due = begin + place / rate
            time.sleep(max(0.0, due - time.perf_counter()))
            waiting.append(pool.submit(one, number, due))
        for future in waiting:
            future.result()
    return times


def message(seed: random.Random, number: int, party: int) -> bytes:
    """An interactive list: one party, one flight."""
    now = datetime.now(UTC)
    flight, leaves = number // 150, now + timedelta(hours=6)
    lines = [
        "UNA:+.? '", f"UNB+UNOA:4+BENCHAIR:ZZ+APIS:ZZ+{now:%y%m%d:%H%M}+B{number:08d}++APIS'",
        f"UNH+1+PAXLST:D:05B:UN:IATA+B{number}'", "BGM+745'", f"TDT+20+OT{flight % 800 + 1}+++OT'",
        "LOC+125+MEX'", f"DTM+189:{leaves:%y%m%d%H%M}:201'", "LOC+87+LAX'",
        f"DTM+232:{leaves + timedelta(hours=4):%y%m%d%H%M}:201'",
    ]  # fmt: skip
    for place in range(party):
        traveller = number * party + place
        surname, given_name = seed.choice(SURNAMES), seed.choice(GIVEN)
        born, paper = f"{seed.randrange(50, 99):02d}{seed.randrange(1, 13):02d}15", f"G{traveller:08d}"
        if traveller % 100 == 99:
            surname, given_name, born, paper = "LISTADO", "PRUEBA", "700115", "L00000001"
        lines += [
            f"NAD+FL+++{surname} {seed.choice(SURNAMES)}:{given_name}'", f"ATT+2++{seed.choice('MF')}'",
            f"DTM+329:{born}'", "LOC+178+MEX'", "LOC+179+LAX'", "NAT+2+MEX'", f"RFF+AVF:B{number:05d}'",
            f"RFF+ABO:B{number:05d}{place:02d}'", f"DOC+P:110:111+{paper}'", "DTM+36:310115'", "LOC+91+MEX'",
        ]  # fmt: skip
    lines += [f"CNT+42:{party}'"]
    lines += [f"UNT+{len(lines) - 1}+1'", f"UNZ+1+B{number:08d}'"]
    return "".join(lines).encode()


def prepare(home: Path, port: int, entries: int) -> str:
    """A node with a watchlist and a carrier; the carrier's token."""
    from otay.node import config

    config.create(home, country="US", name="Benchmark", language="en", url=f"http://127.0.0.1:{port}")
    os.environ["OTAY_HOME"] = str(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"
    import django

    django.setup()
    from otay.node.actors import SYSTEM, Actor, Kind
    from otay.node.installation import migrate
    from otay.node.services import create_client
    from otay.screening.watchlists import services as lists

    migrate()
    lists.open_list(
        actor=SYSTEM, key="bench", title="Invented", category="wanted", source="benchmark", basis="none",
        contact="none", invented=True,
    )  # fmt: skip
    draw = random.Random(11)
    listed = [
        {"key": f"B-{number}", "kind": "person",
         "names": [f"{draw.choice(GIVEN)} {draw.choice(GIVEN)} {_word(draw)} {_word(draw)}"],
         "birth_dates": [f"19{draw.randrange(50, 99)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 28):02d}"]}
        for number in range(entries)
    ]  # fmt: skip
    listed.append({"key": "B-X", "kind": "person", "names": ["PRUEBA LISTADO"], "birth_dates": ["1970-01-15"]})
    proposed = lists.propose_entries(actor=SYSTEM, watchlist="bench", entries=listed, why="benchmark")
    lists.activate(actor=Actor(Kind.SYSTEM, "system:second", "Second"), version=proposed.pk)
    token = create_client(actor=SYSTEM, key="bench", name="Benchmark", role="carrier", party="BENCH", invented=True)
    from django.db import connections

    connections.close_all()
    return token


def _word(draw: random.Random) -> str:
    return "".join(draw.choice("BCDFGLMNPRSTV") + draw.choice("AEIO") for _ in range(draw.randrange(2, 5)))


def cpu_seconds() -> float:
    """Processor time of this process."""
    return time.process_time()


def node_seconds(pid: int) -> float:
    """Processor time of the node and all processes it has begun."""
    parents: dict[int, int] = {}
    seconds: dict[int, float] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:  # it ended meanwhile
            continue
        parents[int(entry.name)] = int(fields[1])
        seconds[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    family = {pid}
    while more := {child for child, parent in parents.items() if parent in family} - family:
        family |= more
    return sum(seconds.get(one, 0.0) for one in family)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    """Until the node answers."""
    for _attempt in range(600):
        if server.poll() is not None:
            raise SystemExit(f"the node ended with {server.returncode}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/api/v1/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise SystemExit("the node did not answer within a minute")


if __name__ == "__main__":
    sys.exit(main())
