"""Measures, features, the model file, and judgements that see through copied outcomes."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.fraud import small_books
from otay.core.errors import Refused
from otay.engines.fraud.ranking.fitting import Recipe, calibrated
from otay.engines.fraud.ranking.judging import copies, disjoint, judge_model, later
from otay.engines.fraud.ranking.measures import at_depths, auc, duel, edges_of, shares_of, stability
from otay.engines.fraud.ranking.model import Model
from otay.engines.fraud.ranking.reasons import reason
from otay.engines.fraud.ranking.training import Labels, train

QUICK = Recipe(rounds=20, folds=2)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 4)), min_size=1, max_size=30))
def test_auc_is_the_chance_that_a_fraud_ranks_above(rows: list[tuple[int, int]]) -> None:
    found, score = np.array([row[0] for row in rows], np.int8), np.array([row[1] for row in rows], float)
    pairs = [(a > b) + 0.5 * (a == b) for a in score[found == 1] for b in score[found == 0]]
    got = auc(found, score)
    assert np.isnan(got) if not pairs else got == pytest.approx(np.mean(pairs))


def test_depths_count_what_is_found_and_its_duty() -> None:
    found = np.array([1, 0, 1, 0, 0, 0, 0, 0, 0, 0], np.int8)
    depth = at_depths(found, np.arange(10.0)[::-1], np.array([8.0, 0, 2, 0, 0, 0, 0, 0, 0, 0]), (0.1, 0.3))
    assert [(one.count, one.precision, one.recall, one.duty) for one in depth] == [
        (1, 1.0, 0.5, 0.8),
        (3, pytest.approx(2 / 3), 1.0, 1.0),
    ]


def test_stability_tells_a_population_that_moved() -> None:
    random = np.random.default_rng(1)
    base = random.normal(0, 1, 5000)
    edges = edges_of(base)
    assert stability(shares_of(base, edges), shares_of(random.normal(0, 1, 5000), edges)) < 0.02
    assert stability(shares_of(base, edges), shares_of(random.normal(1, 1, 5000), edges)) > 0.25
    assert stability(shares_of(base, edges), shares_of(np.full(5000, np.nan), edges)) > 1


def test_a_challenger_is_better_only_beyond_chance() -> None:
    random = np.random.default_rng(2)
    found = (random.random(4000) < 0.1).astype(np.int8)
    good, bad = found + random.normal(0, 0.4, 4000), random.normal(0, 1, 4000)
    assert duel(found, bad, good).better
    assert not duel(found, good, bad).better
    assert not duel(found, good, good).better


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(-5, 5), st.integers(0, 1)), min_size=2, max_size=50))
def test_calibration_rises_and_stays_between_0_and_1(rows: list[tuple[float, int]]) -> None:
    raw, found = np.array([row[0] for row in rows]), np.array([row[1] for row in rows], np.int8)
    places, levels = calibrated(raw, found)
    assert levels == sorted(levels)
    assert all(0 <= one <= 1 for one in levels)
    assert places == sorted(places)


@pytest.fixture(scope="module")
def table() -> tuple[pl.DataFrame, Labels]:
    books = small_books(per_day=40, days=150)
    joined = books.imports.join(books.outcomes, left_on="id", right_on="import_id", how="left", maintain_order="left")
    labels = Labels(
        joined["found"].fill_null(-1).to_numpy().astype(np.int8),
        joined["known"].cast(pl.Int32).cast(pl.Int64).fill_null(0).to_numpy(),
        joined["recovered"].fill_null(float("nan")).to_numpy(),
    )
    return books.imports, labels


@pytest.fixture(scope="module")
def model(table: tuple[pl.DataFrame, Labels]) -> Model:
    return train(*table, QUICK)


def test_a_model_survives_its_file_and_gives_reasons(table: tuple[pl.DataFrame, Labels], model: Model) -> None:
    frame, _labels = table
    again = Model.load(model.dump())
    scores, same = model.score(frame), again.score(frame)
    assert np.array_equal(scores.raw, same.raw)
    assert np.array_equal(scores.probability, same.probability)
    assert np.array_equal(scores.duty, same.duty)
    assert ((scores.probability > 0) & (scores.probability < 1)).all()
    (reasons,) = again.reasons(frame[[int(np.argmax(scores.raw))]])
    assert reasons
    for one in reasons:
        assert "%(" not in reason(*one).text("en") + reason(*one).text("es")
    assert again.score(frame.drop("declarant", "value")).raw.shape == (frame.height,)


def test_a_higher_past_rate_never_lowers_the_score(table: tuple[pl.DataFrame, Labels], model: Model) -> None:
    values = model.matrix(table[0][:300])
    at = model.features.index("importer:rate")
    booster = model.votes._booster("flat")
    raised = values.copy()
    raised[:, at] = np.minimum(raised[:, at] + 0.3, 1)
    assert (booster.predict(raised, raw_score=True) >= booster.predict(values, raw_score=True) - 1e-12).all()


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (lambda text: text[:40], "model.format"),
        (lambda text: f"[{text}]", "model.format"),
        (lambda text: text.replace("otay-fraud-model/4", "otay-fraud-model/9"), "model.version"),
        (lambda text: json.dumps({**json.loads(text), "prior": 0.9}), "model.digest"),
    ],
)
def test_a_model_of_another_version_or_altered_is_refused(model: Model, change: object, rule: str) -> None:
    with pytest.raises(Refused) as refused:
        Model.load(change(model.dump()))  # type: ignore[operator]
    assert [finding.rule for finding in refused.value.findings] == [rule]


def test_too_few_outcomes_are_refused_with_their_number(table: tuple[pl.DataFrame, Labels]) -> None:
    frame, labels = table
    labels = Labels(np.where(labels.found == 1, -1, labels.found).astype(np.int8), labels.known, labels.duty)
    with pytest.raises(Refused) as refused:
        train(frame, labels, QUICK)
    assert refused.value.findings[0].params["found"] == 0


def copied_file() -> tuple[pl.DataFrame, Labels]:
    """A file whose outcomes were copied along with the goods, and tell nothing of goods that are new."""
    random = np.random.default_rng(4)
    goods = random.integers(0, 300, 3000)
    outcome = (random.random(300) < 0.3).astype(np.int8)[goods]
    frame = pl.DataFrame(
        {
            "date": (19_000 + np.sort(random.integers(0, 200, 3000))).astype("datetime64[D]"),
            "hs": (840_000 + goods % 7).astype(str),
            "origin": np.array(["CN", "MX", "DE"])[goods % 3],
            "net_mass": goods * 1.5 + 10,
            "importer": random.integers(0, 200, 3000).astype(str),
        }
    )
    return frame, Labels(outcome, np.arange(3000) * 0 + 19_000 + 400, np.full(3000, np.nan))


def test_copied_outcomes_are_seen_through() -> None:
    frame, labels = copied_file()
    found = copies(frame, labels)
    assert found is not None
    assert found.suspect
    assert found.lookup > 0.99
    figures = disjoint(frame, labels, ["hs", "origin", "net_mass"], QUICK)
    assert 0.35 < figures.auc < 0.65


def test_honest_files_are_not_suspected(table: tuple[pl.DataFrame, Labels]) -> None:
    found = copies(*table)
    assert found is None or not found.suspect


def test_a_later_judgement_knows_no_later_outcome(table: tuple[pl.DataFrame, Labels]) -> None:
    frame, labels = table
    figures, scores, rows = later(frame, labels, QUICK)
    # outcomes of judged rows do not move their scores
    turned = Labels(labels.found.copy(), labels.known, labels.duty)
    inspected = rows[turned.found[rows] >= 0]
    turned.found[inspected] = 1 - turned.found[inspected]
    again, same_scores, _ = later(frame, turned, QUICK)
    assert np.array_equal(scores, same_scores)
    assert again.auc == pytest.approx(1 - figures.auc)


def test_rows_nobody_inspected_are_not_judged(table: tuple[pl.DataFrame, Labels], model: Model) -> None:
    frame, labels = table
    figures = judge_model(model, frame, labels)
    assert figures["all"].rows == int((labels.found >= 0).sum())
