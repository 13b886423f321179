"""What the door does in the background: catch up after a crash, look into the inbox, sweep left-over files."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from otay.intake import bounds, queries, services, storage

IDLE = 1.0


@dataclass(slots=True)
class Backlog:
    """Applies messages that stayed ``received``, a lot at a time; goes round, so that those that must wait on (the
    database said no) hold up none behind them."""

    after: int = 0

    def step(self) -> float:
        """Apply one lot; returns the seconds until the next."""
        waiting = queries.waiting(limit=bounds.TOGETHER, after=self.after)
        done = services.catch_up(ids=waiting) if waiting else 0
        full = len(waiting) == bounds.TOGETHER
        self.after = waiting[-1] if full and done < len(waiting) else 0
        return 0.0 if full else IDLE


def sweep_files() -> int:
    """Remove the files of messages that a crash kept from being stored; returns how many."""
    removed = 0
    names = list(storage.old_files())
    for start in range(0, len(names), bounds.TOGETHER):
        with transaction.atomic():
            left_over = queries.unnamed(names[start : start + bounds.TOGETHER])
        storage.drop(left_over)
        removed += len(left_over)
    return removed
