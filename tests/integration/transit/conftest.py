"""What tests of the transit room share."""

from __future__ import annotations

import pytest

from otay.goods.transit.reports import keeping


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """A process remembers the wordings of its database for good, and here a test takes the database away."""
    keeping._wordings.clear()
