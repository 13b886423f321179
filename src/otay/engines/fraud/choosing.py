"""Who is looked at, with the officers there are: red, yellow, query, blue and green lanes for each office.

Part of the capacity is drawn by lot from everybody, whatever the ranking says (see :mod:`otay.engines.selection`): it
is the unbiased yardstick, and it keeps the ranking alive when fraud changes. Another part may explore: those of whom
least is known. Criteria that force a lane come next, the ranking fills the rest. The same input and the same secret
give the same choice, in any order.

After ASYCUDA's selectivity (lanes, rates by office, minimum random rate); published trials of partial inspection find
that a ranking without a random part can collapse when trade changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.engines.selection import draw


class Lane(StrEnum):
    """What happens to a declaration, strictest first."""

    RED = "red"  # physical examination
    YELLOW = "yellow"  # documents, or a look without opening
    QUERY = "query"  # a question to the trader or to the neighbour
    BLUE = "blue"  # audit after release
    GREEN = "green"  # release


CHECKED = (Lane.RED, Lane.YELLOW, Lane.QUERY, Lane.BLUE)
LANE_TEXTS = {
    Lane.RED: N_("red: examine the goods"),
    Lane.YELLOW: N_("yellow: check the documents"),
    Lane.QUERY: N_("query: ask the trader or the neighbour"),
    Lane.BLUE: N_("blue: audit after release"),
    Lane.GREEN: N_("green: release"),
}


class Why(StrEnum):
    """What brought a declaration into its lane."""

    RANDOM = "random"
    CRITERION = "criterion"
    RANK = "rank"
    EXPLORATION = "exploration"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    """One declaration. ``priority``: higher is looked at first; ``uncertainty``: how little is known (0 to 1).

    ``forced``: lanes that criteria ask for; ``trusted``: its trader is certified (competes for a bounded share only).
    """

    key: str
    office: str
    priority: float
    uncertainty: float = 0.0
    forced: tuple[Lane, ...] = ()
    trusted: bool = False


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many declarations each lane of each office takes; a fraction below one is a share of the office's own.

    ``by_office`` replaces ``default`` at the offices it names.
    """

    default: Mapping[Lane, Fraction]
    by_office: Mapping[str, Mapping[Lane, Fraction]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        findings = [
            error(
                f"/capacity/{office}/{lane}",
                "select.capacity",
                N_("A capacity is a whole number, or a share below one, for red, yellow, query or blue"),
                value,
            )
            for office, lanes in (("default", self.default), *self.by_office.items())
            for lane, value in lanes.items()
            if lane not in CHECKED or value < 0 or (value >= 1 and value.denominator != 1)
        ]
        if findings:
            raise Refused(N_("The capacity cannot be used"), findings=findings)

    def of(self, office: str, count: int) -> dict[Lane, int]:
        """Places in each lane of ``office``, which has ``count`` declarations; a share is rounded up."""
        lanes = self.by_office.get(office, self.default)
        return {
            lane: int(value) if value >= 1 else ceil(value * count)
            for lane in CHECKED
            if (value := lanes.get(lane, Fraction(0)))
        }


@dataclass(frozen=True, slots=True)
class Shares:
    """Parts of the capacity: by lot, by exploration, and the most that trusted traders may fill of the ranked part."""

    random: Fraction = Fraction(1, 10)
    exploration: Fraction = Fraction(0)
    trusted: Fraction = Fraction(1, 10)

    def __post_init__(self) -> None:
        findings = [
            error(f"/{name}", "select.share", N_("A share is a number from 0 to 1"), getattr(self, name))
            for name in ("random", "exploration", "trusted")
            if not 0 <= getattr(self, name) <= 1
        ]
        if not findings and self.random + self.exploration > 1:
            findings = [
                error(
                    "/exploration",
                    "select.shares_sum",
                    N_("The random and the exploring part together are more than the whole capacity"),
                    self.random + self.exploration,
                )
            ]
        if findings:
            raise Refused(N_("The shares cannot be used"), findings=findings)


USUAL = Shares()


@dataclass(frozen=True, slots=True)
class Chosen:
    """Where a declaration goes. ``drawn``: by lot, also where another reason would have chosen it.

    ``rank``: its place by priority in its office, from 1. ``over``: a criterion forced it though its lane was full.
    """

    key: str
    office: str
    lane: Lane
    why: Why
    rank: int
    drawn: bool
    over: bool = False


def choose_all(
    candidates: Sequence[Candidate], capacity: Capacity, secret: bytes, shares: Shares = USUAL
) -> list[Chosen]:
    """The lane of every candidate, in their order.

    Raises:
        Refused: when a key comes twice, or a priority is not a number.
    """
    findings = list(_candidate_findings(candidates))
    if findings:
        raise Refused(N_("The declarations cannot be selected from"), findings=findings)
    offices: dict[str, list[int]] = {}
    for place, candidate in enumerate(candidates):
        offices.setdefault(candidate.office, []).append(place)
    chosen: dict[int, Chosen] = {}
    for office, places in offices.items():
        office_candidates = [candidates[place] for place in places]
        found = _Office(office_candidates, capacity.of(office, len(places)), secret, shares).choose()
        chosen.update(zip(places, found, strict=True))
    return [chosen[place] for place in range(len(candidates))]


def _candidate_findings(candidates: Sequence[Candidate]) -> list[Finding]:
    findings, seen = [], set()
    for candidate in candidates:
        if candidate.key in seen:
            findings.append(
                error(f"/{candidate.key}", "select.twice", N_("The declaration stands here twice"), candidate.key)
            )
        seen.add(candidate.key)
        if not np.isfinite(candidate.priority):
            findings.append(
                error(
                    f"/{candidate.key}",
                    "select.priority",
                    N_("The priority of a declaration is a number"),
                    candidate.priority,
                )
            )
    return findings


class _Office:
    """The choice of one office: lots first, then criteria, exploration and rank fill what is left."""

    def __init__(
        self, candidates: Sequence[Candidate], places: Mapping[Lane, int], secret: bytes, shares: Shares
    ) -> None:
        self.candidates = candidates
        self.left = dict(places)
        self.total = sum(places.values())
        self.shares = shares
        self.lots = [draw(secret, candidate.key) for candidate in candidates]
        by_rank = sorted(
            range(len(candidates)), key=lambda at: (-candidates[at].priority, self.lots[at], candidates[at].key)
        )
        self.order = by_rank
        self.rank = {at: place for place, at in enumerate(by_rank, 1)}
        self.result: dict[int, tuple[Lane, Why, bool]] = {}

    def choose(self) -> list[Chosen]:
        drawn = self._draw()
        self._force()
        self._explore()
        self._fill()
        return [
            Chosen(
                candidate.key,
                candidate.office,
                *self.result.get(at, (Lane.GREEN, Why.NONE, False))[:2],
                rank=self.rank[at],
                drawn=at in drawn,
                over=self.result.get(at, (None, None, False))[2],
            )
            for at, candidate in enumerate(self.candidates)
        ]

    def _draw(self) -> set[int]:
        """The smallest lots of all: a simple random sample, its lanes in proportion to their capacity."""
        count = min(ceil(self.shares.random * self.total), len(self.candidates))
        drawn = sorted(range(len(self.candidates)), key=lambda at: (self.lots[at], self.candidates[at].key))[:count]
        shares = {lane: places / self.total for lane, places in self.left.items()} if self.total else {}
        given = dict.fromkeys(shares, 0)
        for number, at in enumerate(drawn, 1):
            lane = max(shares, key=lambda one: (shares[one] * number - given[one], -CHECKED.index(one)))
            given[lane] += 1
            self._put(at, lane, Why.RANDOM)
        return set(drawn)

    def _force(self) -> None:
        for at in self.order:
            lanes = self.candidates[at].forced
            if not lanes:
                continue
            lane = min(lanes, key=CHECKED.index)
            if at in self.result:
                current = self.result[at][0]
                if CHECKED.index(lane) >= CHECKED.index(current):
                    continue
                self.left[current] = self.left.get(current, 0) + 1
            self._put(at, lane, Why.CRITERION, over=self.left.get(lane, 0) <= 0)

    def _explore(self) -> None:
        count = ceil(self.shares.exploration * self.total)
        unknown = sorted(
            (at for at in self.order if at not in self.result and self.candidates[at].uncertainty > 0),
            key=lambda at: (-self.candidates[at].uncertainty, self.lots[at]),
        )
        for at in unknown[:count]:
            if (lane := self._open_lane()) is None:
                return
            self._put(at, lane, Why.EXPLORATION)

    def _fill(self) -> None:
        trusted_left = int(self.shares.trusted * sum(max(0, places) for places in self.left.values()))
        for at in self.order:
            if (lane := self._open_lane()) is None:
                return
            if at in self.result:
                continue
            if self.candidates[at].trusted:
                if trusted_left <= 0:
                    continue
                trusted_left -= 1
            self._put(at, lane, Why.RANK)

    def _open_lane(self) -> Lane | None:
        return next((lane for lane in CHECKED if self.left.get(lane, 0) > 0), None)

    def _put(self, at: int, lane: Lane, why: Why, *, over: bool = False) -> None:
        self.left[lane] = self.left.get(lane, 0) - 1
        self.result[at] = (lane, why, over)


@dataclass(frozen=True, slots=True)
class Hits:
    """How one group of inspected declarations did: ``low`` and ``high`` bound the hit rate (95 %, Wilson)."""

    group: str
    inspected: int
    found: int
    rate: float
    low: float
    high: float
    duty: float


def hit_rates(groups: Sequence[str], found: NDArray[Any], duty: NDArray[Any] | None = None) -> list[Hits]:
    """Hit rate and duty recovered by lane, by criterion, or by whatever ``groups`` names; the largest group first.

    Only inspected declarations belong here. The group drawn by lot is the yardstick for the others.
    """
    names = np.array(groups)
    rows = []
    for group in sorted(set(groups)):
        mask = names == group
        count, hits = int(mask.sum()), int(np.asarray(found)[mask].sum())
        low, high = wilson(hits, count)
        money = 0.0 if duty is None else float(np.nansum(np.asarray(duty, float)[mask]))
        rows.append(Hits(group, count, hits, hits / count, low, high, money))
    return sorted(rows, key=lambda row: -row.inspected)


def wilson(found: int, count: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's interval (1927) for a share; (0, 1) when nothing was counted."""
    if not count:
        return 0.0, 1.0
    share, extra = found / count, z * z / count
    middle = (share + extra / 2) / (1 + extra)
    half = z * ((share * (1 - share) + extra / 4) / count) ** 0.5 / (1 + extra)
    return max(0.0, middle - half), min(1.0, middle + half)
