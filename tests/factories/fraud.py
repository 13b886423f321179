"""Small invented books for tests of fraud."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

from otay.engines.fraud.bilateral.books import Books, write_books
from otay.engines.fraud.bilateral.parameters import Fraud, Goods, Honesty, Inspection, Parameters, Traders


@cache
def small_books(*, per_day: float = 30.0, days: int = 120, seed: int = 5, references: float = 0.75) -> Books:
    """Books of a few thousand records."""
    return write_books(small_parameters(per_day=per_day, days=days, seed=seed, references=references))


def small_parameters(*, per_day: float = 30.0, days: int = 120, seed: int = 5, references: float = 0.75) -> Parameters:
    """Parameters of :func:`small_books`."""
    return replace(
        Parameters(),
        days=days,
        records_per_day=per_day,
        record_seed=seed,
        traders=Traders(importers=150, exporters=90, brokers=12, offices=3, cheats=0.25),
        goods=Goods(products=60),
        fraud=Fraud(intensity=0.7),
        honesty=Honesty(reference_missing=1 - references),
        inspection=Inspection(share=0.5, delay_days=5),
    )
