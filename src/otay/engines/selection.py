"""Which lane a subject goes to: by score, by a rule that forces a lane, or by lot.

The lot is a keyed hash of the subject's own key. Whoever lacks the node's secret cannot predict it, the node can
reproduce it years later, and it does not depend on order, batch or load. Subjects drawn by lot are marked whatever
the rules say of them: together they are a simple random sample of all traffic, the unbiased yardstick for the rules.

Lanes and the reserved random minimum follow the selectivity practice of customs systems such as ASYCUDA.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_

_PURPOSE = b"otay.selection.v1\x00"
_ALL = 1 << 256


class Lane(StrEnum):
    """What happens to a consignment, strictest first.

    Red: physical examination. Yellow: documents or non-intrusive inspection. Blue: audit after release. Green: release.
    """

    RED = "red"
    YELLOW = "yellow"
    BLUE = "blue"
    GREEN = "green"


CHECKED = (Lane.RED, Lane.YELLOW, Lane.BLUE)
_STRICTNESS = {lane: rank for rank, lane in enumerate(Lane)}

Shares = Mapping[Lane, Fraction]


def strictest(lanes: Iterable[Lane]) -> Lane:
    """The strictest of ``lanes``; green when there are none."""
    return min(lanes, key=_STRICTNESS.__getitem__, default=Lane.GREEN)


@dataclass(frozen=True, slots=True)
class Policy:
    """Least score for each checked lane, and the share of all subjects sent to each by lot.

    ``office_shares`` replaces ``shares`` at the offices it names (a stratified draw: each office its own share).
    """

    thresholds: Mapping[Lane, int]
    shares: Shares = field(default_factory=dict)
    office_shares: Mapping[str, Shares] = field(default_factory=dict)
    _everywhere: tuple[tuple[int, Lane], ...] = field(init=False, repr=False, compare=False)
    _at_office: Mapping[str, tuple[tuple[int, Lane], ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        findings = [*_threshold_findings(self.thresholds), *_share_findings("/shares", self.shares)]
        for office, shares in self.office_shares.items():
            findings += _share_findings(f"/office_shares/{office}", shares)
        if findings:
            raise Refused(N_("The selection policy cannot be used"), findings=findings)
        object.__setattr__(self, "_everywhere", _edges(self.shares))
        object.__setattr__(self, "_at_office", {office: _edges(one) for office, one in self.office_shares.items()})

    def lane_of_score(self, score: int) -> Lane:
        """The strictest lane whose threshold ``score`` reaches."""
        for lane in CHECKED:
            if score >= self.thresholds[lane]:
                return lane
        return Lane.GREEN

    def lane_of_lot(self, lot: int, office: str) -> Lane | None:
        """The lane that ``lot`` falls into at ``office``, or None."""
        return _lane_below(lot, self._at_office.get(office, self._everywhere))


def _threshold_findings(thresholds: Mapping[Lane, int]) -> list[Finding]:
    if set(thresholds) != set(CHECKED):
        return [
            error(
                "/thresholds",
                "selection.thresholds",
                N_("Give one threshold for each of red, yellow and blue"),
                ", ".join(sorted(thresholds)),
            )
        ]
    if not thresholds[Lane.RED] > thresholds[Lane.YELLOW] > thresholds[Lane.BLUE]:
        return [
            error(
                "/thresholds",
                "selection.thresholds_order",
                N_("A stricter lane needs a higher threshold: red above yellow above blue"),
                ", ".join(str(thresholds[lane]) for lane in CHECKED),
            )
        ]
    return []


def _share_findings(place: str, shares: Shares) -> list[Finding]:
    found = [
        error(
            f"{place}/{lane}",
            "selection.share",
            N_("A random share is a number from 0 to 1 for red, yellow or blue"),
            share,
        )
        for lane, share in shares.items()
        if lane not in CHECKED or not 0 <= share <= 1
    ]
    if not found and sum(shares.values()) > 1:
        found.append(
            error(
                place,
                "selection.shares_sum",
                N_("The random shares add up to more than the whole traffic"),
                sum(shares.values()),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class Choice:
    """Where a subject goes. ``rule_lane`` is what rules alone would have said; ``random``: drawn by lot."""

    lane: Lane
    rule_lane: Lane
    random: bool


def draw(secret: bytes, key: str) -> int:
    """The lot of ``key``: a number from 0 to 2**256 - 1, uniform to whoever does not hold ``secret`` (HMAC-SHA256)."""
    return int.from_bytes(hmac.digest(secret, _PURPOSE + key.encode(), hashlib.sha256), "big")


def drawn_lane(lot: int, shares: Shares) -> Lane | None:
    """The lane that ``lot`` falls into, or None.

    The lanes lie one after another from zero, strictest first, so a larger share never loses a subject that a smaller
    one had drawn.
    """
    return _lane_below(lot, _edges(shares))


def _edges(shares: Shares) -> tuple[tuple[int, Lane], ...]:
    """Each lane with the first lot beyond it: the exact share of 2**256, rounded up to a whole lot."""
    edges, total = [], Fraction(0)
    for lane in CHECKED:
        total += shares.get(lane, Fraction(0))
        edges.append((ceil(total * _ALL), lane))
    return tuple(edges)


def _lane_below(lot: int, edges: tuple[tuple[int, Lane], ...]) -> Lane | None:
    for edge, lane in edges:
        if lot < edge:
            return lane
    return None


def choose(
    policy: Policy, secret: bytes, *, key: str, score: int, forced: Iterable[Lane] = (), office: str = ""
) -> Choice:
    """The lane of the subject ``key``: the strictest of score, forced lanes and the lot."""
    rule_lane = strictest((policy.lane_of_score(score), *forced))
    by_lot = policy.lane_of_lot(draw(secret, key), office)
    if by_lot is None:
        return Choice(rule_lane, rule_lane, random=False)
    return Choice(strictest((rule_lane, by_lot)), rule_lane, random=True)
