"""Where positions stand to a route: exact distance to its line, and how far along it they are.

The metric is that of :func:`otay.core.geography.distance_to_line`: each piece of the line is straight on a plane that
touches the globe at the position. A uniform grid holds, for every cell, the pieces that come within one cell
of it, so that a position near the route looks at a handful of them; one far away looks at the boxes of blocks of
pieces. One function does the work: as plain Python, or compiled by numba where numba is installed and there are enough
positions to be worth its start (decision 0121).
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import cache, cached_property
from itertools import accumulate, chain, pairwise
from typing import Any, NamedTuple

from otay.core.geography import EARTH_RADIUS, Position, haversine

RADIANS = math.radians(1)
METRES_PER_DEGREE = RADIANS * EARTH_RADIUS
COMPILED_FROM = 50_000
"""Positions from which compiling pays."""
BLOCK = 16
"""Pieces whose common box is looked at before they are."""
MAX_POSITIONS = 1_000_000
_CELLS_PER_PIECE = 36
_ENTRIES_PER_PIECE = 64


class Located(NamedTuple):
    """Distance to the line and progress along it, both in metres; progress counts from the line's first position."""

    distance: float
    progress: float


def _locate_all(  # noqa: C901  one function without calls, so that it compiles whole
    lons: Any,
    lats: Any,
    reached: Any,
    west: float,
    south: float,
    cell_x: float,
    cell_y: float,
    columns: int,
    rows: int,
    starts: Any,
    members: Any,
    corners: Any,
    boxes: Any,
    distances: Any,
    progress: Any,
) -> None:
    """Fill ``distances`` and ``progress`` for every position."""
    pieces = len(reached) - 1
    in_order = len(members) - pieces
    blocks = (pieces + BLOCK - 1) // BLOCK
    wide = 4 * blocks
    per_x, per_y = 1.0 / cell_x, 1.0 / cell_y
    for index in range(len(lons)):
        lon, lat = lons[index], lats[index]
        if not (-720.0 <= lon <= 720.0 and -90.0 <= lat <= 90.0):
            distances[index] = math.nan
            progress[index] = math.nan
            continue
        scale_x = METRES_PER_DEGREE * math.cos(lat * RADIANS)
        at_x, at_y = (lon - west) * per_x, (lat - south) * per_y
        column, row = math.floor(at_x), math.floor(at_y)
        inside = 0 <= column < columns and 0 <= row < rows
        cell = min(max(row, 0), rows - 1) * columns + min(max(column, 0), columns - 1)
        best, best_piece, best_along = math.inf, pieces, 0.0
        block, begin, end = -1, starts[cell], starts[cell + 1]
        while True:
            for place in range(begin, end):
                piece = members[place]
                ax, ay = (corners[2 * piece] - lon) * scale_x, (corners[2 * piece + 1] - lat) * METRES_PER_DEGREE
                dx = (corners[2 * piece + 2] - lon) * scale_x - ax
                dy = (corners[2 * piece + 3] - lat) * METRES_PER_DEGREE - ay
                along, square = -(ax * dx + ay * dy), dx * dx + dy * dy
                along = 0.0 if along <= 0.0 else 1.0 if along >= square else along / square
                off_x, off_y = ax + along * dx, ay + along * dy
                away = off_x * off_x + off_y * off_y
                # of two that are equally near the earlier one, in whatever order they are looked at
                if away < best or (away == best and piece < best_piece):
                    best, best_piece, best_along = away, piece, along
            if block < 0 and inside:
                # a piece that the cell does not hold is a whole cell away from it
                clear_x = (1.0 + min(at_x - column, column + 1 - at_x)) * cell_x * scale_x
                clear_y = (1.0 + min(at_y - row, row + 1 - at_y)) * cell_y * METRES_PER_DEGREE
                if best <= min(clear_x, clear_y) ** 2:
                    break
            # not settled by the cell: every block of pieces whose box is not further than the best so far
            block += 1
            while block < blocks:
                box = 4 * (block // BLOCK) + wide if block % BLOCK == 0 else 4 * block
                while True:
                    off_x = max(boxes[box] - lon, lon - boxes[box + 1], 0.0) * scale_x
                    off_y = max(boxes[box + 2] - lat, lat - boxes[box + 3], 0.0) * METRES_PER_DEGREE
                    near = off_x * off_x + off_y * off_y <= best
                    if not near or box < wide:
                        break
                    box = 4 * block
                if near:
                    break
                block += BLOCK if box >= wide else 1
            if block >= blocks:
                break
            begin, end = in_order + block * BLOCK, in_order + min(block * BLOCK + BLOCK, pieces)
        distances[index] = math.sqrt(best)
        progress[index] = reached[best_piece] + best_along * (reached[best_piece + 1] - reached[best_piece])


@cache
def _compiled() -> Callable[..., None] | None:
    """The same function compiled, or None where numba is not installed."""
    try:
        from numba import njit
    except ImportError:
        return None
    compiled: Callable[..., None] = njit(cache=True, nogil=True, error_model="numpy")(_locate_all)
    return compiled


class Corridor:
    """A route as a line of positions, ready to be asked."""

    def __init__(self, line: Sequence[Position]) -> None:
        """Raises ValueError for a line without length, beyond the bound, or off the globe."""
        if not 2 <= len(line) <= MAX_POSITIONS:
            raise ValueError("a route has between 2 and a million positions")
        if not all(abs(lon) <= 360 and abs(lat) < 89.9 for lon, lat in line):
            raise ValueError("a position of the route is not on the globe")
        self.line = tuple((float(lon), float(lat)) for lon, lat in line)
        self.reached = list(accumulate((haversine(a, b) for a, b in pairwise(self.line)), initial=0.0))
        if not self.length > 0:
            raise ValueError("a route has a length")

    @property
    def length(self) -> float:
        """Metres from the first to the last position along the line."""
        return self.reached[-1]

    def locate(self, position: Position) -> Located:
        """Where one position stands."""
        distances, progress = self.locate_all([position[0]], [position[1]], compiled=False)
        return Located(distances[0], progress[0])

    def locate_all(
        self, lons: Sequence[float], lats: Sequence[float], *, compiled: bool | None = None
    ) -> tuple[Sequence[float], Sequence[float]]:
        """Distances and progress of many positions; NaN for what is no position.

        Args:
            lons: longitudes in degrees; lists, or numpy arrays of float64.
            lats: latitudes, as many.
            compiled: whether to use the compiled function; by default where it is there and pays.
        """
        if compiled is None:
            compiled = len(lons) >= COMPILED_FROM and _compiled() is not None
        if not compiled:
            distances, progress = [0.0] * len(lons), [0.0] * len(lons)
            plain: Callable[..., None] = _locate_all
            plain(lons, lats, *self._grid, distances, progress)
            return distances, progress
        import numpy as np

        kernel = _compiled()
        if kernel is None:
            raise RuntimeError("numba is not installed")
        found = np.empty((2, len(lons)))
        kernel(np.asarray(lons, float), np.asarray(lats, float), *self._arrays, found[0], found[1])
        return found[0], found[1]

    def at(self, progress: float) -> Position:
        """The position so many metres along the line; its ends for what lies beyond them."""
        if progress <= 0:
            return self.line[0]
        if progress >= self.length:
            return self.line[-1]
        piece = bisect_right(self.reached, progress) - 1
        (ax, ay), (bx, by) = self.line[piece], self.line[piece + 1]
        share = (progress - self.reached[piece]) / (self.reached[piece + 1] - self.reached[piece])
        return ax + share * (bx - ax), ay + share * (by - ay)

    @cached_property
    def _grid(self) -> tuple[Any, ...]:
        xs, ys = [lon for lon, _ in self.line], [lat for _, lat in self.line]
        west, south = min(xs), min(ys)
        narrow = math.cos(math.radians(max(abs(min(ys)), abs(max(ys)))))
        width, height = (max(xs) - west) * METRES_PER_DEGREE, (max(ys) - south) * METRES_PER_DEGREE
        pieces = len(xs) - 1
        side = max(self.length / pieces, math.sqrt(width * height / (_CELLS_PER_PIECE * pieces)), 1.0)
        while True:
            cell_y = side / METRES_PER_DEGREE
            cell_x = cell_y / narrow
            columns, rows = int(width / METRES_PER_DEGREE / cell_x) + 1, int(height / METRES_PER_DEGREE / cell_y) + 1
            boxes = self._boxes(west, south, cell_x, cell_y, columns, rows)
            entries = sum((right - left) * (top - bottom) for left, right, bottom, top in boxes)
            if entries <= _ENTRIES_PER_PIECE * pieces or (columns == 1 and rows == 1):
                break
            side *= 1.5
        starts, members = _filled(boxes, columns, rows)
        # after the cells all pieces in their order, for the blocks
        members.extend(range(pieces))
        corners = [value for position in self.line for value in position]
        numbers = (west, south, cell_x, cell_y, columns, rows)
        return self.reached, *numbers, starts, members, corners, _boxed(xs, ys)

    def _boxes(
        self, west: float, south: float, cell_x: float, cell_y: float, columns: int, rows: int
    ) -> list[tuple[int, int, int, int]]:
        """For each piece the cells that its box touches, a cell wider on each side."""
        boxes = []
        for (ax, ay), (bx, by) in pairwise(self.line):
            left, right = sorted(((ax - west) / cell_x, (bx - west) / cell_x))
            bottom, top = sorted(((ay - south) / cell_y, (by - south) / cell_y))
            boxes.append(
                (
                    max(0, math.floor(left) - 1),
                    min(columns, math.floor(right) + 2),
                    max(0, math.floor(bottom) - 1),
                    min(rows, math.floor(top) + 2),
                )
            )
        return boxes

    @cached_property
    def _arrays(self) -> tuple[Any, ...]:
        import numpy as np

        reached, *numbers, starts, members, corners, boxes = self._grid
        return np.array(reached), *numbers, np.array(starts), np.array(members), np.array(corners), np.array(boxes)


def _boxed(xs: Sequence[float], ys: Sequence[float]) -> list[float]:
    """West, east, south and north of each block of pieces, then of each block of blocks."""
    found: list[float] = []
    for size in (BLOCK, BLOCK * BLOCK):
        for begin in range(0, len(xs) - 1, size):
            some_x, some_y = xs[begin : begin + size + 1], ys[begin : begin + size + 1]
            found += (min(some_x), max(some_x), min(some_y), max(some_y))
    return found


def _filled(boxes: Sequence[tuple[int, int, int, int]], columns: int, rows: int) -> tuple[array[int], array[int]]:
    """The pieces of all cells one after the other, and where each cell begins; a cell without any has one not far."""
    cells: list[list[int]] = [[] for _ in range(columns * rows)]
    for piece, (left, right, bottom, top) in enumerate(boxes):
        for row in range(bottom, top):
            for cell in range(row * columns + left, row * columns + right):
                cells[cell].append(piece)
    pending = deque(cell for cell, held in enumerate(cells) if held)
    while pending:
        cell = pending.popleft()
        row, column = divmod(cell, columns)
        for beside in _around(column, row, columns, rows):
            if not cells[beside]:
                cells[beside] = cells[cell][:1]
                pending.append(beside)
    # packed: a node keeps the routes of hundreds of movements at hand
    return array("i", accumulate(map(len, cells), initial=0)), array("i", chain.from_iterable(cells))


def _around(column: int, row: int, columns: int, rows: int) -> Iterator[int]:
    """The cells beside a cell, those at its corners last."""
    for across, up in ((-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (1, -1), (-1, 1), (1, 1)):
        if 0 <= column + across < columns and 0 <= row + up < rows:
            yield (row + up) * columns + column + across
