"""Server time of the pages, in process: middleware, queries and templates, without the network.

    python benchmarks/bench_pages.py                      plays a small border first (a minute or two)
    python benchmarks/bench_pages.py --home demo/us       on a demo node that stands; it may be running

Every page that a supervisor or an administrator reaches, asked for --times times after one unmeasured visit. Wall and
processor time, because a shared machine is never quiet. Looks at people's data go to the audit log of the node.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

LIMIT_MS = 100


def main() -> int:
    """Print one line a page; exit code 1 when a page's median processor time is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="folder of a demo node")
    parser.add_argument("--times", type=int, default=40)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        return measure(given.home or played(Path(made)), given.times)


def played(base: Path) -> Path:
    """A node after six hours of a third of the real traffic."""
    command = [sys.executable, "-m", "otay", "demo", "--days", "0.25", "--share", "0.3", "--speed", "max", "--headless"]
    subprocess.run([*command, "--home", str(base), "--port", "8790"], check=True, stdout=subprocess.DEVNULL)
    return base / "us"


def measure(home: Path, times: int) -> int:
    """Visit every page of the node in ``home``."""
    os.environ["OTAY_HOME"] = str(home.resolve())
    os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"
    import django

    django.setup()
    from otay.goods.declarations.models import Declaration

    print(f"{Declaration.objects.count():,} declarations; milliseconds   wall p50   p95   processor p50   p95")
    worst = 0.0
    for role, addresses in pages().items():
        client = signed_in(role)
        for address in addresses:
            walls, processor = visit(client, address, times)
            worst = max(worst, statistics.median(processor))
            figures = [statistics.median(walls), percentile(walls), statistics.median(processor), percentile(processor)]
            print(f"{role:<14} {address[:52]:<52}", *(f"{figure:8.1f}" for figure in figures), flush=True)
    return int(worst > LIMIT_MS)


def visit(client: Any, address: str, times: int) -> tuple[list[float], list[float]]:
    """Milliseconds of wall and processor time of each visit."""
    walls, processor = [], []
    for turn in range(times + 1):
        wall, spent = time.perf_counter(), time.process_time()
        answer = client.get(address)
        spent, wall = time.process_time() - spent, time.perf_counter() - wall
        if answer.status_code != 200:
            raise SystemExit(f"{address} answered {answer.status_code}")
        if turn:
            walls.append(wall * 1000)
            processor.append(spent * 1000)
    return walls, processor


def percentile(values: list[float], share: float = 0.95) -> float:
    """The value under which ``share`` of the values lie."""
    return sorted(values)[min(int(len(values) * share), len(values) - 1)]


def signed_in(role: str) -> Any:
    """A browser without a network, in the session of the demo's person of ``role``."""
    from django.conf import settings
    from django.test import Client
    from django.utils.timezone import now

    from otay.node.models import User

    person = User.objects.filter(role_assignments__role=role, invented=True).order_by("pk")[0]
    client = Client(HTTP_HOST=settings.ALLOWED_HOSTS[0])
    client.force_login(person, backend=settings.AUTHENTICATION_BACKENDS[0])
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": now().timestamp()}]
    session.save()
    return client


def pages() -> dict[str, list[str]]:
    """Addresses by the role that visits them."""
    from django.urls import reverse

    from otay.exchange.models import Outbox
    from otay.goods.declarations.models import Declaration
    from otay.intake.models import StoredMessage

    row = Declaration.objects.filter(port="2506", lane__in=["red", "yellow"]).order_by("-pk").first()
    row = row or Declaration.objects.filter(port="2506").order_by("-pk")[0]
    sent = Outbox.objects.select_related("peer").filter(business_key=row.number)[0]
    names = [
        "home", "live", "places:ports", "declarations:list", "declarations:queues", "declarations:booth",
        "screening:rules", "exchange:console", "exchange:agreements", "exchange:sent", "exchange:received",
        "plan:plan", "plan:statement", "intake:log",
    ]  # fmt: skip
    return {
        "supervisor": [
            *map(reverse, names),
            reverse("declarations:booth") + f"?port=2506&q={row.number}",
            reverse("declarations:declaration", args=[row.number]),
            reverse("places:port", args=["2506"]),
            reverse("plan:point", args=[17]),
            reverse("exchange:record", args=["out", sent.peer.country, sent.sequence]),
            reverse("intake:message", args=[StoredMessage.objects.order_by("-pk")[0].pk]),
        ],
        "administrator": [reverse(name) for name in ("node:people", "node:clients", "node:jobs")],
        "auditor": [reverse("node:audit"), reverse("node:audit") + "?action=declarations.*"],
        "trader": [reverse("declarations:list"), reverse("declarations:lodge")],
    }


if __name__ == "__main__":
    sys.exit(main())
