"""The books of two test nodes, read behind their backs."""

from __future__ import annotations

import sqlite3
from pathlib import Path


def rows(home: Path, query: str) -> list[tuple]:
    with sqlite3.connect(home / "db.sqlite3") as database:
        return database.execute(query).fetchall()


def assert_books_are_equal(homes: list[Path], total: int) -> int:
    """Each node holds all that the other made, once, in order, applied; and has its receipt for what it made: ``total``
    records at least, without a hole. How many both made."""
    together = 0
    for home, other in (homes, homes[::-1]):
        made = [f"P-{number}" for (number,) in rows(home, "SELECT number FROM test_made ORDER BY number")]
        sent = rows(
            home, "SELECT sequence, business_key, version, body, hex(link) FROM exchange_outbox ORDER BY sequence"
        )
        came = rows(
            other, "SELECT sequence, business_key, version, body, hex(link) FROM exchange_inbox ORDER BY sequence"
        )
        book = rows(other, "SELECT business_key FROM test_book ORDER BY CAST(substr(business_key, 3) AS INT)")
        assert len(made) >= total
        assert made == [f"P-{number}" for number in range(1, len(made) + 1)]
        assert [row[1] for row in sent] == made
        assert sent == came
        assert [key for (key,) in book] == made
        assert rows(home, "SELECT DISTINCT state FROM exchange_outbox") == [("receipted",)]
        together += len(made)
    return together
