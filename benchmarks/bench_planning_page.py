"""A person plays a scenario on the page: seconds from the click to figures; one port, one month, 20 replications.

    python benchmarks/bench_planning_page.py [PORT ...]

On a node of its own (SQLite, in a scratch folder), through Django's test client: the request that starts the run, which
waits for the first figures, and the page that shows them. The engine is warm, as the page that was open before has made
it. Beside it the same run by `otay.engines.queueing.simulate` in one call: no pages, storage or process between.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 3
REPLICATIONS = 20


def main() -> None:
    """Print seconds by port."""
    with tempfile.TemporaryDirectory(prefix="otay-bench-") as home:
        from otay.node import config

        config.create(Path(home), country="US", name="Bench", language="en", url="http://testserver")
        os.environ |= {"OTAY_HOME": home, "DJANGO_SETTINGS_MODULE": "otay.web.settings"}
        import django

        django.setup()
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        for port in sys.argv[1:] or ["2504", "2304", "2506"]:
            _measure(port)
        from otay.infrastructure.planning import engine_client

        engine_client.end_all()


def _measure(port: str) -> None:
    from django.test import Client

    from otay.engines.queueing.reading import make_scenario
    from otay.engines.queueing.simulation import simulate
    from otay.infrastructure.planning import engine_client, services
    from otay.infrastructure.planning.building import default_scenario
    from otay.infrastructure.planning.models import SimulationRun
    from otay.node.accounts import actor_of_user
    from otay.node.models import User

    user = User.objects.first() or _planner()
    browser = Client()
    browser.force_login(user, backend="otay.node.backends.NodeBackend")
    body = services.of_month(default_scenario(port, "2023-07", 31), 31)
    engine_client.ask("warm", {}, lambda _told: None)
    seconds = []
    for seed in range(ROUNDS):
        made = services.create_scenario(
            actor=actor_of_user(user), port=port, title="Bench", body=body | {"seed": port_seed(port, seed)}
        )
        began = time.perf_counter()
        path = f"/planning/scenarios/{made.scenario.number}/v1/run/"
        answer = browser.post(path, {"replications": REPLICATIONS})
        shown = browser.get(answer["Location"])
        seconds.append(time.perf_counter() - began)
        if shown.status_code != 200 or b"Mean wait" not in shown.content:
            sys.exit(f"{port}: no figures within {seconds[-1]:.1f} s (status {shown.status_code})")
        while not SimulationRun.objects.filter(version=made, finished_at__isnull=False).exists():
            time.sleep(0.1)
    scenario = make_scenario(body)
    simulate(scenario, 2, band=False)
    began = time.perf_counter()
    result = simulate(scenario, REPLICATIONS, band=False)
    alone = time.perf_counter() - began
    vehicles = result.groups["total"]["arrivals"].mean
    page = median(seconds)
    told = f"page {page:.2f} s, engine alone {alone:.2f} s ({page / alone:.2f}x)"
    print(f"{port}: {vehicles:,.0f} a month x {REPLICATIONS}: {told}")


def _planner() -> Any:
    """An invented person who plans, with the second factor that the role asks for."""
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    from otay.node.actors import SYSTEM
    from otay.node.services import create_person

    given = {"username": "bench", "name": "Bench", "password": "a-bench-of-its-own"}
    user = create_person(actor=SYSTEM, roles=[("planner", "*")], invented=True, **given)
    TOTP.activate(user, generate_totp_secret())
    return user


def port_seed(port: str, seed: int) -> int:
    """A seed of its own for each run, so that no run is the answer to another."""
    return int(port) * 100 + seed


if __name__ == "__main__":
    main()
