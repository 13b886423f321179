"""Models in use: champion only by a decision, its scores and reasons, watched for drift."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction

from otay.core.errors import Conflict, NotFound, OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.fraud.ranking.documents import FORMAT
from otay.goods.investigations import model_files
from otay.goods.investigations.domain import model_rows
from otay.goods.investigations.models import ModelVersion, Score
from otay.node import audit, clock
from otay.node.actors import Actor

if TYPE_CHECKING:
    from otay.engines.fraud.ranking.model import Model

MODELS = "investigations.models"
#: From this population stability index on, a feature counts as another population (the usual reading of that index).
DRIFT_ALARM = 0.25
LEAST_ROWS, MOST_ROWS = 200, 20_000
#: Log odds by which a feature must raise a score to be named: less is noise to an officer.
LEAST_SHARE = 0.1
#: A reason of a score: feature, value, share in log odds.
Moved = tuple[str, float | None, float]
_MOST_DUTY = Decimal(10) ** 13


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
    model_of(row)
    ModelVersion.objects.filter(role=ModelVersion.Role.CHAMPION).update(role=ModelVersion.Role.RETIRED)
    row.role = ModelVersion.Role.CHAMPION
    row.save(update_fields=["role"])
    audit.record(actor=actor, action="investigations.model_promoted", subject=f"model:{version}", reason=why)
    return row


def champion() -> ModelVersion | None:
    """The model in use; None before the first."""
    return ModelVersion.objects.filter(role=ModelVersion.Role.CHAMPION).first()


def model_of(row: ModelVersion) -> Model:
    """The model that a row of the registry stands for.

    Raises:
        Conflict: when its file is gone, was altered, or is of another version.
    """
    return model_files.load(row.file, bytes(row.digest), format=row.card.get("format", ""))


def outdated(row: ModelVersion | None) -> bool:
    """Whether the model was made by another version of this program, which reads another format."""
    return row is not None and row.card.get("format") != FORMAT


def apply_champion(scores: Sequence[Score]) -> None:
    """Put the champion's calibrated probability and expected duty in place of the criteria's, where there is one."""
    row = champion()
    if row is None or not scores:
        return
    try:
        model = model_of(row)
    except OtayError:
        # selection goes on with the criteria alone; the page of models and an alert say why
        ModelVersion.objects.filter(pk=row.pk).update(drift={**row.drift, "unusable": True})
        return
    told = model.score(model_rows.frame_of([one.features for one in scores]))
    for one, chance, duty in zip(scores, told.probability.tolist(), told.duty.tolist(), strict=True):
        one.model = row.version
        one.probability = Decimal(f"{min(max(chance, 0.0), 1.0):.5f}")
        one.duty = min(Decimal(f"{max(duty, 0.0):.2f}"), _MOST_DUTY)


def moved(scores: Sequence[Score], *, most: int = 4) -> list[list[Moved]]:
    """For each score what raised it most, by the model that made it; empty for scores of criteria alone."""
    found: list[list[Moved]] = [[] for _ in scores]
    for version in {one.model for one in scores if one.model}:
        row = ModelVersion.objects.filter(version=version).first()
        places = [at for at, one in enumerate(scores) if one.model == version]
        try:
            model = model_of(row) if row else None
        except OtayError:
            model = None
        if model is None:
            continue
        told = model.reasons(model_rows.frame_of([scores[at].features for at in places]), most)
        for at, shares in zip(places, told, strict=True):
            found[at] = [
                (name, None if value != value else round(value, 5), round(share, 4))
                for name, value, share in shares
                if share >= LEAST_SHARE
            ]
    return found


def watch_drift(days: int = 7) -> dict[str, float]:
    """Compare what is scored now with what the champion was trained on: the population stability index by feature."""
    row = champion()
    if row is None:
        return {}
    scores = Score.objects.filter(at__gt=clock.now() - timedelta(days=days)).order_by("-pk")
    recent = [one for one in scores.values_list("features", flat=True)[:MOST_ROWS] if model_rows.is_row(one)]
    if len(recent) < LEAST_ROWS:
        return {}
    try:
        told = drift_of(model_of(row), recent)
    except OtayError:
        return {}
    ModelVersion.objects.filter(pk=row.pk).update(drift={"features": told, "rows": len(recent)}, drift_at=clock.now())
    return told


def drift_of(model: Model, rows: Sequence[dict[str, Any]]) -> dict[str, float]:
    """The index of each feature of ``rows`` (as scores keep them) against the training rows, largest first."""
    return {name: round(index, 4) for name, index in model.watch(model_rows.frame_of(rows)).items()}
