"""How fast screening is: rule evaluations a second, lots a second, and whole assessments into the database.

    python benchmarks/bench_screening.py            engines alone
    OTAY_HOME=node python benchmarks/bench_screening.py --database     also assess() on that node, rolled back

One process, one core; figures of one run can be compared with one another, not with those of another machine.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otay.web.settings")
COUNT = 20_000


def rate(name: str, count: int, work: Callable[[], object]) -> None:
    """Print the best of three, by processor time: other work on the machine does not count."""
    best = min(_seconds(work) for _ in range(3))
    print(f"{name:<52} {count / best:>12,.0f} /s   {best / count * 1e6:>8.1f} us each")


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def engines() -> None:
    """The shipped table over invented traffic, then the lot."""
    from factories.screening import declaration_facts
    from otay.engines.rules import compile_rules, evaluate
    from otay.engines.selection import choose
    from otay.screening.defaults import default_tables
    from otay.screening.domain import facts_digest, policy_of, rule_of
    from otay.screening.registry import fact_sets

    raw = default_tables()[0]
    table = compile_rules([rule_of(one, 1) for one in raw["rules"]], fact_sets[raw["kind"]].types)
    policy = policy_of(raw["policy"])
    chance = random.Random(1)
    traffic = [declaration_facts(chance) for _ in range(COUNT)]
    rate(f"evaluate, {len(raw['rules'])} rules", COUNT, lambda: [evaluate(table, facts) for facts in traffic])
    rate(
        "choose a lane, with the lot",
        COUNT,
        lambda: [choose(policy, b"s", key=str(n), score=n % 99) for n in range(COUNT)],
    )
    rate("digest of the facts", COUNT, lambda: [facts_digest(facts) for facts in traffic])


def database(batch: int = 500) -> None:
    """assess() with its rows and audit, in batches, rolled back at the end."""
    from django.db import transaction

    from factories.screening import declaration_facts
    from otay.node.actors import SYSTEM
    from otay.screening.domain import Subject
    from otay.screening.services import assess

    chance = random.Random(1)
    subjects = [Subject(f"bench:{n}", "goods.declaration", "2501", declaration_facts(chance)) for n in range(5_000)]

    def work() -> None:
        with transaction.atomic():
            for start in range(0, len(subjects), batch):
                assess(actor=SYSTEM, subjects=subjects[start : start + batch])
            transaction.set_rollback(True)

    rate(f"assess and audit, batches of {batch}", len(subjects), work)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", action="store_true", help="also assess() on the node in OTAY_HOME, rolled back")
    options = parser.parse_args()

    import django

    django.setup()
    engines()
    if options.database:
        database()
