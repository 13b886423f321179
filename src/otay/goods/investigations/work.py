"""What the room does by itself, small steps at a time, and the job that trains models."""

from __future__ import annotations

from typing import Any

from otay.node.actors import Actor
from otay.node.models import JobRun

TRAIN = "investigations.train"


def match() -> None:
    """Match what came in on either side; say what has stood alone for too long."""
    from otay.goods.investigations.services import lonely, matching, reckoning

    matching.match()
    reckoning.reckon()
    lonely.overdue()


def assign() -> None:
    """Pair by evidence what has no reference in common."""
    from otay.goods.investigations.services import assigning, matching

    matching.catch_up()
    assigning.assign()


def select() -> None:
    """Score what is new, then let each office's plan choose; collect overrides."""
    from otay.goods.investigations.services import overrides, scoring, selecting

    scoring.score_new()
    selecting.select_all()
    overrides.collect()


def learn() -> None:
    """Advance the history and the reference prices to the end of yesterday."""
    from otay.goods.investigations.services import learning

    learning.advance()


def seek() -> None:
    """Look for patterns over the last months."""
    from otay.goods.investigations.services import patterns

    patterns.seek()


def watch() -> None:
    """Compare what the champion sees now with what it was trained on."""
    from otay.goods.investigations.services import registry

    registry.watch_drift()


def erase() -> None:
    """Drop what the neighbour withdrew, and confirm it."""
    from otay.goods.investigations.services import withdrawing

    withdrawing.erase_withdrawn()


def retrain() -> None:
    """Have a challenger trained when the last model is old and more is known."""
    from otay.goods.investigations.services import training

    training.start_when_due()


def train(run: JobRun, actor: Actor) -> dict[str, Any]:
    """Train a challenger on what is known by now."""
    from otay.goods.investigations.services import training

    return training.train_challenger(run, actor)
