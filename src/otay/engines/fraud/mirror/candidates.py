"""Which pairs are worth a comparison: records that share a reference, a conveyance, or trader and goods near in time.

A pair of a million records each cannot be compared with all others. Each block sorts the imports by a key and a day;
an export takes the nearest in time that have its key. Several blocks, none of which must be right, make up for typing
errors in any one of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from otay.engines.compiling import kernel
from otay.engines.fraud.mirror.comparing import NO_DAY
from otay.engines.fraud.mirror.records import Book

Ints = NDArray[np.int64]
#: Days from export to import that blocks look at.
EARLY, LATE = 10, 75
MASS_STEP = 0.02
NEAREST = 8


@kernel
def near_in_time(
    keys: Any, days: Any, sorted_keys: Any, sorted_days: Any, rows: Any, early: int, late: int, most: int,
    out_left: Any, out_right: Any,
) -> int:  # fmt: skip
    """For each export the ``most`` imports of its key nearest to its day; returns how many pairs were written."""
    written = 0
    size = len(sorted_keys)
    for left in range(len(keys)):
        key = keys[left]
        if key < 0:
            continue
        day = days[left]
        low, high = 0, size
        while low < high:
            middle = (low + high) // 2
            if sorted_keys[middle] < key or (sorted_keys[middle] == key and sorted_days[middle] < day):
                low = middle + 1
            else:
                high = middle
        after, before = low, low - 1
        taken = 0
        while taken < most:
            ahead = after < size and sorted_keys[after] == key and sorted_days[after] - day <= late
            behind = before >= 0 and sorted_keys[before] == key and day - sorted_days[before] <= early
            if not ahead and not behind:
                break
            # an import that follows is likelier than one that came before its export
            if ahead and (not behind or sorted_days[after] - day <= 3 * (day - sorted_days[before])):
                right = after
                after += 1
            else:
                right = before
                before -= 1
            out_left[written] = left
            out_right[written] = rows[right]
            written += 1
            taken += 1
    return written


def candidate_pairs(exports: Book, imports: Book, nearest: int = NEAREST) -> tuple[Ints, Ints]:
    """Rows of exports and imports that may belong together, each pair once, sorted by export."""
    days = _days(exports, imports)
    found = [
        _block(left, right, *days, early, late, most)
        for left, right, early, late, most in _blocks(exports, imports, nearest)
    ]
    packed = np.concatenate(found) if found else np.array([], np.int64)
    packed = np.sort(packed)
    packed = packed[np.concatenate([[True], packed[1:] != packed[:-1]])] if len(packed) else packed
    return packed >> 32, packed & 0xFFFFFFFF


def _days(exports: Book, imports: Book) -> tuple[Ints, Ints]:
    """Days of both books; a record without a date stands in the middle of all, so that a reference still finds it."""
    known = np.concatenate([book.day[book.day != NO_DAY] for book in (exports, imports)])
    middle = int(np.median(known)) if len(known) else 0
    if not all((book.day != NO_DAY).any() for book in (exports, imports)):
        return np.zeros(exports.size, np.int64), np.zeros(imports.size, np.int64)
    left, right = (np.where(book.day == NO_DAY, middle, book.day) for book in (exports, imports))
    return left, right


def _block(left: Ints, right: Ints, left_days: Ints, right_days: Ints, early: int, late: int, most: int) -> Ints:
    rows = np.flatnonzero(right >= 0)
    if not len(rows) or not (left >= 0).any():
        return np.array([], np.int64)
    rows = rows[np.lexsort((right_days[rows], right[rows]))]
    asked = np.flatnonzero(left >= 0)
    out_left, out_right = np.empty(len(asked) * most, np.int64), np.empty(len(asked) * most, np.int64)
    written = near_in_time(
        left[asked], left_days[asked], right[rows], right_days[rows], rows, early, late, most, out_left, out_right
    )
    return np.asarray((asked[out_left[:written]] << 32) | out_right[:written])


def _blocks(exports: Book, imports: Book, nearest: int) -> Any:
    """(keys of exports, keys of imports, days early, days late, most pairs) of each block."""
    forever = 4000
    for name in ("reference", "invoice", "transport_document"):
        yield exports.codes[name], imports.codes[name], forever, forever, 2 * nearest
    for name in ("container", "seal"):
        yield exports.codes[name], imports.codes[name], EARLY, LATE, nearest
    yield exports.codes["vehicle"], imports.codes["vehicle"], EARLY, 30, nearest
    both = (exports, imports)
    relation = [_joined(book.codes["exporter"], book.codes["importer"]) for book in both]
    relation = list(_renumbered(*relation))
    yield *(_joined(code, book.hs) for code, book in zip(relation, both, strict=True)), EARLY, LATE, nearest
    yield *relation, EARLY, 30, nearest
    for name in ("exporter", "importer"):
        parts = [_joined(book.codes[name], book.hs // 100) for book in both]
        yield *parts, EARLY, LATE, nearest
    for shift in (0.0, 0.5):
        bands = [_band(book.mass, shift) for book in both]
        yield *(_joined(book.hs, band) for book, band in zip(both, bands, strict=True)), EARLY, LATE, nearest
        for name in ("exporter", "importer"):
            yield (
                *(_joined(book.codes[name], band) for book, band in zip(both, bands, strict=True)),
                EARLY, LATE, nearest,
            )  # fmt: skip


def _joined(left: Ints, right: Ints) -> Ints:
    """One key for two; -1 where either is missing. Both are below two to the 31."""
    return np.where((left < 0) | (right < 0), -1, (left << 31) | right)


def _renumbered(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    values, codes = np.unique(np.concatenate([left, right]), return_inverse=True)
    codes = codes.reshape(-1) - int(values[0] == -1 if len(values) else 0)
    return codes[: len(left)], codes[len(left) :]


def _band(mass: NDArray[np.float64], shift: float) -> Ints:
    known = mass > 0
    band = np.floor(np.log(np.where(known, mass, 1.0)) / MASS_STEP + shift).astype(np.int64) + 2000
    return np.where(known & (band >= 0), band, -1)
