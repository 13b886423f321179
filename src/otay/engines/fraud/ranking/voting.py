"""The boosters that vote on a declaration, and how their votes become one.

``flat`` knows every feature and nothing beforehand. ``mirror`` starts where the gap that the neighbour's record leaves
puts a row and only corrects it. ``history`` sees nothing of the neighbour: where both sides lie their books agree, and
what past inspections and prices say must not be drowned. Probabilities are averaged, not log odds, so that one vote
that is sure carries a row to the top; half of the weight is the history's. Without a mirror ``flat`` is alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.fraud.ranking.features import Matrix
from otay.engines.fraud.ranking.fitting import Recipe, fit, outside, start_at, start_of

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
WEIGHTS = {"flat": 0.25, "mirror": 0.25, "history": 0.5}
#: The gap itself orders rows well; the trees that correct it stay few.
CORRECTING = 1 / 3
NEIGHBOUR = ("mirror_", "source_")


def is_own(feature: str) -> bool:
    """Whether a feature owes nothing to the neighbour's records."""
    return not feature.startswith(NEIGHBOUR) and not feature.endswith(":mirror")


def mixed(votes: dict[str, Floats]) -> Floats:
    """Log odds of the mean of the votes' probabilities."""
    if len(votes) == 1:
        return next(iter(votes.values()))
    chance = np.sum([WEIGHTS[name] / (1 + np.exp(-odds)) for name, odds in votes.items()], axis=0)
    return np.asarray(np.log(chance / (1 - chance)), dtype=np.float64)


@dataclass(slots=True)
class Votes:
    """Each booster as LightGBM's text, "" where there is none; ``start``: log odds by gap that ``mirror`` begins at."""

    flat: str
    mirror: str = ""
    history: str = ""
    start: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))
    _loaded: dict[str, Any] = field(default_factory=dict, repr=False)

    def odds(self, features: list[str], values: Floats) -> dict[str, Floats]:
        """Log odds that each booster gives to each row."""
        result = {}
        for name in self._names():
            seen = self._seen(name, features, values)
            own = self._booster(name).predict(seen, raw_score=True, num_threads=1)
            first = start_at(features, values, self.start) if name == "mirror" else 0.0
            result[name] = np.asarray(own + first, dtype=np.float64)
        return result

    def raw(self, features: list[str], values: Floats) -> Floats:
        """Log odds of all votes together."""
        return mixed(self.odds(features, values))

    def shares(self, features: list[str], values: Floats) -> Floats:
        """What each feature adds to the log odds (TreeSHAP); a vote counts by how much of the chance comes from it."""
        odds = self.odds(features, values)
        chances = {name: WEIGHTS[name] / (1 + np.exp(-one)) for name, one in odds.items()}
        whole = np.sum(list(chances.values()), axis=0)
        shares = np.zeros(values.shape)
        for name, chance in chances.items():
            own = np.asarray(
                self._booster(name).predict(self._seen(name, features, values), pred_contrib=True, num_threads=1)
            )[:, :-1]
            weight = (chance / whole)[:, None]
            shares[:, self._columns(name, features)] += weight * own
            if name == "mirror":
                first = start_at(features, values, self.start) - self.start[1][0]
                shares[:, features.index("mirror_gap")] += weight[:, 0] * first
        return shares

    def importance(self, features: list[str]) -> dict[str, float]:
        """Gain of each feature in all boosters together."""
        gains = np.zeros(len(features))
        for name in self._names():
            gains[self._columns(name, features)] += self._booster(name).feature_importance("gain")
        return {name: round(float(gain), 1) for name, gain in zip(features, gains, strict=True)}

    def as_record(self) -> dict[str, Any]:
        """Texts and lists, for JSON."""
        return {"flat": self.flat, "mirror": self.mirror, "history": self.history, "start": self.start}

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> Votes:
        """Read back what :meth:`as_record` gave."""
        start = (record["start"][0], record["start"][1])
        return cls(record["flat"], record["mirror"], record["history"], start)

    def _names(self) -> list[str]:
        return [name for name in WEIGHTS if getattr(self, name)]

    def _columns(self, name: str, features: list[str]) -> list[int]:
        return [at for at, feature in enumerate(features) if name != "history" or is_own(feature)]

    def _seen(self, name: str, features: list[str], values: Floats) -> Floats:
        return values if name != "history" else values[:, self._columns(name, features)]

    def _booster(self, name: str) -> Any:
        import lightgbm

        if name not in self._loaded:
            self._loaded[name] = lightgbm.Booster(model_str=getattr(self, name))
        return self._loaded[name]


def fit_votes(
    matrix: Matrix, values: Floats, found: NDArray[np.int8], fold: Ints, recipe: Recipe
) -> tuple[Votes, Floats]:
    """The boosters, and the log odds that ones which did not see a row give to it."""
    nothing = np.zeros(len(found))
    names, directions = matrix.names, matrix.directions
    votes = Votes(fit(values, found, nothing, directions, recipe).model_to_string())
    unseen = {"flat": outside(values, found, nothing, directions, fold, recipe)}
    votes.start = start_of(names, values, found)
    if not votes.start[0]:
        return votes, mixed(unseen)
    few = replace(recipe, rounds=max(20, round(CORRECTING * recipe.rounds)))
    first = start_at(names, values, votes.start)
    votes.mirror = fit(values, found, first, directions, few).model_to_string()
    unseen["mirror"] = outside(values, found, first, directions, fold, few)
    own = [at for at, name in enumerate(names) if is_own(name)]
    own_directions = [directions[at] for at in own]
    votes.history = fit(values[:, own], found, nothing, own_directions, recipe).model_to_string()
    unseen["history"] = outside(values[:, own], found, nothing, own_directions, fold, recipe)
    return votes, mixed(unseen)
