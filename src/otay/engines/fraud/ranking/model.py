"""The two models of a declaration: how likely an inspection finds fraud, and what duty it would then recover.

LightGBM, kept as its native text in a JSON document with everything else that scoring needs; nothing is unpickled.
Probabilities are calibrated by isotonic regression on predictions for rows that were not fitted.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.fraud.prices import ReferencePrices
from otay.engines.fraud.ranking.features import (
    KEYS,
    Key,
    Known,
    Matrix,
    PriceCodes,
    crossed_features,
    days_of,
    key_features,
    key_texts,
    keys_in,
    log_prices,
    number,
    own_features,
    past_features,
    past_quotes,
    prepared,
)
from otay.engines.fraud.ranking.measures import edges_of, shares_of, stability

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FORMAT = "otay-fraud-model/1"
LEAST_FOUND = 10
MONEY = (0.02, 5.0)
#: what is known of a key only grows and settles: it moves in honest times too
GROWING = (":rate", ":checked", ":lodged", ":gap")


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is fitted. ``threads``: of LightGBM; more than one only on a machine that does nothing else."""

    rounds: int = 300
    leaves: int = 7
    rate: float = 0.03
    features: float = 0.3
    rows: float = 0.8
    shrink: float = 20.0
    folds: int = 3
    seed: int = 7
    threads: int = 1


@dataclass(slots=True)
class Labels:
    """``found``: 1 or 0, -1 where nobody inspected; ``known``: day of the outcome; ``duty`` recovered (NaN unknown)."""

    found: NDArray[np.int8]
    known: Ints
    duty: Floats


@dataclass(slots=True)
class Scores:
    """``probability`` (calibrated), ``raw`` (before it, for ranking), ``duty``: what an inspection would recover."""

    probability: Floats
    raw: Floats
    duty: Floats


@dataclass(slots=True)
class Model:
    """A trained model with all it needs to score, and its card."""

    features: list[str]
    booster: str
    duty_booster: str
    duty_scale: float
    knots: tuple[list[float], list[float]]
    prior: float
    keys: list[str]
    known: dict[str, Known]
    prices: ReferencePrices | None
    codes: PriceCodes
    drift: dict[str, tuple[list[float], list[float]]]
    told_rate: float = 0.0
    money: tuple[float, float] = (1.0, 1.0)
    card: dict[str, Any] = field(default_factory=dict)
    _loaded: dict[str, Any] = field(default_factory=dict, repr=False)

    def score(self, frame: pl.DataFrame) -> Scores:
        """Score declarations (columns as in :mod:`otay.engines.fraud.columns`)."""
        values = self.matrix(frame)
        raw = np.asarray(self._booster("booster").predict(values, raw_score=True, num_threads=1), dtype=np.float64)
        probability = np.interp(raw, *self.knots) if self.knots[0] else 1 / (1 + np.exp(-raw))
        return Scores(probability, raw, self.expected_duty(frame, values, probability))

    def expected_duty(self, frame: pl.DataFrame, values: Floats, probability: Floats) -> Floats:
        """Duty that an inspection would recover, on average. ``values``: the features of ``frame``."""
        if self.duty_booster:
            duty = np.expm1(np.asarray(self._booster("duty_booster").predict(values, num_threads=1))) * self.duty_scale
        else:
            duty = np.full(frame.height, self.duty_scale)
        expected = np.maximum(duty, 0) * probability
        told = told_duty(frame)
        if told is not None:
            # the neighbour's record tells what is missing better than an estimate; and what is large is looked at even
            # where few outcomes make the model unsure: the chance is drawn halfway to that of all such rows
            chance = (probability + self.told_rate) / 2
            expected = np.where(told > 0, told * chance, expected)
        return np.asarray(expected * self.money_scale(told, frame.height), dtype=np.float64)

    def money_scale(self, told: Floats | None, rows: int) -> Floats:
        """What past inspections recovered for each unit of duty expected, where the neighbour told and elsewhere."""
        has_told = np.zeros(rows, bool) if told is None else told > 0
        return np.where(has_told, self.money[0], self.money[1])

    def reasons(self, frame: pl.DataFrame, most: int = 3) -> list[list[tuple[str, float, float]]]:
        """For each row the features that raise its score most: (feature, its value, its share in log odds).

        TreeSHAP; some hundred rows a second, so for selected rows only.
        """
        values = self.matrix(frame)
        shares = np.asarray(self._booster("booster").predict(values, pred_contrib=True, num_threads=1))[:, :-1]
        result = []
        for row, share in enumerate(shares):
            best = np.argsort(-share)[:most]
            result.append(
                [(self.features[at], float(values[row, at]), float(share[at])) for at in best if share[at] > 0]
            )
        return result

    def watch(self, frame: pl.DataFrame) -> dict[str, float]:
        """Population stability index of each feature and of the score against the training rows, largest first."""
        values = self.matrix(frame)
        score = np.asarray(self._booster("booster").predict(values, raw_score=True, num_threads=1))
        columns = {**{name: values[:, at] for at, name in enumerate(self.features)}, "score": score}
        moved = {
            name: stability(np.array(shares), shares_of(columns[name], np.array(edges)))
            for name, (edges, shares) in self.drift.items()
        }
        return dict(sorted(moved.items(), key=lambda item: -item[1]))

    def matrix(self, frame: pl.DataFrame) -> Floats:
        """The features of ``frame``; what it lacks is unknown (NaN)."""
        frame = prepared(frame)
        days = days_of(frame)
        log_price = log_prices(frame)
        matrix = Matrix()
        quotes = self.prices.quote(self.codes.keys(frame)) if self.prices else None
        own_features(matrix, frame, quotes, log_price)
        for key in KEYS:
            if key.name in self.known and all(column in frame.columns for column in key.columns):
                key_features(matrix, key, *self.known[key.name].read(key_texts(frame, key)), days, self.prior)
        found = dict(zip(matrix.names, matrix.columns, strict=True))
        return np.column_stack([found.get(name, np.full(frame.height, np.nan)) for name in self.features])

    def dump(self) -> str:
        """The model as a JSON document with its digest; :meth:`load` reads it."""
        body = {
            "format": FORMAT,
            "features": self.features,
            "booster": self.booster,
            "duty_booster": self.duty_booster,
            "duty_scale": self.duty_scale,
            "knots": self.knots,
            "prior": self.prior,
            "keys": self.keys,
            "known": {name: known.as_record() for name, known in self.known.items()},
            "prices": self.prices.as_record() if self.prices else None,
            "codes": asdict(self.codes),
            "drift": self.drift,
            "told_rate": self.told_rate,
            "money": self.money,
            "card": self.card,
        }
        return json.dumps({**body, "sha256": _digest(body)}, ensure_ascii=False)

    @classmethod
    def load(cls, text: str) -> Model:
        """Read back what :meth:`dump` gave.

        Raises:
            Refused: when it is not a model, is of another version, or was altered.
        """
        body = _checked(text)
        return cls(
            features=body["features"],
            booster=body["booster"],
            duty_booster=body["duty_booster"],
            duty_scale=body["duty_scale"],
            knots=(body["knots"][0], body["knots"][1]),
            prior=body["prior"],
            keys=body["keys"],
            known={name: Known.from_record(one) for name, one in body["known"].items()},
            prices=ReferencePrices.from_record(body["prices"]) if body["prices"] else None,
            codes=PriceCodes(**body["codes"]),
            drift={name: (one[0], one[1]) for name, one in body["drift"].items()},
            told_rate=body["told_rate"],
            money=(body["money"][0], body["money"][1]),
            card=body["card"],
        )

    def _booster(self, name: str) -> Any:
        import lightgbm

        if name not in self._loaded:
            self._loaded[name] = lightgbm.Booster(model_str=getattr(self, name))
        return self._loaded[name]


def _digest(body: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def _checked(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if not isinstance(body, dict) or "format" not in body:
        raise Refused(
            N_("The model cannot be used"),
            findings=[error("", "model.format", N_("This is not a model of Otay"), text[:60],
                            N_("Train one: otay fraud train"))],
        )  # fmt: skip
    if body["format"] != FORMAT:
        raise Refused(
            N_("The model cannot be used"),
            findings=[
                error("/format", "model.version", N_("The model is of another version; this program reads %(format)s"),
                      body["format"], N_("Train it again with this program"), format=FORMAT)
            ],
        )  # fmt: skip
    if body.pop("sha256", None) != _digest(body):
        raise Refused(
            N_("The model cannot be used"),
            findings=[error("/sha256", "model.digest", N_("The model was altered after it was written"), "",
                            N_("Take the file from where it was trained, or train it again"))],
        )  # fmt: skip
    return body


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
    fold_of = _folds(groups[inspected] if groups is not None else None, len(found), recipe)
    outside = _outside(values, found, matrix.directions, fold_of, recipe)
    booster = _fit(values, found, matrix.directions, recipe)
    duty_booster, duty_scale = _fit_duty(values, found, labels.duty[inspected], recipe)
    # the last rows know most: what is scored next resembles them
    recent = values[-max(1000, len(values) // 5) :]
    score = np.asarray(booster.predict(recent, raw_score=True))
    columns = {name: recent[:, at] for at, name in enumerate(matrix.names) if not name.endswith(GROWING)}
    columns["score"] = score
    model = Model(
        features=matrix.names,
        booster=booster.model_to_string(),
        duty_booster=duty_booster,
        duty_scale=duty_scale,
        knots=calibrated(outside, found),
        prior=prior,
        keys=[key.name for key in keys],
        known={key.name: Known.learn(key_texts(frame, key), labels.found, days) for key in keys},
        prices=ReferencePrices.learn(price_keys, log_price) if np.isfinite(log_price).any() else None,
        codes=codes,
        drift={name: (edges_of(one).tolist(), shares_of(one, edges_of(one)).tolist()) for name, one in columns.items()},
        told_rate=_told_rate(frame[np.flatnonzero(inspected)], found),
        card=_card(frame, labels, prior, matrix, recipe, grouped=groups is not None),
    )
    rows = frame[np.flatnonzero(inspected)]
    model.money = _money(model, rows, values, outside, np.nan_to_num(labels.duty[inspected]))
    return model


def told_duty(frame: pl.DataFrame) -> Floats | None:
    """Duty that is missing by the neighbour's record, zero where nothing unexplained differs; None without a mirror."""
    if not {"mirror_duty", "mirror_gap"} <= set(frame.columns):
        return None
    told = np.expm1(np.nan_to_num(number(frame, "mirror_duty")))
    return np.where(np.nan_to_num(number(frame, "mirror_gap")) > 0, told, 0.0)


def _told_rate(frame: pl.DataFrame, found: Any) -> float:
    told = told_duty(frame)
    if told is None or not (told > 0).any():
        return 0.0
    return float((found[told > 0] == 1).mean())


def _money(
    model: Model, frame: pl.DataFrame, values: Floats, outside: Floats, recovered: Floats
) -> tuple[float, float]:
    """Duty recovered over duty expected by scores of models that did not see the rows; (told, elsewhere)."""
    chance = np.interp(outside, *model.knots)
    expected = model.expected_duty(frame, values, chance)
    told = told_duty(frame)
    has_told = np.zeros(len(chance), bool) if told is None else told > 0
    scales = [
        float(np.clip(recovered[mask].sum() / expected[mask].sum(), *MONEY)) if expected[mask].sum() > 0 else 1.0
        for mask in (has_told, ~has_told)
    ]
    return scales[0], scales[1]


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


def _folds(groups: Ints | None, size: int, recipe: Recipe) -> Ints:
    """Folds for calibration: by group, or by blocks of rows in their order of time."""
    if groups is not None:
        return np.random.default_rng(recipe.seed + 1).integers(0, recipe.folds, int(groups.max()) + 1)[groups]
    return np.arange(size) * recipe.folds // max(1, size)


def _settings(count: int, directions: list[int], recipe: Recipe) -> dict[str, Any]:
    return {
        "num_leaves": recipe.leaves,
        "learning_rate": recipe.rate,
        "feature_fraction": recipe.features,
        "bagging_fraction": recipe.rows,
        "bagging_freq": 1,
        "lambda_l2": recipe.shrink,
        "min_child_samples": int(np.clip(count / 200, 10, 200)),
        "monotone_constraints": directions,
        "seed": recipe.seed,
        "deterministic": True,
        "force_row_wise": True,
        "num_threads": recipe.threads,
        "verbose": -1,
    }


def _fit(values: Floats, found: Any, directions: list[int], recipe: Recipe) -> Any:
    import lightgbm

    settings = {"objective": "binary", **_settings(len(found), directions, recipe)}
    return lightgbm.train(settings, lightgbm.Dataset(values, found.astype(float)), recipe.rounds)


def _outside(values: Floats, found: Any, directions: list[int], fold: Ints, recipe: Recipe) -> Floats:
    """Raw scores of rows by models that did not see them."""
    scores = np.zeros(len(found))
    for part in np.unique(fold):
        mine = fold == part
        if (found[~mine] == 1).sum() < 2 or (found[~mine] == 0).sum() < 2:
            continue
        booster = _fit(values[~mine], found[~mine], directions, recipe)
        scores[mine] = booster.predict(values[mine], raw_score=True)
    return scores


def calibrated(raw: Floats, found: NDArray[np.int8]) -> tuple[list[float], list[float]]:
    """Knots from raw score to probability: isotonic regression (pool adjacent violators), drawn in from 0 and 1."""
    from scipy.optimize import isotonic_regression

    order = np.argsort(raw, kind="stable")
    x, y = raw[order], found[order].astype(float)
    fitted = isotonic_regression(y).x
    edges = np.concatenate([[True], np.diff(fitted) > 0])
    start = np.flatnonzero(edges)
    stop = np.append(start[1:], len(x))
    # a pool of a few rows is drawn towards the whole, so that no probability is 0 or 1
    size = stop - start
    level = (fitted[start] * size + y.mean()) / (size + 1)
    middle = np.array([x[one:other].mean() for one, other in zip(start, stop, strict=True)])
    return middle.tolist(), np.maximum.accumulate(level).tolist()


def _fit_duty(values: Floats, found: Any, duty: Floats, recipe: Recipe) -> tuple[str, float]:
    """Booster of log duty among what was found, and the factor that makes its mean right; "" where there is little."""
    known = (found == 1) & np.isfinite(duty) & (duty > 0)
    if not known.any():
        return "", 0.0
    if known.sum() < 60:
        return "", float(duty[known].mean())
    import lightgbm

    settings = {"objective": "regression", **_settings(int(known.sum()), [0] * values.shape[1], recipe)}
    booster = lightgbm.train(
        settings, lightgbm.Dataset(values[known], np.log1p(duty[known])), max(50, recipe.rounds // 2)
    )
    guess = np.expm1(np.asarray(booster.predict(values[known])))
    return booster.model_to_string(), float(duty[known].sum() / max(1e-9, guess.sum()))


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
