"""Which part of the whole finds how much: random, price filter, history, mirror, and all of them together.

    .venv/bin/python benchmarks/bilateral/run.py [PARAMS.json] [--collusion 0 25 50] [--days N] [--seeds N ...]
    .venv/bin/python benchmarks/bilateral/run.py benchmarks/bilateral/drift.json --drift

Books of several years are invented (`otay fraud simulate` writes the same). A share of imports is inspected at random
and its outcome becomes known later; models learn from that alone. The last third is ranked and judged against the
planted truth: precision, recall and duty among the first 1, 2, 5, 10 %, and recall by kind of fraud at 5 %.

`tuning.json` was used while the rankings were made, `reporting.json` only to report (see docs/decisions/0203).
`--drift` plays three years week by week: who is inspected is chosen by the model, and what is learnt comes from that.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from otay.engines.fraud.bilateral.books import Books, write_books
from otay.engines.fraud.bilateral.parameters import KINDS, Parameters, parse
from otay.engines.fraud.mirror.facts import mirror_columns
from otay.engines.fraud.patterns.relabelling import source_columns
from otay.engines.fraud.prices import ReferencePrices
from otay.engines.fraud.ranking.features import PriceCodes, days_of, log_prices, prepared
from otay.engines.fraud.ranking.fitting import Recipe
from otay.engines.fraud.ranking.measures import DEPTHS, at_depths, auc
from otay.engines.fraud.ranking.training import Labels, train
from otay.engines.fraud.values import Rates

HERE = Path(__file__).parent


def neighbour_columns(books: Books) -> pl.DataFrame:
    """What both sides know of each import, in order."""
    from otay.engines.fraud.mirror.comparing import USUAL
    from otay.goods.investigations.book_files import _match_frames

    quotes: dict[str, list[tuple[int, float]]] = {
        "MXN": list(zip(books.rates["date"].cast(pl.Int32).to_list(), books.rates["rate"].to_list(), strict=True))
    }
    numbered = [one.with_row_index("row", offset=1) for one in (books.exports, books.imports)]
    pairs, alone, _ = _match_frames(*numbered, Rates.of("USD", quotes), USUAL)
    facts = mirror_columns(books.imports, pairs, alone)
    return pl.concat([facts.drop("import_id"), source_columns(books.imports, books.sources)], how="horizontal")


def labels_of(books: Books) -> Labels:
    """Outcomes of the random inspections."""
    joined = books.imports.select(pl.col("id").alias("import_id")).join(
        books.outcomes, on="import_id", how="left", maintain_order="left"
    )
    found = joined["found"].fill_null(-1).to_numpy().astype(np.int8)
    known = joined["known"].cast(pl.Int32).cast(pl.Int64).fill_null(0).to_numpy()
    return Labels(found, known, joined["recovered"].fill_null(float("nan")).to_numpy().copy())


def price_filter(imports: pl.DataFrame, fit: Any) -> np.ndarray:
    """How far below its reference each price lies, in robust standard deviations."""
    frame = prepared(imports)
    codes = PriceCodes.learn(frame)
    prices, keys = log_prices(frame), codes.keys(frame)
    from otay.engines.fraud.ranking.features import _part

    learnt = ReferencePrices.learn(_part(keys, fit), prices[fit])
    return -np.nan_to_num(learnt.quote(keys).deviation(prices), nan=0.0)


def rankings(books: Books, recipe: Recipe) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Scores of the last third by each ranking, and which rows those are."""
    imports = books.imports
    day = days_of(imports)
    cut = int(np.quantile(day, 2 / 3))
    test = day >= cut
    labels = labels_of(books)
    labels.found = np.where(labels.known < cut, labels.found, -1).astype(np.int8)
    facts = neighbour_columns(books)
    both = imports.hstack(facts)
    fit = pl.Series(~test)
    known = Labels(labels.found[~test], labels.known[~test], labels.duty[~test])
    scores = {
        "random": np.random.default_rng(1).random(int(test.sum())),
        "price filter": price_filter(imports, ~test)[test],
    }
    history = train(imports.filter(fit), known, recipe).score(imports.filter(~fit))
    whole_model = train(both.filter(fit), known, recipe)
    whole = whole_model.score(both.filter(~fit))
    scores["history"] = history.raw
    scores["mirror"] = facts["mirror_gap"].to_numpy()[test]
    missing = np.nan_to_num(facts["mirror_duty"].fill_null(0.0).to_numpy()[test])
    scores["mirror, by duty"] = np.where(scores["mirror"] > 0, missing, 0) + 1e-6 * scores["mirror"]
    scores["history, by duty"] = history.duty
    scores["whole"] = whole.raw
    scores["whole, by duty"] = whole.duty
    return scores, test


def report(parameters: Parameters, recipe: Recipe) -> dict[str, Any]:
    """One world: every ranking at every depth, and by kind at 5 %."""
    began = time.perf_counter()
    books = write_books(parameters)
    scores, test = rankings(books, recipe)
    truth = books.truth.filter(pl.Series(test))
    found = (truth["kind"] != "").to_numpy().astype(np.int8)
    duty = np.where(found == 1, truth["recoverable"].to_numpy(), 0.0)
    print(
        f"\n{books.imports.height:,} imports, {int(test.sum()):,} ranked, {found.mean():.2%} fraud, "
        f"collusion {parameters.fraud.collusion:.0%}, {books.outcomes.height:,} inspected at random"
    )
    print(f"{'ranking':<17}{'AUC':>6}" + "".join(f"{f'P/R/duty at {depth:.0%}':>22}" for depth in DEPTHS))
    result: dict[str, Any] = {}
    kinds = truth["kind"].to_numpy()
    for name, score in scores.items():
        depths = at_depths(found, score, duty)
        cells = [f"{one.precision:.3f}/{one.recall:.3f}/{one.duty:.3f}" for one in depths]
        result[name] = {"auc": auc(found, score), "depths": [[d.precision, d.recall, d.duty] for d in depths]}
        print(f"{name:<17}{result[name]['auc']:>6.3f}" + "".join(f"{cell:>22}" for cell in cells))
    print(f"{'recall at 5 %':<17}" + "".join(f"{kind:>20}" for kind in KINDS))
    count = int(0.05 * len(found))
    for name, score in scores.items():
        top = np.zeros(len(found), bool)
        top[np.argsort(-score, kind="stable")[:count]] = True
        shares = [top[kinds == kind].mean() if (kinds == kind).any() else float("nan") for kind in KINDS]
        result[name]["kinds"] = dict(zip(KINDS, shares, strict=True))
        print(f"{name:<17}" + "".join(f"{share:>20.3f}" for share in shares))
    print(f"({time.perf_counter() - began:.0f} s)")
    return result


PARTS = {"P": ("history", "mirror", "price filter"), "duty": ("history, by duty", "mirror, by duty", "price filter")}


def spread(collusion: int, worlds: list[dict[str, Any]]) -> None:
    """Mean and standard deviation over worlds, and in how many the whole is at least as good as its best part."""
    print(f"\n{len(worlds)} worlds, collusion {collusion} %: mean +- standard deviation")
    for measure, at, whole in (("P", 0, "whole"), ("duty", 2, "whole, by duty")):
        names = (*PARTS[measure], whole)
        figures = {
            name: np.array([[depth[at] for depth in world[name]["depths"]] for world in worlds]) for name in names
        }
        for name, values in figures.items():
            cells = (f"{mean:.3f} +- {sd:.3f}" for mean, sd in zip(values.mean(0), values.std(0, ddof=1), strict=True))
            print(f"{measure:<5}{name:<17}" + "".join(f"{cell:>18}" for cell in cells))
        best = np.max([figures[name] for name in PARTS[measure]], axis=0)
        wins = (figures[whole] >= best).sum(0)
        print(f"{measure:<5}{'ahead of its best part in':<27}" + "  ".join(f"{one} of {len(worlds)}" for one in wins))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("params", nargs="?", default=str(HERE / "tuning.json"))
    parser.add_argument("--collusion", type=int, nargs="*", default=[25])
    parser.add_argument("--days", type=int)
    parser.add_argument("--per-day", type=float)
    parser.add_argument("--seeds", type=int, nargs="*", help="worlds: each seed makes other traders and records")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--drift", action="store_true")
    parser.add_argument("--json")
    options = parser.parse_args()
    parameters = parse(Path(options.params).read_text(encoding="utf-8"))
    changes = {"days": options.days, "records_per_day": options.per_day}
    parameters = replace(parameters, **{name: value for name, value in changes.items() if value is not None})
    if options.drift:
        from drift import play

        play(parameters, threads=options.threads)
        return
    results: dict[int, list[dict[str, Any]]] = {}
    for collusion in options.collusion:
        one = replace(parameters, fraud=replace(parameters.fraud, collusion=collusion / 100))
        worlds = [replace(one, seed=seed, record_seed=seed + 1) for seed in options.seeds or [one.seed]]
        results[collusion] = [report(world, Recipe(threads=options.threads)) for world in worlds]
        if len(worlds) > 1:
            spread(collusion, results[collusion])
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
