"""SQLite's write-ahead log, read from outside: which transactions are complete, and which pages they wrote.

The layout is that of https://www.sqlite.org/fileformat2.html (The Write-Ahead Log) and
https://www.sqlite.org/walformat.html (the index beside it).
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

WAL_HEADER, FRAME_HEADER = 32, 24
_INDEX_VERSION = 3007000


class NotQuiet(Exception):
    """The index was being written at that moment: look again."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far the log reaches. ``salts`` are its own until it begins anew; ``frames``: up to the last commit."""

    salts: bytes
    frames: int
    page_size: int


def position(index: int) -> Position:
    """Up to where the log holds complete transactions, by its ``index`` (an open ``-shm`` file).

    Raises:
        NotQuiet: when a writer was changing the index.
    """
    raw = os.pread(index, 96, 0)
    if len(raw) < 96 or raw[:48] != raw[48:]:
        raise NotQuiet
    version, _unused, _change, initialised, _order, page_size, frames = struct.unpack("=IIIBBHI", raw[:20])
    if version != _INDEX_VERSION or not initialised:
        raise NotQuiet
    # The salts are stored as they stand in the log; 1 stands for 65536.
    return Position(raw[32:40], frames, 65536 if page_size == 1 else page_size)


def frames(log: int, start: Position, end: Position) -> Iterator[bytes]:
    """Frames of ``log`` (an open ``-wal`` file) after ``start`` up to ``end``: page number (4 bytes), pages of the
    database after a commit or 0 (4 bytes), page.

    Raises:
        NotQuiet: when the log is another by now.
    """
    first = start.frames if start.salts == end.salts else 0
    size = FRAME_HEADER + end.page_size
    for number in range(first, end.frames):
        frame = os.pread(log, size, WAL_HEADER + number * size)
        if len(frame) < size or frame[8:16] != end.salts:
            raise NotQuiet
        yield frame[:8] + frame[FRAME_HEADER:]


def apply(database: IO[bytes], log: IO[bytes], page_size: int) -> int:
    """Write the frames in ``log``, as :func:`frames` gave them, into a database file; how many transactions.

    Raises:
        ValueError: when the frames do not end with a commit.
    """
    commits, open_transaction = 0, False
    while head := log.read(8):
        number, pages = struct.unpack(">II", head)
        page = log.read(page_size)
        if len(page) < page_size or not number:
            raise ValueError("a frame is not whole")
        database.seek((number - 1) * page_size)
        database.write(page)
        open_transaction = not pages
        if pages:
            database.truncate(pages * page_size)
            commits += 1
    if open_transaction:
        raise ValueError("the last transaction is not whole")
    return commits
