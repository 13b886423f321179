"""The two models of a declaration: how likely an inspection finds fraud, and what duty it would then recover.

LightGBM, kept as its native text in a JSON document with everything else that scoring needs; nothing is unpickled.
Probabilities are calibrated by isotonic regression on predictions for rows that were not fitted.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.engines.fraud.prices import ReferencePrices
from otay.engines.fraud.ranking.documents import opened, sealed
from otay.engines.fraud.ranking.duty import at_stake, estimated, told_duty
from otay.engines.fraud.ranking.features import (
    KEYS,
    Known,
    Matrix,
    PriceCodes,
    days_of,
    key_features,
    key_texts,
    log_prices,
    own_features,
    prepared,
    price_features,
)
from otay.engines.fraud.ranking.measures import shares_of, stability
from otay.engines.fraud.ranking.own_prices import OwnPrices, relation_texts, relations_in
from otay.engines.fraud.ranking.voting import Votes

Floats = NDArray[np.float64]


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
    votes: Votes
    duty_booster: str
    duty_scale: float
    knots: tuple[list[float], list[float]]
    prior: float
    keys: list[str]
    known: dict[str, Known]
    prices: ReferencePrices | None
    own_prices: dict[str, OwnPrices]
    codes: PriceCodes
    drift: dict[str, tuple[list[float], list[float]]]
    stake_share: float = float("nan")
    told_rate: float = 0.0
    money: tuple[float, float] = (1.0, 1.0)
    card: dict[str, Any] = field(default_factory=dict)
    _loaded: Any = field(default=None, repr=False)

    def score(self, frame: pl.DataFrame) -> Scores:
        """Score declarations (columns as in :mod:`otay.engines.fraud.columns`)."""
        values = self.matrix(frame)
        raw = self.raw(values)
        probability = np.interp(raw, *self.knots) if self.knots[0] else 1 / (1 + np.exp(-raw))
        return Scores(probability, raw, self.expected_duty(frame, values, probability))

    def raw(self, values: Floats) -> Floats:
        """Log odds before calibration: all votes together."""
        return self.votes.raw(self.features, values)

    def importance(self) -> dict[str, float]:
        """Gain of each feature in all boosters together."""
        return self.votes.importance(self.features)

    def expected_duty(self, frame: pl.DataFrame, values: Floats, probability: Floats) -> Floats:
        """Duty that an inspection would recover, on average. ``values``: the features of ``frame``."""
        if self.duty_booster:
            duty = np.expm1(np.asarray(self._duty_trees().predict(values, num_threads=1))) * self.duty_scale
        else:
            duty = np.full(frame.height, self.duty_scale)
        duty = estimated(np.maximum(duty, 0), at_stake(frame), self.stake_share, self.features, values)
        expected = duty * probability
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
        shares = self.votes.shares(self.features, values)
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
        score = self.raw(values)
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
        for name, own in self.own_prices.items():
            if name in relations_in(frame):
                price_features(matrix, name, *own.gaps(relation_texts(frame, name), log_price))
        for key in KEYS:
            if key.name in self.known and all(column in frame.columns for column in key.columns):
                key_features(matrix, key, *self.known[key.name].read(key_texts(frame, key)), days, self.prior)
        found = dict(zip(matrix.names, matrix.columns, strict=True))
        return np.column_stack([found.get(name, np.full(frame.height, np.nan)) for name in self.features])

    def dump(self) -> str:
        """The model as a JSON document with its digest; :meth:`load` reads it."""
        body = {
            "features": self.features,
            "votes": self.votes.as_record(),
            "duty_booster": self.duty_booster,
            "duty_scale": self.duty_scale,
            "knots": self.knots,
            "prior": self.prior,
            "keys": self.keys,
            "known": {name: known.as_record() for name, known in self.known.items()},
            "prices": self.prices.as_record() if self.prices else None,
            "own_prices": {name: own.as_record() for name, own in self.own_prices.items()},
            "codes": asdict(self.codes),
            "drift": self.drift,
            "stake_share": None if self.stake_share != self.stake_share else self.stake_share,
            "told_rate": self.told_rate,
            "money": self.money,
            "card": self.card,
        }
        return sealed(body)

    @classmethod
    def load(cls, text: str) -> Model:
        """Read back what :meth:`dump` gave.

        Raises:
            Refused: when it is not a model, is of another version, or was altered.
        """
        body = opened(text)
        return cls(
            features=body["features"],
            votes=Votes.from_record(body["votes"]),
            duty_booster=body["duty_booster"],
            duty_scale=body["duty_scale"],
            knots=(body["knots"][0], body["knots"][1]),
            prior=body["prior"],
            keys=body["keys"],
            known={name: Known.from_record(one) for name, one in body["known"].items()},
            prices=ReferencePrices.from_record(body["prices"]) if body["prices"] else None,
            own_prices={name: OwnPrices.from_record(one) for name, one in body["own_prices"].items()},
            codes=PriceCodes(**body["codes"]),
            drift={name: (one[0], one[1]) for name, one in body["drift"].items()},
            stake_share=float("nan") if body["stake_share"] is None else body["stake_share"],
            told_rate=body["told_rate"],
            money=(body["money"][0], body["money"][1]),
            card=body["card"],
        )

    def _duty_trees(self) -> Any:
        import lightgbm

        if self._loaded is None:
            self._loaded = lightgbm.Booster(model_str=self.duty_booster)
        return self._loaded
