"""What every test of the suite shares. The node that the tests run on is made by ``tests/settings.py``."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes says more about the machine and its other work than about the code.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")

_INVESTIGATIONS = [
    f"investigations_{name}"
    for name in ("caseentry", "evidencecustody", "outcomeevent", "seizeditem", "seizurecustody")
]


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> None:
    """Tests with transactions empty all tables: guards over them are put up only by the tests that are about them."""
    from django.db import connection

    from otay.node import protection

    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        for table in (
            protection.AUDIT, "declarations_declarationversion", "screening_entryversion", "screening_entrychange",
            "passengers_travellerversion",
            "transit_movementevent", "transit_alarmevent", "transit_seallogentry",
            "planning_planversion", "planning_planstep", *_INVESTIGATIONS,
        ):  # fmt: skip
            protection.remove(connection, table)
