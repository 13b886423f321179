"""What each trait of a comparison takes from the score."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.traits import TRAITS, Trait

_PEOPLE = {
    Trait.UNLIKE: 0.75,
    Trait.UNLIKE_MOST: 0.25,
    Trait.CONFLICT_GIVEN: 0.4,
    Trait.CONFLICT_PATERNAL: 0.5,
    Trait.CONFLICT_MATERNAL: 0.36,
    Trait.CONFLICT_OPEN: 0.4,
    Trait.DROPPED_GIVEN: 0.05,
    Trait.DROPPED_PATERNAL: 0.32,
    Trait.DROPPED_MATERNAL: 0.04,
    Trait.DROPPED_OPEN: 0.08,
    Trait.CROSSED_SURNAMES: 0.34,
    Trait.CROSSED_GIVEN: 0.06,
    Trait.INITIALS: 0.08,
    Trait.CONFLICT_NUMBER: 0.2,
    Trait.SHORT_DOUBT: 0.2,
    Trait.NO_GIVEN: 0.35,
    Trait.REORDERED: 0.32,
}
_ORGANISATIONS = _PEOPLE | {
    Trait.UNLIKE: 0.8,
    Trait.CONFLICT_OPEN: 0.4,
    Trait.DROPPED_OPEN: 0.32,
    Trait.CONFLICT_NUMBER: 0.2,
}


def _vector(table: dict[Trait, float]) -> NDArray[np.float32]:
    vector = np.zeros(TRAITS, np.float32)
    for trait, value in table.items():
        vector[trait] = value
    return vector


_VECTORS = {False: _vector(_PEOPLE), True: _vector(_ORGANISATIONS)}


def penalties(*, organisation: bool) -> NDArray[np.float32]:
    """Penalties in the order of :class:`Trait`."""
    return _VECTORS[organisation]


def _least(weights: NDArray[np.float32]) -> NDArray[np.float32]:
    """The least that a word left over costs: given, paternal, maternal, open; last, no given name at all."""
    conflict = weights[Trait.CONFLICT_OPEN]
    return np.array(
        [
            min(weights[Trait.CONFLICT_GIVEN], conflict, weights[Trait.DROPPED_GIVEN]),
            min(weights[Trait.CONFLICT_PATERNAL], conflict, weights[Trait.DROPPED_PATERNAL]),
            min(weights[Trait.CONFLICT_MATERNAL], conflict, weights[Trait.DROPPED_MATERNAL]),
            min(conflict, weights[Trait.DROPPED_OPEN]),
            min(weights[Trait.CONFLICT_GIVEN], conflict, weights[Trait.NO_GIVEN]),
        ],
        np.float32,
    )


WEIGHTS = np.stack([_VECTORS[False], _VECTORS[True]])  # people, organisations
LEAST = np.stack([_least(_VECTORS[False]), _least(_VECTORS[True])])
