"""What was known of a trader, a route or a goods code on the day a declaration was lodged, and nothing later.

A row sees what was lodged on earlier days and the outcomes that became known on earlier days: not its own, not those of
the same day. Outcomes arrive late and only for what was inspected; each carries the day on which it became known. One
pass over rows sorted by day, two pointers that lag behind: what was lodged, what became known.

:class:`HistoryStore` keeps the same numbers between days: advanced day by day it equals the pass over all rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
#: The outcome of a declaration that nobody inspected.
NOT_INSPECTED = -1
#: ``last`` of a key that has not been seen.
NEVER = np.iinfo(np.int32).min


@dataclass(frozen=True, slots=True)
class Lodged:
    """For each row: earlier declarations of its key, the sum and number of their values, the day of the last."""

    count: NDArray[np.int32]
    total: Floats
    number: NDArray[np.int32]
    last: NDArray[np.int32]

    def mean(self) -> Floats:
        """Mean of the earlier values; NaN where there is none."""
        blank = np.full(len(self.total), np.nan)
        return np.asarray(np.divide(self.total, self.number, out=blank, where=self.number > 0), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """For each row: inspections of its key whose outcome was known, and how many of them found something."""

    checked: NDArray[np.int32]
    found: NDArray[np.int32]

    def rate(self, prior: float, strength: float) -> Floats:
        """Share found, drawn towards ``prior`` as if ``strength`` more inspections had shown it."""
        return np.asarray((self.found + prior * strength) / (self.checked + strength))


@kernel
def lodged_pass(
    codes: Any, days: Any, values: Any, count: Any, total: Any, number: Any, last: Any,
    out_count: Any, out_total: Any, out_number: Any, out_last: Any,
) -> None:  # fmt: skip
    """Fill the outputs for rows sorted by day; the state arrays (one place a code) take every row in."""
    past = 0
    size = len(codes)
    for row in range(size):
        day = days[row]
        while days[past] < day:
            code = codes[past]
            if code >= 0:
                count[code] += 1
                last[code] = days[past]
                if not np.isnan(values[past]):
                    total[code] += values[past]
                    number[code] += 1
            past += 1
        code = codes[row]
        if code >= 0:
            out_count[row] = count[code]
            out_total[row] = total[code]
            out_number[row] = number[code]
            out_last[row] = last[code]
    for row in range(past, size):
        code = codes[row]
        if code >= 0:
            count[code] += 1
            last[code] = days[row]
            if not np.isnan(values[row]):
                total[code] += values[row]
                number[code] += 1


@kernel
def outcome_pass(
    codes: Any, days: Any, due_codes: Any, due_days: Any, due_found: Any, checked: Any, found: Any,
    out_checked: Any, out_found: Any,
) -> int:  # fmt: skip
    """Fill the outputs for rows sorted by day from outcomes sorted by the day they became known.

    Returns how many outcomes were taken in.
    """
    due = 0
    waiting = len(due_codes)
    for row in range(len(codes)):
        day = days[row]
        while due < waiting and due_days[due] < day:
            code = due_codes[due]
            if code >= 0:
                checked[code] += 1
                found[code] += due_found[due]
            due += 1
        code = codes[row]
        if code >= 0:
            out_checked[row] = checked[code]
            out_found[row] = found[code]
    return due


def lodged_history(codes: Ints, days: Ints, values: Floats | None = None) -> Lodged:
    """What each row could know of earlier rows with its code. Rows sorted by day; codes from 0, -1 for unknown.

    Raises:
        ValueError: if the days are not sorted.
    """
    _sorted(days)
    store = _LodgedState.empty(int(codes.max(initial=-1)) + 1)
    return store.read(codes, days, np.full(len(codes), np.nan) if values is None else values)


def outcome_history(codes: Ints, days: Ints, known: Ints, outcome: NDArray[np.int8]) -> Outcomes:
    """What each row could know of outcomes of its code: those with ``known`` before its day.

    ``outcome``: 1 found, 0 nothing found, ``NOT_INSPECTED``. Rows sorted by day.

    Raises:
        ValueError: if the days are not sorted, or an outcome is known before its declaration was lodged.
    """
    _sorted(days)
    inspected = outcome >= 0
    if np.any(known[inspected] < days[inspected]):
        raise ValueError("an outcome cannot be known before the declaration was lodged")
    at = np.flatnonzero(inspected)
    at = at[np.argsort(known[at], kind="stable")]
    state = _OutcomeState.empty(int(codes.max(initial=-1)) + 1)
    return state.read(codes, days, codes[at], known[at], outcome[at])[0]


def _sorted(days: Ints) -> None:
    if np.any(days[1:] < days[:-1]):
        raise ValueError("rows must be sorted by day")


@dataclass(slots=True)
class _LodgedState:
    count: NDArray[np.int32]
    total: Floats
    number: NDArray[np.int32]
    last: NDArray[np.int32]

    @classmethod
    def empty(cls, size: int) -> _LodgedState:
        return cls(np.zeros(size, np.int32), np.zeros(size), np.zeros(size, np.int32), np.full(size, NEVER, np.int32))

    def grow(self, size: int) -> None:
        more = size - len(self.count)
        if more > 0:
            self.count, self.number = np.pad(self.count, (0, more)), np.pad(self.number, (0, more))
            self.total = np.pad(self.total, (0, more))
            self.last = np.pad(self.last, (0, more), constant_values=NEVER)

    def read(self, codes: Ints, days: Ints, values: Floats) -> Lodged:
        size = len(codes)
        out = Lodged(np.zeros(size, np.int32), np.zeros(size), np.zeros(size, np.int32), np.full(size, NEVER, np.int32))
        lodged_pass(
            codes, days, values, self.count, self.total, self.number, self.last,
            out.count, out.total, out.number, out.last,
        )  # fmt: skip
        return out


@dataclass(slots=True)
class _OutcomeState:
    checked: NDArray[np.int32]
    found: NDArray[np.int32]

    @classmethod
    def empty(cls, size: int) -> _OutcomeState:
        return cls(np.zeros(size, np.int32), np.zeros(size, np.int32))

    def grow(self, size: int) -> None:
        more = size - len(self.checked)
        if more > 0:
            self.checked, self.found = np.pad(self.checked, (0, more)), np.pad(self.found, (0, more))

    def read(
        self, codes: Ints, days: Ints, due_codes: Ints, due_days: Ints, due_found: NDArray[np.int8]
    ) -> tuple[Outcomes, int]:
        out = Outcomes(np.zeros(len(codes), np.int32), np.zeros(len(codes), np.int32))
        taken = outcome_pass(
            codes, days, due_codes, due_days, due_found, self.checked, self.found, out.checked, out.found
        )
        return out, taken


@dataclass(slots=True)
class HistoryStore:
    """The history of one kind of key, kept between days: read and advance with each day's declarations."""

    codes: dict[str, int] = field(default_factory=dict)
    day: int | None = None
    _lodged: _LodgedState = field(default_factory=lambda: _LodgedState.empty(0))
    _outcomes: _OutcomeState = field(default_factory=lambda: _OutcomeState.empty(0))
    _waiting: list[tuple[int, int, int]] = field(default_factory=list)

    def advance(self, day: int, keys: list[str], values: Floats | None = None) -> tuple[Lodged, Outcomes]:
        """What was known on ``day`` of the keys of its declarations, which are then taken in.

        All declarations of a day come in one call: those of one day do not see one another.

        Raises:
            ValueError: if ``day`` is not after the day before.
        """
        if self.day is not None and day <= self.day:
            raise ValueError(f"day {day} is not after day {self.day}: a day is taken in once, in order")
        codes = np.array([self._code(key) for key in keys], np.int64)
        days = np.full(len(codes), day, np.int64)
        lodged = self._lodged.read(codes, days, np.full(len(codes), np.nan) if values is None else values)
        due = sorted((item for item in self._waiting if item[1] < day), key=lambda item: item[1])
        ready = np.array(due, np.int64).reshape(-1, 3)
        # outcomes are taken in even on a day without declarations
        asked = codes if len(codes) else np.array([-1])
        when = days if len(codes) else np.array([day])
        outcomes, _ = self._outcomes.read(asked, when, ready[:, 0], ready[:, 1], ready[:, 2].astype(np.int8))
        self._waiting = [item for item in self._waiting if item[1] >= day]
        self.day = day
        return lodged, Outcomes(outcomes.checked[: len(codes)], outcomes.found[: len(codes)])

    def learn(self, keys: list[str], known: Ints, outcome: NDArray[np.int8]) -> None:
        """Outcomes and the days on which they become known, which may lie ahead but not before the last day read.

        Raises:
            ValueError: if an outcome became known before the last day that was read.
        """
        for key, day, found in zip(keys, known.tolist(), outcome.tolist(), strict=True):
            if found < 0:
                continue
            if self.day is not None and day < self.day:
                raise ValueError(f"an outcome of day {day} comes too late: day {self.day} was read without it")
            self._waiting.append((self._code(key), day, found))

    def as_record(self) -> dict[str, Any]:
        """Plain lists, for JSON."""
        return {
            "day": self.day,
            "keys": list(self.codes),
            "lodged": [getattr(self._lodged, name).tolist() for name in ("count", "total", "number", "last")],
            "outcomes": [self._outcomes.checked.tolist(), self._outcomes.found.tolist()],
            "waiting": self._waiting,
        }

    @classmethod
    def from_record(cls, record: dict[str, Any]) -> HistoryStore:
        """Read back what :meth:`as_record` gave."""
        count, total, number, last = record["lodged"]
        return cls(
            {key: code for code, key in enumerate(record["keys"])},
            record["day"],
            _LodgedState(
                np.array(count, np.int32), np.array(total, float), np.array(number, np.int32), np.array(last, np.int32)
            ),
            _OutcomeState(*(np.array(part, np.int32) for part in record["outcomes"])),
            [(int(code), int(day), int(found)) for code, day, found in record["waiting"]],
        )

    def _code(self, key: str) -> int:
        code = self.codes.setdefault(key, len(self.codes))
        if code >= len(self._lodged.count):
            size = max(64, 2 * code + 1)
            self._lodged.grow(size)
            self._outcomes.grow(size)
        return code
