"""Training a challenger: on what is known by now, judged on the last fifth in time, beside the champion.

A row of training is a declaration as it was known when it was scored, also where nobody inspected: histories of traders
rest on all of them. The outcome is what was recorded when the job began, with the day on which it became known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max

from otay.core.errors import OtayError, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.declarations.domain import Kind as EventKind
from otay.goods.declarations.domain import Result
from otay.goods.declarations.models import DeclarationEvent
from otay.goods.declarations.tariff.queries import rates_for
from otay.goods.investigations import model_files
from otay.goods.investigations.domain import model_rows
from otay.goods.investigations.domain.outcomes import Kind, Known, Label, label
from otay.goods.investigations.domain.worth import DOLLARS
from otay.goods.investigations.models import ModelVersion, OutcomeEvent, Score
from otay.node import audit, clock, jobs
from otay.node.actors import SYSTEM, Actor
from otay.node.models import JobRun

if TYPE_CHECKING:
    from otay.engines.fraud.ranking.model import Model
    from otay.engines.fraud.ranking.training import Labels

JOB = "investigations.train"
LEAST_ROWS, LEAST_EACH = 200, 20
MOST_ROWS = 300_000
HELD_OUT = 0.2
BINS = 5
#: A new model is trained by itself once a week, when outcomes were recorded since.
EVERY = timedelta(days=7)
_EPOCH = date(1970, 1, 1)


def labels_of(rows: Sequence[int], *, as_of: datetime) -> dict[int, Label]:
    """The label of each declaration (by primary key) as it was known at ``as_of``; duty in dollars, at the rate of the
    day on which it was found (nothing where there is none that may be used)."""
    events: dict[int, list[Known]] = defaultdict(list)
    for event in DeclarationEvent.objects.filter(kind=EventKind.INSPECTED, declaration__in=rows):
        hit = event.detail.get("result") != Result.CONFORMS
        events[event.declaration_id].append(Known(Kind.INSPECTED, event.at, event.recorded_at, hit))
    outcomes = list(OutcomeEvent.objects.filter(declaration__in=rows))
    rates = rates_for({DOLLARS, *(one.currency for one in outcomes)}, {one.at.date() for one in outcomes})
    for outcome in outcomes:
        found = rates.convert(outcome.amount or Decimal(0), outcome.currency or DOLLARS, DOLLARS, outcome.at.date())
        duty = found.amount if found and not found.stale else Decimal(0)
        events[outcome.declaration_id].append(Known(Kind(outcome.kind), outcome.at, outcome.recorded_at, True, duty))
    return {pk: label(known, as_of=as_of) for pk, known in events.items()}


@dataclass(slots=True)
class Examples:
    """What a model learns from, oldest first: kept rows; outcome (None: nobody looked), its day, duty recovered."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    found: list[bool | None] = field(default_factory=list)
    known: list[date | None] = field(default_factory=list)
    duty: list[float | None] = field(default_factory=list)

    @property
    def inspected(self) -> int:
        """How many were looked at."""
        return sum(one is not None for one in self.found)

    @property
    def positives(self) -> int:
        """How many had a finding."""
        return sum(bool(one) for one in self.found)

    def labels(self, places: Sequence[int] | None = None) -> Labels:
        """As the engine takes them, of all rows or of some."""
        import numpy as np

        from otay.engines.fraud.ranking.training import Labels

        at = range(len(self.rows)) if places is None else places
        return Labels(
            np.array([-1 if self.found[one] is None else int(bool(self.found[one])) for one in at], np.int8),
            np.array([((self.known[one] or _EPOCH) - _EPOCH).days for one in at], np.int64),
            np.array([np.nan if self.duty[one] is None else float(self.duty[one] or 0) for one in at], float),
        )


def examples(*, as_of: datetime) -> Examples:
    """The last declarations that were scored, with what was known of them at ``as_of``."""
    scores = Score.objects.filter(at__lte=as_of).order_by("-declaration__lodged_at", "-pk")
    kept = [
        (pk, row) for pk, row in scores.values_list("declaration", "features")[:MOST_ROWS] if model_rows.is_row(row)
    ]
    told: dict[int, Label] = {}
    for start in range(0, len(kept), 5000):
        told |= labels_of([pk for pk, _row in kept[start : start + 5000]], as_of=as_of)
    made = Examples()
    for pk, row in reversed(kept):
        known = told.get(pk, Label())
        lodged = date.fromisoformat(str(row["date"]))
        made.rows.append(row)
        made.found.append(known.illicit)
        made.known.append(max(lodged, known.since.date()) if known.since else None)
        made.duty.append(float(known.duty) if known.illicit else None)
    return made


def start(*, actor: Actor) -> JobRun:
    """Queue the job that trains a challenger."""
    return jobs.start(actor=actor, job=JOB)


def start_when_due() -> JobRun | None:
    """Queue it by itself when the last model is old and more is known; None where it is not due.

    After an upgrade that reads another format it is due at once; after a failure not again for a week.
    """
    from otay.goods.investigations.services.registry import outdated

    last = ModelVersion.objects.order_by("-version").first()
    now = clock.now()
    if JobRun.objects.filter(job=JOB, state__in=[JobRun.State.QUEUED, JobRun.State.RUNNING]).exists():
        return None
    if outdated(last):
        failed = JobRun.objects.filter(job=JOB, state=JobRun.State.FAILED, created_at__gt=now - EVERY).exists()
        return None if failed else start(actor=SYSTEM)
    if last is not None and last.trained_at > now - EVERY:
        return None
    since = last.known_until if last else datetime.min.replace(tzinfo=now.tzinfo)
    fresh = DeclarationEvent.objects.filter(kind=EventKind.INSPECTED, recorded_at__gt=since)
    if fresh.count() < (1 if last else LEAST_ROWS):
        return None
    return start(actor=SYSTEM)


def train_challenger(run: JobRun, actor: Actor) -> dict[str, Any]:
    """Train on what is known now, keep the model as challenger with its card.

    Raises:
        Refused: when too little is known yet.
    """
    as_of = clock.now()
    found = examples(as_of=as_of)
    _enough(found)
    jobs.progress(run, 1, 3)
    model = _fit(found)
    jobs.progress(run, 2, 3)
    text = model.dump()
    with transaction.atomic():
        version = (ModelVersion.objects.aggregate(last=Max("version"))["last"] or 0) + 1
        name, digest = model_files.keep(version, text)
        ModelVersion.objects.filter(role=ModelVersion.Role.CHALLENGER).update(role=ModelVersion.Role.RETIRED)
        made = ModelVersion.objects.create(
            version=version, role=ModelVersion.Role.CHALLENGER, trained_at=clock.now(), trained_by=actor.key,
            known_until=as_of, rows=found.inspected, positives=found.positives, card=model.card, file=name,
            digest=digest,
        )  # fmt: skip
        audit.record(
            actor=actor, action="investigations.model_trained", subject=f"model:{version}", rows=made.rows,
            positives=made.positives, digest=digest.hex(),
        )  # fmt: skip
    return {"version": version, "rows": made.rows, "positives": made.positives}


def _enough(found: Examples) -> None:
    rows, positives = found.inspected, found.positives
    if rows >= LEAST_ROWS and LEAST_EACH <= positives <= rows - LEAST_EACH:
        return
    raise Refused(
        N_("Too little is known to train a model"),
        findings=[
            error(
                "/labels", "model.labels",
                N_("%(rows)s inspected declarations are known, %(positives)s of them with a finding; at least "
                   "%(least)s are needed, and %(each)s of either kind"),
                rows, N_("Keep the random share inspected and recorded, and try again later."),
                rows=rows, positives=positives, least=LEAST_ROWS, each=LEAST_EACH,
            )
        ],
    )  # fmt: skip


def _fit(found: Examples) -> Model:
    """The model, trained on all; its card tells how one trained on the first four fifths did on the last."""
    from otay.engines.fraud.ranking.documents import FORMAT
    from otay.engines.fraud.ranking.training import train

    frame = model_rows.frame_of(found.rows)
    model = train(frame, found.labels())
    model.card |= {
        "format": FORMAT, "names": model.features, "importance": model.importance(), "held_out": _held_out(found),
    }  # fmt: skip
    return model


def _held_out(found: Examples) -> dict[str, Any] | None:
    """Figures on the last fifth in time, by a model that knows what was recorded before it began; None where one half
    has too few outcomes."""
    import numpy as np

    from otay.engines.fraud.ranking import judging
    from otay.engines.fraud.ranking.training import train

    edge = round(len(found.rows) * (1 - HELD_OUT))
    fit, test = range(edge), range(edge, len(found.rows))
    frame = model_rows.frame_of(found.rows)
    labels = found.labels(fit)
    began = (date.fromisoformat(str(found.rows[edge]["date"])) - _EPOCH).days
    labels.found = np.where(labels.known < began, labels.found, -1).astype(np.int8)
    try:
        trial = train(frame[:edge], labels)
    except Refused:
        return None
    scores = trial.score(frame[edge:])
    truth = found.labels(test)
    told = judging.figures(truth.found, scores.raw, truth.duty).as_record()
    judged = truth.found >= 0
    told |= {
        "from": found.rows[edge]["date"],
        "calibration": _calibration(scores.probability[judged], truth.found[judged]),
        "duel": _duel(frame[edge:], truth, scores.raw, began),
    }
    plain: dict[str, Any] = _plain(told)
    return plain


def _calibration(expected: Any, found: Any) -> list[list[float]]:
    """(expected, found, rows) in bins of equal size, from the lowest chance up."""
    import numpy as np

    bins = np.array_split(np.argsort(expected, kind="stable"), BINS)
    return [[float(expected[one].mean()), float(found[one].mean()), len(one)] for one in bins if len(one)]


def _duel(frame: Any, truth: Labels, raw: Any, began: int) -> dict[str, Any] | None:
    """The trial beside the champion, on rows that the champion was not trained on either; None without a champion."""
    from otay.engines.fraud.ranking.features import days_of
    from otay.engines.fraud.ranking.measures import duel
    from otay.goods.investigations.services.registry import champion, model_of

    row = champion()
    if row is None:
        return None
    unseen = (truth.found >= 0) & (days_of(frame) > (row.known_until.date() - _EPOCH).days)
    if unseen.sum() < BINS * LEAST_EACH or not truth.found[unseen].any():
        return None
    try:
        other = model_of(row).score(frame)
    except OtayError:
        return None
    return {"champion_version": row.version, "rows": int(unseen.sum()),
            **asdict(duel(truth.found[unseen], other.raw[unseen], raw[unseen]))}  # fmt: skip


def _plain(value: Any) -> Any:
    """Numbers that JSON knows: NaN is none."""
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float):
        return round(value, 5) if value == value else None
    return value
