"""Scores with reasons for a table, drift, and judgements of a ranking: what the commands show."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import polars as pl

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.engines.fraud.ranking import judging
from otay.engines.fraud.ranking.fitting import Recipe
from otay.engines.fraud.ranking.judging import Copies, Figures
from otay.engines.fraud.ranking.measures import Duel, auc, duel, order_of
from otay.engines.fraud.ranking.model import Model
from otay.engines.fraud.ranking.reasons import reason
from otay.engines.fraud.ranking.training import train
from otay.goods.investigations.declaration_files import Declarations

MOVED = 0.25
LEAST_ROWS = 200


def score_table(model: Model, declarations: Declarations, reasons: int, language: str) -> pl.DataFrame:
    """One row a declaration in the file's order: id, row, probability, expected duty, rank, reasons of the first."""
    scores = model.score(declarations.frame)
    order = order_of(scores.raw)
    rank = np.empty(len(order), np.int64)
    rank[order] = np.arange(1, len(order) + 1)
    texts = np.full(len(order), "", dtype=object)
    first = order[:reasons]
    if len(first):
        for at, found in zip(first, model.reasons(declarations.frame[first]), strict=True):
            texts[at] = "; ".join(reason(*one).text(language) for one in found)
    return pl.DataFrame(
        {
            "id": declarations.ids,
            "row": np.arange(1, len(order) + 1),
            "probability": np.round(scores.probability, 6),
            "score": np.round(scores.raw, 6),
            "expected_duty": np.round(scores.duty, 2),
            "rank": rank,
            "reasons": pl.Series(texts.tolist(), dtype=pl.String),
        }
    )


def drift_findings(model: Model, declarations: Declarations) -> list[Finding]:
    """Features that have moved away from the training rows; nothing is said of a few rows."""
    if declarations.frame.height < LEAST_ROWS:
        return []
    moved = {name: value for name, value in model.watch(declarations.frame).items() if value >= MOVED}
    if not moved:
        return []
    shown = ", ".join(f"{name} {value:.2f}" for name, value in list(moved.items())[:5])
    return [
        warning(
            "/model",
            "model.drift",
            N_("%(count)s features are distributed unlike in training (population stability index from %(limit)s on)"),
            shown,
            N_("Train again with recent outcomes, and look at the random share's hit rate"),
            count=len(moved),
            limit=MOVED,
        )
    ]


@dataclass(slots=True)
class Judgement:
    """Figures of a ranking on ``declarations``; ``columns`` make the key of the disjoint figure."""

    declarations: Declarations
    columns: list[str]
    recipe: Recipe
    figures: dict[str, Figures] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    lookup: float = math.nan
    copied: Copies | None = None
    duel: Duel | None = None

    def of_model(self, model: Model, challenger: Model | None) -> None:
        """A trained model; with a challenger also which of both finds more."""
        table = self.declarations
        columns = self.columns or model.card.get("seen", {}).get("columns", [])
        usable = [name for name in columns if name in table.frame.columns]
        self.figures = judging.judge_model(model, table.frame, table.labels, usable)
        if self.columns:
            self.figures["disjoint"] = judging.disjoint(table.frame, table.labels, self.columns, self.recipe)
        self._copies(table)
        if challenger:
            judged = table.labels.found >= 0
            first, second = (one.score(table.frame).raw[judged] for one in (model, challenger))
            self.duel = duel(table.labels.found[judged], first, second)

    def of_split(self, fit: Declarations) -> None:
        """A model trained on ``fit``, judged on the declarations: all, and apart by whether the key was seen."""
        table = self.declarations
        model = train(fit.frame, fit.labels, self.recipe)
        raw = model.score(table.frame).raw
        self.figures["split"] = judging.figures(table.labels.found, raw, table.labels.duty)
        columns = self.columns or judging.goods_columns(table.frame)
        if columns and set(columns) <= set(fit.frame.columns):
            seen = np.isin(judging.key_hashes(table.frame, columns), judging.key_hashes(fit.frame, columns))
            for name, mask in (("seen", seen), ("unseen", ~seen)):
                self.figures[name] = judging.figures(table.labels.found[mask], raw[mask], table.labels.duty[mask])
        both = self._joined(fit)
        if self.columns:
            self.figures["disjoint"] = judging.disjoint(both.frame, both.labels, self.columns, self.recipe)
        self._copies(both)
        self._lookup(fit)

    def in_time(self) -> None:
        """A model trained on the first three quarters of the declarations, judged on the last."""
        table = self.declarations
        self.figures["later"] = judging.later(table.frame, table.labels, self.recipe)[0]
        if self.columns:
            self.figures["disjoint"] = judging.disjoint(table.frame, table.labels, self.columns, self.recipe)
        self._copies(table)

    def copies_record(self) -> dict[str, Any] | None:
        """What was found of copied outcomes, for JSON."""
        return {**asdict(self.copied), "suspect": self.copied.suspect} if self.copied else None

    def duel_record(self) -> dict[str, Any] | None:
        """Challenger against champion, for JSON."""
        return asdict(self.duel) if self.duel else None

    def _copies(self, table: Declarations) -> None:
        self.copied = judging.copies(table.frame, table.labels)
        if self.copied:
            self.lookup = self.copied.lookup
            self.findings += judging.copies_finding(self.copied)

    def _lookup(self, fit: Declarations) -> None:
        """The lookup on the very split that is judged."""
        both = self._joined(fit)
        columns = judging.goods_columns(both.frame)
        if len(columns) < 2:
            return
        group = judging.group_numbers(both.frame, columns)
        cut = fit.frame.height
        rate = judging.lookup(group[:cut], fit.labels.found, group[cut:])
        judged = self.declarations.labels.found >= 0
        self.lookup = auc(self.declarations.labels.found[judged], rate[judged])

    def _joined(self, fit: Declarations) -> Declarations:
        """``fit`` first, then the declarations."""
        left, right = fit.labels, self.declarations.labels
        labels = type(left)(
            np.concatenate([left.found, right.found]),
            np.concatenate([left.known, right.known]),
            np.concatenate([left.duty, right.duty]),
        )
        frame = pl.concat([fit.frame, self.declarations.frame], how="diagonal_relaxed")
        return Declarations(frame, labels, self.declarations.mapping)
