"""What is allowed: how a version of a scenario stands, who may take it further, what an observation must say."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum

from otay.core.errors import Conflict, Forbidden, Refused
from otay.core.i18n import N_


class Standing(StrEnum):
    """Where a version stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"


class Step(StrEnum):
    """What somebody did with a version. A comment changes nothing."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    COMMENTED = "commented"


class Origin(StrEnum):
    """How a version came to be."""

    DEFAULT = "default"
    EDITED = "edited"
    UPLOADED = "uploaded"
    COPIED = "copied"
    STAFFING = "staffing"
    HOURS = "hours"
    LANES = "lanes"
    INFRASTRUCTURE = "infrastructure"
    CALIBRATED = "calibrated"


SEARCHES = (Origin.STAFFING, Origin.HOURS, Origin.LANES, Origin.INFRASTRUCTURE)

_MOVES: dict[tuple[Standing, Step], Standing] = {
    (Standing.DRAFT, Step.SUBMITTED): Standing.SUBMITTED,
    (Standing.RETURNED, Step.SUBMITTED): Standing.SUBMITTED,
    (Standing.SUBMITTED, Step.APPROVED): Standing.APPROVED,
    (Standing.SUBMITTED, Step.RETURNED): Standing.RETURNED,
    (Standing.SUBMITTED, Step.WITHDRAWN): Standing.DRAFT,
    (Standing.APPROVED, Step.WITHDRAWN): Standing.DRAFT,
}


def after(standing: Standing, step: Step) -> Standing:
    """Where a version stands after ``step``.

    Raises:
        Conflict: when the step is not one that it can take now.
    """
    if step is Step.COMMENTED:
        return standing
    found = _MOVES.get((standing, step))
    if found is None:
        raise Conflict(N_("A version that is %(standing)s cannot be %(step)s"), standing=str(standing), step=str(step))
    return found


def standing_of(steps: Iterable[str]) -> Standing:
    """Where a version stands after its steps, oldest first."""
    found = Standing.DRAFT
    for step in steps:
        found = after(found, Step(step))
    return found


def possible(standing: Standing) -> list[Step]:
    """Steps that a version can take now, a comment apart."""
    return [step for (at, step) in _MOVES if at is standing]


def check_four_eyes(actor: str, author: str, submitter: str) -> None:
    """Who made or submitted a version does not approve it: four eyes look at it.

    Raises:
        Forbidden: when ``actor`` is one of the two.
    """
    if actor in {author, submitter}:
        raise Forbidden(N_("Who made or submitted a version cannot approve it: another person must look at it"))


class Method(StrEnum):
    """How a wait was measured."""

    MANUAL = "manual"
    RFID = "rfid"
    BLUETOOTH = "bluetooth"
    LOOP = "loop"
    API = "api"


class Quality(StrEnum):
    """How far an observation is to be trusted: a quarter, half or all of the weight of a measured one."""

    MEASURED = "measured"
    ESTIMATED = "estimated"
    DOUBTFUL = "doubtful"


MOST_WAIT_MINUTES = 1440.0


def check_observation(minutes: float, at: datetime, now: datetime) -> None:
    """An observation can be true: a wait of up to a day, not of the future.

    Raises:
        Refused: when it cannot.
    """
    if not 0 <= minutes <= MOST_WAIT_MINUTES:
        raise Refused(N_("A wait is between 0 and 1,440 minutes, not %(minutes)s"), minutes=f"{minutes:g}")
    if at.astimezone(UTC) > now:
        raise Refused(N_("%(at)s has not come yet"), at=at.isoformat())


MOST_VEHICLES = 400_000_000
MOST_REPLICATIONS = 500


def check_work(vehicles: float, replications: int) -> None:
    """A run is not larger than a node can take.

    Raises:
        Refused: when it is.
    """
    if not 2 <= replications <= MOST_REPLICATIONS:
        raise Refused(
            N_("Replications must lie between 2 and %(most)s, not %(count)s"),
            most=MOST_REPLICATIONS,
            count=replications,
        )
    if vehicles * replications > MOST_VEHICLES:
        raise Refused(
            N_("This run would play %(vehicles)s vehicles; a node plays at most %(most)s in one run. Take fewer days "
               "or replications."),
            vehicles=f"{vehicles * replications:,.0f}",
            most=f"{MOST_VEHICLES:,}",
        )  # fmt: skip
