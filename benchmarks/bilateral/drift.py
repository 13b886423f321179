"""Three years, week by week: who is inspected is chosen by the model, and what it learns is what was inspected.

Offices play the same books: one spends all its capacity on what its model ranks highest, the others reserve a share
for the lot. Both begin with half a year of random inspections and learn again every quarter. The mix of frauds turns
after a year (`turn_day`): other kinds, by other cheats, through other brokers. One-sided on purpose: the neighbour's
book would hide what a model forgets.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from otay.engines.fraud.bilateral.books import write_books
from otay.engines.fraud.bilateral.parameters import Parameters
from otay.engines.fraud.ranking.features import days_of
from otay.engines.fraud.ranking.fitting import Recipe
from otay.engines.fraud.ranking.training import Labels, train

CAPACITY = 0.01
QUARTER = 91
START = 182
TURN = {"undervaluation": 0.05, "misclassification": 0.45, "short_declaration": 0.2, "splitting": 0.3}
EARLY = {"undervaluation": 0.9, "transshipment": 0.1}


def play(parameters: Parameters, *, threads: int = 1, shares: tuple[float, ...] = (0.0, 0.1, 0.3)) -> None:
    """Print precision by quarter for each random share, one-sided: the mirror would hide what a model forgets."""
    fraud = replace(parameters.fraud, weights=EARLY, turn_weights=TURN, turn_day=parameters.days // 3, life_days=240)
    books = write_books(replace(parameters, fraud=fraud))
    found = (books.truth["kind"] != "").to_numpy().astype(np.int8)
    print(f"{books.imports.height:,} imports, {found.mean():.2%} fraud; {CAPACITY:.0%} inspected; recall by quarter")
    day = days_of(books.imports)
    day = day - day.min()
    quarters = int(day.max()) // QUARTER
    print(
        f"{'random share':<14}"
        + "".join(f"{f'Q{quarter + 1}':>7}" for quarter in range(quarters))
        + f"{'late mean':>11}"
    )
    for share in shares:
        began = time.perf_counter()
        recalls = _play_one(books.imports, found, day, share, threads)
        late = np.mean(recalls[-4:])
        line = "".join(f"{recall:>7.3f}" for recall in recalls)
        print(f"{share:<14.0%}{line}{late:>11.3f}   ({time.perf_counter() - began:.0f} s)")


def _play_one(imports: pl.DataFrame, found: Any, day: Any, share: float, threads: int) -> list[float]:
    random = np.random.default_rng(5)
    inspected = (day < START) & (random.random(len(day)) < CAPACITY)
    known = day + 21
    recalls = []
    model = None
    base = int(days_of(imports).min())
    for quarter in range(int(day.max()) // QUARTER):
        start = quarter * QUARTER
        now = np.flatnonzero((day >= start) & (day < start + QUARTER))
        if start >= START:
            # the last year only: a model that learns from ever older frauds is slow to forget
            usable = np.flatnonzero((day < start) & (day >= start - 365))
            outcome = np.where(inspected[usable] & (known[usable] < start), found[usable], -1).astype(np.int8)
            labels = Labels(outcome, known[usable] + base, np.full(len(usable), np.nan))
            if min((outcome == 1).sum(), (outcome == 0).sum()) >= 10:
                model = train(imports[usable], labels, Recipe(rounds=150, folds=2, threads=threads))
            if model is None:
                inspected[now] = random.random(len(now)) < CAPACITY
            else:
                _inspect(imports, model, now, day, share, inspected, random)
        hits = found[now][inspected[now]].sum()
        recalls.append(float(hits / max(1, found[now].sum())))
    return recalls


def _inspect(imports: pl.DataFrame, model: Any, now: Any, day: Any, share: float, inspected: Any, random: Any) -> None:
    score = model.score(imports[now]).raw
    for week in np.unique(day[now] // 7):
        rows = now[day[now] // 7 == week]
        count = max(1, int(CAPACITY * len(rows)))
        lot = random.permutation(rows)[: round(share * count)]
        inspected[lot] = True
        ranked = rows[np.argsort(-score[np.isin(now, rows)], kind="stable")]
        rest = [row for row in ranked.tolist() if not inspected[row]][: count - len(lot)]
        inspected[rest] = True
