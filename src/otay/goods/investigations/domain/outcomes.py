"""What became of a declaration after it was lodged, and what of it was known when: the labels of every model.

An inspection, a finding, a penalty are dated events; each becomes known when it was recorded, not when it happened.
A label at a moment rests on the events recorded by then, and on nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum


class Kind(StrEnum):
    """What can become known. ``CLEARED`` takes an earlier finding back (an appeal, a mistake)."""

    INSPECTED = "inspected"
    FINDING = "finding"
    DUTY = "duty"
    PENALTY = "penalty"
    CLEARED = "cleared"


class Fraud(StrEnum):
    """What was found."""

    UNDERVALUATION = "undervaluation"
    MISCLASSIFICATION = "misclassification"
    ORIGIN = "origin"
    QUANTITY = "quantity"
    PHANTOM = "phantom"
    CONCEALMENT = "concealment"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Known:
    """One event: ``recorded_at`` is when this node learnt of it. ``found``: an inspection's or a review's yes or no."""

    kind: Kind
    at: datetime
    recorded_at: datetime
    found: bool = False
    duty: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class Label:
    """What was known: ``illicit`` None where nobody looked. ``duty``: assessed in addition, in dollars.
    ``since``: when it became known."""

    illicit: bool | None = None
    duty: Decimal = Decimal(0)
    since: datetime | None = None


def label(events: Iterable[Known], *, as_of: datetime) -> Label:
    """The label of one declaration as it was known at ``as_of``."""
    known = sorted((one for one in events if one.recorded_at <= as_of), key=lambda one: (one.recorded_at, one.at))
    illicit: bool | None = None
    duty = Decimal(0)
    since: datetime | None = None
    for one in known:
        if one.kind is Kind.INSPECTED:
            illicit = bool(illicit) or one.found
        elif one.kind is Kind.CLEARED:
            illicit, duty = False, Decimal(0)
        else:
            illicit = True
            duty += one.duty if one.kind is Kind.DUTY else 0
        since = one.recorded_at
    return Label(illicit, duty, since)
