"""How a ranking is judged: on later rows, on keys it has never met, and beside a mere lookup.

A file whose outcomes were copied along with its goods makes any model look good: rows that repeat earlier ones are
recognised, nothing is learnt. Three figures tell: the score of a lookup table without any model, the share of rows
whose key was seen in training, and the score on keys that were not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.engines.fraud.ranking.features import days_of, prepared
from otay.engines.fraud.ranking.fitting import Recipe
from otay.engines.fraud.ranking.measures import Depth, at_depths, auc
from otay.engines.fraud.ranking.model import Model
from otay.engines.fraud.ranking.training import Labels, train

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
#: Columns that describe the goods: a file that repeats them with their outcome is a file of copies.
GOODS = ("hs", "exporting_country", "origin", "tax_rate", "tax_type", "net_mass")
SUSPECT_AUC = 0.9
SUSPECT_PURITY = 0.95


@dataclass(slots=True)
class Figures:
    """One judgement: rows judged, base rate, AUC, and the depths."""

    rows: int
    base_rate: float
    auc: float
    depths: list[Depth] = field(default_factory=list)

    def as_record(self) -> dict[str, Any]:
        """Plain numbers, for JSON."""
        return asdict(self)


def figures(found: NDArray[np.int8], score: Floats, duty: Floats | None = None) -> Figures:
    """AUC, precision, recall and duty of ``score``; rows that nobody inspected are left out."""
    judged = found >= 0
    found, score = found[judged], score[judged]
    money = np.nan_to_num(duty[judged]) if duty is not None and np.isfinite(duty[judged]).any() else None
    if not len(found):
        return Figures(0, float("nan"), float("nan"))
    return Figures(len(found), float(found.mean()), auc(found, score), at_depths(found, score, money))


def group_keys(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Series:
    """The columns of each row as one text; a missing cell is a value of its own."""
    parts = [pl.col(name).cast(pl.String).fill_null("") for name in columns]
    return frame.select(pl.concat_str(*parts, separator="|").alias("key"))["key"]


def group_numbers(frame: pl.DataFrame, columns: Sequence[str]) -> Ints:
    """Rows that agree on ``columns`` get one number."""
    return np.asarray(group_keys(frame, columns).rank("dense").cast(pl.Int64).to_numpy() - 1, dtype=np.int64)


def goods_columns(frame: pl.DataFrame) -> list[str]:
    """Those of ``GOODS`` that the table has."""
    return [name for name in GOODS if name in frame.columns]


@dataclass(frozen=True, slots=True)
class Copies:
    """Whether rows repeat one another with their outcome.

    ``repeated``: share of rows whose goods stand on more than one row; ``purity``: share of such goods with one single
    outcome; ``chance``: the purity that chance would give; ``lookup``: AUC of a table of past rates without any model.
    """

    columns: tuple[str, ...]
    repeated: float
    purity: float
    chance: float
    lookup: float

    @property
    def suspect(self) -> bool:
        """True where outcomes seem to be copied."""
        return self.lookup >= SUSPECT_AUC or (self.purity >= SUSPECT_PURITY and self.purity > self.chance + 0.1)


def copies(frame: pl.DataFrame, labels: Labels) -> Copies | None:
    """Look for copied outcomes in the goods columns; None where the table has fewer than two of them."""
    columns = goods_columns(frame)
    if len(columns) < 2:
        return None
    group = group_numbers(frame, columns)
    judged = labels.found >= 0
    group, found = group[judged], labels.found[judged].astype(np.int64)
    count = np.bincount(group)
    hits = np.bincount(group, found)
    repeated = count > 1
    pure = (hits == 0) | (hits == count)
    rate = found.mean() if len(found) else 0.0
    chance = (rate ** count[repeated] + (1 - rate) ** count[repeated]).mean() if repeated.any() else 1.0
    order = np.argsort(days_of(frame)[judged], kind="stable")
    return Copies(
        tuple(columns),
        float(count[repeated].sum() / max(1, len(group))),
        float(pure[repeated].mean()) if repeated.any() else 0.0,
        float(chance),
        _lookup_later(group[order], found[order]),
    )


def _lookup_later(group: Ints, found: Ints) -> float:
    """AUC of past rates on the last fifth of rows, learnt from those before."""
    cut = len(group) * 4 // 5
    return auc(found[cut:].astype(np.int8), lookup(group[:cut], found[:cut].astype(np.int8), group[cut:]))


def lookup(fit_group: Ints, fit_found: NDArray[np.int8], group: Ints, strength: float = 0.5) -> Floats:
    """Past rate of each row's group, with no model at all."""
    judged = fit_found >= 0
    size = int(max(fit_group.max(initial=-1), group.max(initial=-1))) + 1
    checked = np.bincount(fit_group[judged], minlength=size)
    hits = np.bincount(fit_group[judged], fit_found[judged], minlength=size)
    prior = fit_found[judged].mean() if judged.any() else 0.0
    return np.asarray(((hits + prior * strength) / (checked + strength))[group])


def copies_finding(found: Copies) -> list[Finding]:
    """A warning where outcomes seem to be copied."""
    if not found.suspect:
        return []
    return [
        warning(
            "/" + ",".join(found.columns),
            "evaluate.copies",
            N_(
                "The outcomes seem to be copied: a lookup of the goods without any model scores AUC %(lookup)s, and"
                " %(purity)s of the goods that repeat have one single outcome (by chance %(chance)s)"
            ),
            f"{found.repeated:.1%}",
            N_("Judge by the key-disjoint figure only: --disjoint-by %(columns)s"),
            lookup=f"{found.lookup:.3f}",
            purity=f"{found.purity:.1%}",
            chance=f"{found.chance:.1%}",
            columns=",".join(found.columns),
        )
    ]


def later(frame: pl.DataFrame, labels: Labels, recipe: Recipe, share: float = 0.25) -> tuple[Figures, Floats, Ints]:
    """Train on the first rows in time, judge on the last ``share``: figures, scores, rows judged."""
    order = np.argsort(days_of(frame), kind="stable")
    cut = int(len(order) * (1 - share))
    fit, test = order[:cut], order[cut:]
    # what became known only after the cut is not known to the model
    edge = int(days_of(frame)[test].min(initial=np.iinfo(np.int32).max))
    known = part(labels, fit)
    known.found = (
        np.where(known.known < edge, known.found, -1).astype(np.int8) if "date" in frame.columns else known.found
    )
    model = train(frame[fit], known, recipe)
    scores = model.score(frame[test])
    return figures(labels.found[test], scores.raw, labels.duty[test]), scores.raw, test


def disjoint(frame: pl.DataFrame, labels: Labels, columns: Sequence[str], recipe: Recipe, folds: int = 3) -> Figures:
    """Train and judge on rows that share no value of ``columns``: what a model finds on keys it has never met.

    Histories are disjoint too: no row of the fit learns from rows of its own key.
    """
    frame_keys = prepared(frame)
    group = group_numbers(frame_keys, columns)
    fold = np.random.default_rng(recipe.seed).integers(0, folds, int(group.max(initial=0)) + 1)[group]
    score = np.zeros(frame.height)
    for number in range(folds):
        fit, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if not len(test):
            continue
        numbers = np.unique(group[fit], return_inverse=True)[1].reshape(-1)
        model = train(frame[fit], part(labels, fit), recipe, groups=numbers)
        score[test] = model.score(frame[test]).raw
    return figures(labels.found, score, labels.duty)


def part(labels: Labels, rows: Any) -> Labels:
    """The labels of some rows."""
    return Labels(labels.found[rows], labels.known[rows], labels.duty[rows])


def seen_before(model_keys: set[int], frame: pl.DataFrame, columns: Sequence[str]) -> NDArray[np.bool_]:
    """Rows whose key the model met in training (see :func:`key_hashes`)."""
    return np.isin(key_hashes(frame, columns), np.array(sorted(model_keys), np.int64))


def key_hashes(frame: pl.DataFrame, columns: Sequence[str]) -> Ints:
    """A number of 48 bits for each row's key, the same on every machine."""
    import hashlib

    texts = group_keys(prepared(frame), columns)
    unique = texts.unique()
    numbers = [int.from_bytes(hashlib.blake2b(one.encode(), digest_size=6).digest(), "big") for one in unique]
    return np.asarray(texts.replace_strict(unique, pl.Series(numbers, dtype=pl.Int64)).to_numpy(), dtype=np.int64)


def judge_model(model: Model, frame: pl.DataFrame, labels: Labels, columns: Sequence[str] = ()) -> dict[str, Figures]:
    """Figures of a trained model on a table: ``all``, and apart for keys ``seen`` in training and ``unseen`` ones."""
    raw = model.score(frame).raw
    result = {"all": figures(labels.found, raw, labels.duty)}
    hashes = model.card.get("seen", {})
    if columns and list(columns) == hashes.get("columns"):
        seen = seen_before(set(hashes["keys"]), frame, columns)
        for name, mask in (("seen", seen), ("unseen", ~seen)):
            result[name] = figures(labels.found[mask], raw[mask], labels.duty[mask])
    return result
