"""Models: trained by a job on what was known, champion only by a decision, watched for drift.

A row of training is a declaration that was inspected, with the features kept when it was scored (nothing later) and
the label known at the start of the job. The last fifth in time is held out: the card's figures are of those alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Max

from otay.core.errors import Conflict, NotFound, OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.declarations.domain import Kind as EventKind
from otay.goods.declarations.domain import Result
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.goods.investigations import model_files
from otay.goods.investigations.domain.outcomes import Kind, Known, Label, label
from otay.goods.investigations.models import ModelVersion, OutcomeEvent, Score
from otay.node import audit, clock, jobs
from otay.node.actors import Actor
from otay.node.models import JobRun

MODELS = "investigations.models"
LEAST_ROWS, LEAST_EACH = 200, 20
MOST_ROWS = 500_000
THREADS = 1
DRIFT_ALARM = 0.2
#: Where reason demands it: more findings, or a price or value further below the other side's, never lowers the chance.
MONOTONE = {
    "log_price_ratio": -1, "log_mirror_ratio": -1, "mirror_differing": 1, "trader_rate": 1, "declarant_rate": 1,
    "goods_rate": 1,
}  # fmt: skip
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "feature_fraction": 0.9,
    "lambda_l2": 5.0, "num_threads": THREADS, "seed": 7, "deterministic": True, "verbosity": -1,
}  # fmt: skip


def labels_of(rows: Sequence[int], *, as_of: datetime) -> dict[int, Label]:
    """The label of each declaration (by primary key) as it was known at ``as_of``."""
    events: dict[int, list[Known]] = defaultdict(list)
    for event in DeclarationEvent.objects.filter(kind=EventKind.INSPECTED, declaration__in=rows):
        hit = event.detail.get("result") != Result.CONFORMS
        events[event.declaration_id].append(Known(Kind.INSPECTED, event.at, event.recorded_at, hit))
    for outcome in OutcomeEvent.objects.filter(declaration__in=rows):
        duty = outcome.amount or Decimal(0)
        events[outcome.declaration_id].append(Known(Kind(outcome.kind), outcome.at, outcome.recorded_at, True, duty))
    return {pk: label(known, as_of=as_of) for pk, known in events.items()}


@dataclass(frozen=True, slots=True)
class Examples:
    """What a model learns from: rows in order of time, features by name, labels."""

    features: list[dict[str, Any]]
    illicit: list[bool]
    at: list[datetime]


def examples(*, as_of: datetime) -> Examples:
    """All declarations that were scored and about which something was known at ``as_of``, oldest first."""
    inspected = DeclarationEvent.objects.filter(kind=EventKind.INSPECTED, recorded_at__lte=as_of).values("declaration")
    audited = OutcomeEvent.objects.filter(recorded_at__lte=as_of).values("declaration")
    scores = Score.objects.filter(declaration__in=inspected) | Score.objects.filter(declaration__in=audited)
    rows = list(
        scores.order_by("-declaration__lodged_at", "-pk").values_list(
            "declaration", "features", "declaration__lodged_at"
        )[:MOST_ROWS]
    )
    told: dict[int, Label] = {}
    for start in range(0, len(rows), 5000):
        told |= labels_of([row[0] for row in rows[start : start + 5000]], as_of=as_of)
    found = Examples([], [], [])
    for pk, features, at in reversed(rows):
        known = told.get(pk)
        if known is not None and known.illicit is not None and features:
            found.features.append(features)
            found.illicit.append(known.illicit)
            found.at.append(at)
    return found


def start_training(*, actor: Actor) -> JobRun:
    """Queue the job that trains a challenger."""
    return jobs.start(actor=actor, job="investigations.train")


def train_challenger(run: JobRun, actor: Actor) -> dict[str, Any]:
    """Train on what is known now, keep the model as challenger with its card.

    Raises:
        Refused: when too little is known yet.
    """
    as_of = clock.now()
    found = examples(as_of=as_of)
    positives = sum(found.illicit)
    if len(found.illicit) < LEAST_ROWS or not LEAST_EACH <= positives <= len(found.illicit) - LEAST_EACH:
        raise Refused(
            N_("Too little is known to train a model"),
            findings=[
                error(
                    "/labels", "model.labels",
                    N_("%(rows)s inspected declarations are known, %(positives)s of them with a finding; at least "
                       "%(least)s are needed, and %(each)s of either kind"),
                    len(found.illicit), N_("Keep the random share inspected and recorded, and try again later."),
                    rows=len(found.illicit), positives=positives, least=LEAST_ROWS, each=LEAST_EACH,
                )
            ],
        )  # fmt: skip
    jobs.progress(run, 1, 3)
    text, card = _fit(found)
    jobs.progress(run, 2, 3)
    with transaction.atomic():
        version = (ModelVersion.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        name, digest = model_files.keep(version, text)
        ModelVersion.objects.filter(role=ModelVersion.Role.CHALLENGER).update(role=ModelVersion.Role.RETIRED)
        made = ModelVersion.objects.create(
            version=version, role=ModelVersion.Role.CHALLENGER, trained_at=clock.now(), trained_by=actor.key,
            known_until=as_of, rows=len(found.illicit), positives=positives, card=card, file=name, digest=digest,
        )  # fmt: skip
        audit.record(
            actor=actor, action="investigations.model_trained", subject=f"model:{version}", rows=made.rows,
            positives=positives, digest=digest.hex(),
        )  # fmt: skip
    return {"version": version, "rows": made.rows, "positives": positives}


def _fit(found: Examples) -> tuple[str, dict[str, Any]]:
    """The booster's text and its card: fitted on the first four fifths, judged on the last, then refitted on all."""
    import lightgbm
    import numpy as np

    names = sorted({name for features in found.features for name in features})
    table = _table(found.features, names)
    target = np.array(found.illicit, float)
    edge = len(target) * 4 // 5
    parameters = {**PARAMETERS, "monotone_constraints": [MONOTONE.get(name, 0) for name in names]}

    def fitted(rows: Any, truth: Any) -> Any:
        data = lightgbm.Dataset(rows, truth, feature_name=names, params={"num_threads": THREADS, "verbosity": -1})
        return lightgbm.train(parameters, data, num_boost_round=150)

    trial = fitted(table[:edge], target[:edge])
    booster = fitted(table, target)
    card = {
        "format": model_files.FORMAT, "features": names, "parameters": {**PARAMETERS, "rounds": 150},
        "monotone": MONOTONE, "from": found.at[0].isoformat(), "to": found.at[-1].isoformat(),
        "held_out_from": found.at[edge].isoformat(),
        "held_out": _judged(np.asarray(trial.predict(table[edge:])), target[edge:]),
        "importance": dict(zip(names, np.round(booster.feature_importance("gain"), 1).tolist(), strict=True)),
        "quantiles": _quantiles(table, names),
    }  # fmt: skip
    return booster.model_to_string(), card


def _table(features: Sequence[dict[str, Any]], names: Sequence[str]) -> Any:
    import numpy as np

    return np.array(
        [[np.nan if (value := row.get(name)) is None else float(value) for name in names] for row in features], float
    ).reshape(len(features), len(names))


def _judged(scores: Any, truth: Any) -> dict[str, Any]:
    """Rows, base rate, area under the curve, precision at 5 and 10 %, and calibration in five bins."""
    import numpy as np

    order = np.argsort(-scores, kind="stable")
    positives = float(truth.sum())
    told: dict[str, Any] = {"rows": len(truth), "base_rate": round(positives / len(truth), 4)}
    for share in (5, 10):
        top = order[: max(1, round(len(truth) * share / 100))]
        told[f"precision_at_{share}"] = round(float(truth[top].mean()), 4)
    told["auc"] = _auc(scores, truth)
    bins = np.array_split(np.argsort(scores, kind="stable"), 5)
    told["calibration"] = [
        [round(float(scores[one].mean()), 4), round(float(truth[one].mean()), 4), len(one)] for one in bins if len(one)
    ]
    return told


def _auc(scores: Any, truth: Any) -> float | None:
    """Mann-Whitney: how often a case with a finding is ranked above one without; ties count half."""
    import numpy as np

    hits, misses = scores[truth == 1], scores[truth == 0]
    if not len(hits) or not len(misses):
        return None
    _values, at, counts = np.unique(np.concatenate([hits, misses]), return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[at]
    total = ranks[: len(hits)].sum() - len(hits) * (len(hits) + 1) / 2
    return round(float(total / (len(hits) * len(misses))), 4)


def _quantiles(table: Any, names: Sequence[str]) -> dict[str, list[float]]:
    import warnings

    import numpy as np

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a feature that nobody has yet
        cuts = np.nanquantile(table, np.linspace(0.1, 0.9, 9), axis=0)
    return {
        name: [round(float(value), 5) for value in cuts[:, at]]
        for at, name in enumerate(names)
        if np.isfinite(cuts[:, at]).all()
    }


@transaction.atomic
def promote(*, actor: Actor, version: int, why: str) -> ModelVersion:
    """Make a challenger the champion, with a reason. The champion before is retired.

    Raises:
        NotFound, Conflict: when there is no such challenger, or its file cannot be used.
    """
    actor.require(MODELS)
    if not 5 <= len(why.strip()) <= 300:
        raise Refused(
            N_("The model cannot be promoted"),
            findings=[error("/why", "model.why", N_("Say why, in 5 to 300 characters"), why)],
        )
    row = ModelVersion.objects.select_for_update().filter(version=version).first()
    if row is None:
        raise NotFound(N_("There is no model %(version)s."), version=version)
    if row.role != ModelVersion.Role.CHALLENGER:
        raise Conflict(N_("Model %(version)s is no challenger."), version=version)
    model_files.load(row.file, bytes(row.digest), format=row.card.get("format", ""))
    ModelVersion.objects.filter(role=ModelVersion.Role.CHAMPION).update(role=ModelVersion.Role.RETIRED)
    row.role = ModelVersion.Role.CHAMPION
    row.save(update_fields=["role"])
    audit.record(actor=actor, action="investigations.model_promoted", subject=f"model:{version}", reason=why)
    return row


def champion() -> ModelVersion | None:
    """The model in use; None before the first."""
    return ModelVersion.objects.filter(role=ModelVersion.Role.CHAMPION).first()


def apply_champion(rows: Sequence[Declaration], scores: Sequence[Score]) -> None:
    """Replace the criteria's rank by the champion's probability, where there is a champion whose file can be used."""
    row = champion()
    if row is None or not scores:
        return
    try:
        booster = model_files.load(row.file, bytes(row.digest), format=row.card.get("format", ""))
    except OtayError:
        # selection goes on with the criteria alone; the page of models and an alert say why
        ModelVersion.objects.filter(pk=row.pk).update(drift={**row.drift, "unusable": True})
        return
    names = row.card["features"]
    for one, value in zip(scores, booster.predict(_table([one.features for one in scores], names)), strict=True):
        one.model = row.version
        one.probability = Decimal(f"{min(max(float(value), 0.0), 1.0):.5f}")


def reasons(score: Score, *, most: int = 5) -> list[tuple[str, float]]:
    """What moved the champion's score of one declaration, in log odds, the strongest first (TreeSHAP)."""
    row = ModelVersion.objects.filter(version=score.model).first() if score.model else None
    if row is None:
        return []
    booster = model_files.load(row.file, bytes(row.digest), format=row.card.get("format", ""))
    names = row.card["features"]
    parts = booster.predict(_table([score.features], names), pred_contrib=True)[0][:-1]
    found = sorted(zip(names, (float(part) for part in parts), strict=True), key=lambda item: -abs(item[1]))
    return [(name, round(part, 3)) for name, part in found[:most] if abs(part) >= 0.001]


def watch_drift(days: int = 7) -> dict[str, float]:
    """Compare what is scored now with what the champion was trained on: the population stability index by feature.

    Above 0.2 a feature counts as drifted (the usual reading of that index).
    """
    row = champion()
    if row is None:
        return {}
    recent = list(
        Score.objects.filter(at__gt=clock.now() - timedelta(days=days))
        .order_by("-pk")
        .values_list("features", flat=True)[:20_000]
    )
    if len(recent) < LEAST_ROWS:
        return {}
    told = {
        name: index
        for name, cuts in row.card.get("quantiles", {}).items()
        if (index := _stability([one.get(name) for one in recent], cuts)) is not None
    }
    ModelVersion.objects.filter(pk=row.pk).update(drift={"features": told, "rows": len(recent)}, drift_at=clock.now())
    return told


def _stability(values: Sequence[float | None], cuts: Sequence[float]) -> float | None:
    import numpy as np

    known = np.array([value for value in values if value is not None], float)
    edges = np.unique(np.array(cuts, float))
    if len(known) < 50 or len(edges) < 3:
        return None
    # deciles of the training data: each bin held the share of the cuts that it spans
    expected = np.diff(np.concatenate([[0], np.searchsorted(np.array(cuts), edges, side="right") / 10, [1]]))
    counted = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1) / len(known)
    expected, counted = np.clip(expected, 1e-4, None), np.clip(counted, 1e-4, None)
    return round(float(((counted - expected) * np.log(counted / expected)).sum()), 4)
