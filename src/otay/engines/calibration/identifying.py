"""What observations say and what they leave to what was believed before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
TOLD = 1.0
"""Information against the prior below which a direction is not identified: the prior says more than the data."""
NAMED = 0.6
"""Parameters with at least this share of the heaviest loading are named in a direction."""


@dataclass(frozen=True, slots=True)
class Direction:
    """A combination of parameters. ``information``: of the data over that of the prior; ``parts``: parameters and signs
    of their loadings, the heaviest first."""

    information: float
    identified: bool
    parts: Sequence[tuple[str, float]]


def directions(jacobian: Floats, prior_error: Floats, names: Sequence[str], without_effect: Floats) -> list[Direction]:
    """Eigenvectors of the data's information in units of the prior, most informed first.

    ``jacobian``: of standardised residuals by parameter, data only. ``prior_error``: standard errors.
    ``without_effect``: a change of parameters that changes nothing by construction; it is left out.
    """
    idle = without_effect / prior_error
    rest = np.linalg.svd(idle[None])[2][1:].T  # orthogonal to it
    scaled = jacobian * prior_error @ rest
    values, turned = np.linalg.eigh(scaled.T @ scaled)
    found = []
    for value, vector in sorted(zip(values.tolist(), (rest @ turned).T, strict=True), key=lambda one: -one[0]):
        heavy = sorted(range(vector.size), key=lambda index: -abs(vector[index]))
        least = NAMED * abs(vector[heavy[0]])
        parts = [(names[index], round(float(vector[index]), 3)) for index in heavy if abs(vector[index]) >= least]
        found.append(Direction(max(0.0, float(value)), value >= TOLD, parts))
    return found


def posterior(jacobian: Floats, prior_error: Floats) -> Floats:
    """Covariance of the parameters: inverse of the information of data and prior (Laplace)."""
    precision = jacobian.T @ jacobian + np.diag(prior_error**-2.0)
    return np.asarray(np.linalg.inv(precision))
