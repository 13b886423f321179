"""How much speaks for two records being of the same goods: log-likelihood ratios, added up.

After Fellegi and Sunter (1969): agreement on an element weighs the more the rarer its value is in the book;
disagreement weighs by how often honest records of the same goods disagree. Elements that tell the same thing twice
(container and seal; both parties and the goods they always trade) are not counted twice. What fraud falsifies (value,
goods, origin) weighs little against a pair, else the pairs that matter would be missed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel
from otay.engines.fraud.mirror.comparing import NO_DAY
from otay.engines.fraud.mirror.records import Book
from otay.engines.fraud.values import Basis

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

DOCUMENTS = ("reference", "invoice", "transport_document")
CONVEYANCE = ("vehicle", "container", "seal")
PARTIES = ("exporter", "importer")
FIELDS = (*DOCUMENTS, *CONVEYANCE, *PARTIES, "origin")
#: share of honest pairs that agree, and the weight of a disagreement
AGREE = np.array([0.95, 0.9, 0.9, 0.85, 0.95, 0.9, 0.95, 0.95, 0.95])
DISAGREE = np.array([-1.0, -1.0, -1.0, -1.5, -2.5, -1.5, -2.5, -2.5, -0.5])
#: a number that only these two records bear is no coincidence, however long the book
IDENTIFIER = 3.0
LEAST = 7.0
_GOODS = 6


@kernel
def _step(apart: float, kind: int) -> float:
    """Weight of a difference of logarithms: of masses (0), quantities (1), values (2)."""
    if kind == 0:
        edges = (0.002, 0.01, 0.03, 0.1, 0.3, 1.0)
        weights = (5.0, 4.0, 2.8, 0.5, -1.5, -3.0, -4.0)
    elif kind == 1:
        edges = (0.001, 0.01, 0.03, 0.1, 0.3, 1.0)
        weights = (3.5, 3.0, 2.0, 0.3, -1.0, -2.0, -2.5)
    else:
        edges = (0.01, 0.06, 0.12, 0.3, 1.0, 2.0)
        weights = (3.5, 2.5, 1.0, -0.3, -1.0, -1.8, -2.2)
    for at in range(6):
        if apart <= edges[at]:
            return weights[at]
    return weights[6]


@kernel
def _date(days: float) -> float:
    """Weight of the days from export to import."""
    if days < -5:
        return -4.0
    if days < -2:
        return -2.0
    if days < 0:
        return 0.8
    if days <= 3:
        return 2.2
    if days <= 7:
        return 1.6
    if days <= 14:
        return 0.6
    if days <= 30:
        return -0.8
    if days <= 60:
        return -2.0
    return -4.0


@kernel
def score_pairs(  # noqa: C901  one loop, so that numba keeps it in registers

    left: Any, right: Any, codes_left: Any, codes_right: Any, weights: Any, disagree: Any, hs_left: Any, hs_right: Any,
    hs_weight: Any, relation: Any, measures_left: Any, measures_right: Any, dimension_left: Any, dimension_right: Any,
    day_left: Any, day_right: Any, no_day: int, out: Any,
) -> None:  # fmt: skip
    """The evidence of each pair, in nats. ``weights`` (field x import): of agreement on that import's value."""
    for pair in range(len(left)):
        e, i = left[pair], right[pair]
        total = 0.0
        # two groups of three fields that tell the same: the best counts in full, the others a third
        for group in range(2):
            best, sum_positive = 0.0, 0.0
            for field in range(3 * group, 3 * group + 3):
                a, b = codes_left[field, e], codes_right[field, i]
                if a < 0 or b < 0:
                    continue
                if a == b:
                    weight = weights[field, i]
                    sum_positive += weight
                    best = max(best, weight)
                else:
                    total += disagree[field]
            total += best + 0.3 * (sum_positive - best)
        gained = 0.0
        for field in range(6, 8):
            a, b = codes_left[field, e], codes_right[field, i]
            if a < 0 or b < 0:
                continue
            if a == b:
                gained += weights[field, i]
            else:
                total += disagree[field]
        g, h = hs_left[e], hs_right[i]
        if g >= 0 and h >= 0:
            if g == h:
                gained += hs_weight[i]
            elif g // 100 == h // 100:
                total += 0.5
            elif g // 10_000 == h // 10_000:
                total -= 1.5
            else:
                total -= 2.8
        total += min(gained, relation[i])
        a, b = codes_left[8, e], codes_right[8, i]
        if a >= 0 and b >= 0:
            total += weights[8, i] if a == b else disagree[8]
        for kind in range(3):
            x, y = measures_left[kind, e], measures_right[kind, i]
            if kind == 1 and (dimension_left[e] != dimension_right[i] or dimension_left[e] < 0):
                continue
            if not np.isnan(x) and not np.isnan(y):
                total += _step(abs(x - y), kind)
        if day_left[e] != no_day and day_right[i] != no_day:
            total += _date(day_right[i] - day_left[e])
        out[pair] = total


def evidence(exports: Book, imports: Book, left: Ints, right: Ints, freight: float = 0.04) -> Floats:
    """Log-likelihood ratio of each candidate pair against two records taken at random."""
    weights = np.stack([_agreement(exports, imports, name, at) for at, name in enumerate(FIELDS)])
    goods = _rarity(exports.hs, imports.hs, 0.9, 9.0)
    out = np.empty(len(left))
    score_pairs(
        left, right,
        np.stack([exports.codes[name] for name in FIELDS]), np.stack([imports.codes[name] for name in FIELDS]),
        weights, DISAGREE, exports.hs, imports.hs, goods, _relation(exports, imports),
        _measures(exports, freight), _measures(imports, freight), exports.dimension, imports.dimension,
        exports.day, imports.day, NO_DAY, out,
    )  # fmt: skip
    return out


def threshold(exports: Book, imports: Book) -> float:
    """Evidence from which on a pair is likelier than not: the odds against any one import, among all."""
    return max(LEAST, float(np.log(max(1, min(exports.size, imports.size)))))


def _agreement(exports: Book, imports: Book, name: str, at: int) -> Floats:
    left, right = exports.codes[name], imports.codes[name]
    weight = _rarity(left, right, float(AGREE[at]), 16.0)
    if name not in DOCUMENTS:
        return weight
    size = int(max(left.max(initial=-1), right.max(initial=-1))) + 2
    alone = (np.bincount(left + 1, minlength=size) <= 1) & (np.bincount(right + 1, minlength=size) <= 1)
    # however short the book, a number that stands once on each side says enough by itself
    return np.where(alone[right + 1], np.maximum(weight + IDENTIFIER, LEAST + 2), weight + IDENTIFIER)


def _rarity(left: Ints, right: Ints, agree: float, most: float) -> Floats:
    """For each import: log of agreement among true pairs over the share of records with its value."""
    size = int(max(left.max(initial=-1), right.max(initial=-1))) + 2
    count = np.maximum(
        np.bincount(left[left >= 0], minlength=size) / max(1, len(left)),
        np.bincount(right[right >= 0], minlength=size) / max(1, len(right)),
    )
    share = np.where(right >= 0, count[np.maximum(right, 0)], 1.0)
    return np.asarray(np.clip(np.log(agree / np.maximum(share, 1e-9)), 0.1, most))


def _relation(exports: Book, imports: Book) -> Floats:
    """The most that parties and goods together can say: how rare their combination is among the imports."""
    parts = [imports.codes["exporter"], imports.codes["importer"], imports.hs]
    mixed = np.zeros(imports.size, np.uint64)
    for part in parts:
        mixed = (mixed ^ (part + 2).astype(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    _, back, count = np.unique(mixed, return_inverse=True, return_counts=True)
    return np.asarray(np.log(imports.size / count[back.reshape(-1)]) + 1.0)


def _measures(book: Book, freight: float) -> Floats:
    """Logarithms of mass, quantity and value on the export's basis."""
    value = np.where(book.basis >= Basis.LANDED, book.value / (1 + freight), book.value)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([np.log(book.mass), np.log(book.quantity), np.log(value)])
