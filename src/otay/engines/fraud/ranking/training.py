"""Training both models of a declaration: what is inspected teaches them, what is not is part of the histories."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.fraud.prices import ReferencePrices
from otay.engines.fraud.ranking.duty import at_stake, money_scales, stake_share, told_duty, told_rate
from otay.engines.fraud.ranking.features import (
    Key,
    Known,
    Matrix,
    PriceCodes,
    crossed_features,
    days_of,
    differing,
    key_texts,
    keys_in,
    log_prices,
    own_features,
    past_features,
    past_quotes,
    prepared,
)
from otay.engines.fraud.ranking.fitting import (
    Recipe,
    calibrated,
    fit_duty,
    folds_of,
)
from otay.engines.fraud.ranking.measures import edges_of, shares_of
from otay.engines.fraud.ranking.model import Model
from otay.engines.fraud.ranking.own_prices import OwnPrices, relation_texts, relations_in
from otay.engines.fraud.ranking.voting import fit_votes

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
LEAST_FOUND = 10
#: what is known of a key only grows and settles: it moves in honest times too
GROWING = (":rate", ":checked", ":lodged", ":gap", ":mirror", "_price", "_price_sample")


@dataclass(slots=True)
class Labels:
    """``found``: 1 or 0, -1 where nobody inspected; ``known``: day of the outcome; ``duty`` recovered (NaN unknown)."""

    found: NDArray[np.int8]
    known: Ints
    duty: Floats


def train(frame: pl.DataFrame, labels: Labels, recipe: Recipe | None = None, *, groups: Ints | None = None) -> Model:
    """Fit both models on the inspected rows of ``frame``.

    ``groups``: rows of one group never inform one another's histories; without it histories follow time.

    Raises:
        Refused: when there are too few outcomes of either kind to learn from.
    """
    recipe = recipe or Recipe()
    _enough(labels)
    order = np.argsort(days_of(frame), kind="stable")
    frame = prepared(frame[order])
    labels = Labels(labels.found[order], labels.known[order], labels.duty[order])
    groups = groups[order] if groups is not None else None
    days = days_of(frame)
    keys = keys_in(frame)
    prior = float((labels.found == 1).sum() / (labels.found >= 0).sum())
    codes = PriceCodes.learn(frame)
    price_keys, log_price = codes.keys(frame), log_prices(frame)
    matrix = training_matrix(frame, labels, keys, days, groups, prior, codes, recipe)
    inspected = labels.found >= 0
    values, found = matrix.values[inspected], labels.found[inspected]
    fold = folds_of(groups[inspected] if groups is not None else None, len(found), recipe)
    differs = differing(frame)
    votes, unseen = fit_votes(matrix, values, found, fold, recipe)
    duty_booster, duty_scale = fit_duty(values, found, labels.duty[inspected], recipe)
    # the last rows know most: what is scored next resembles them
    recent = values[-max(1000, len(values) // 5) :]
    columns = {name: recent[:, at] for at, name in enumerate(matrix.names) if not name.endswith(GROWING)}
    rows = frame[np.flatnonzero(inspected)]
    model = Model(
        features=matrix.names,
        votes=votes,
        duty_booster=duty_booster,
        duty_scale=duty_scale,
        knots=calibrated(unseen, found),
        prior=prior,
        keys=[key.name for key in keys],
        known={key.name: Known.learn(key_texts(frame, key), labels.found, days, differs) for key in keys},
        prices=ReferencePrices.learn(price_keys, log_price) if np.isfinite(log_price).any() else None,
        own_prices={name: OwnPrices.learn(relation_texts(frame, name), log_price) for name in relations_in(frame)},
        codes=codes,
        drift={},
        stake_share=stake_share(at_stake(rows), found, labels.duty[inspected]),
        told_rate=told_rate(rows, found),
        card=_card(frame, labels, prior, matrix, recipe, grouped=groups is not None),
    )
    columns["score"] = model.raw(recent)
    model.drift = {
        name: (edges_of(one).tolist(), shares_of(one, edges_of(one)).tolist()) for name, one in columns.items()
    }
    expected = model.expected_duty(rows, values, np.interp(unseen, *model.knots))
    model.money = money_scales(expected, told_duty(rows), np.nan_to_num(labels.duty[inspected]))
    return model


def training_matrix(
    frame: pl.DataFrame, labels: Labels, keys: list[Key], days: Ints, groups: Ints | None, prior: float,
    codes: PriceCodes, recipe: Recipe,
) -> Matrix:  # fmt: skip
    """Features of rows sorted by day, each with what it may know."""
    matrix = Matrix()
    log_price = log_prices(frame)
    quotes = past_quotes(codes.keys(frame), log_price, days) if np.isfinite(log_price).any() else None
    own_features(matrix, frame, quotes, log_price)
    if groups is None:
        past_features(matrix, frame, keys, labels.found, labels.known, days, prior)
    else:
        fold = np.random.default_rng(recipe.seed).integers(0, 5, int(groups.max()) + 1)[groups]
        crossed_features(matrix, frame, keys, labels.found, days, fold, prior)
    return matrix


def _enough(labels: Labels) -> None:
    found, honest = int((labels.found == 1).sum()), int((labels.found == 0).sum())
    if min(found, honest) < LEAST_FOUND:
        raise Refused(
            N_("The model cannot be trained"),
            findings=[
                error(
                    "/found",
                    "model.too_few",
                    N_("There are %(found)s inspections with and %(honest)s without a finding; each needs %(least)s"),
                    found,
                    N_("Give more declarations, or name the column of outcomes with --label"),
                    found=found,
                    honest=honest,
                    least=LEAST_FOUND,
                )
            ],
        )


def _card(
    frame: pl.DataFrame, labels: Labels, prior: float, matrix: Matrix, recipe: Recipe, *, grouped: bool
) -> dict[str, Any]:
    dated = frame["date"].drop_nulls() if "date" in frame.columns else pl.Series([], dtype=pl.Date)
    return {
        "rows": frame.height,
        "inspected": int((labels.found >= 0).sum()),
        "found": int((labels.found == 1).sum()),
        "base_rate": round(prior, 5),
        "from": str(dated.min()) if len(dated) else "",
        "until": str(dated.max()) if len(dated) else "",
        "histories": "groups" if grouped else "time",
        "features": len(matrix.names),
        "recipe": asdict(recipe),
    }
