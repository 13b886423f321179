"""What tests of the transit room share."""

from __future__ import annotations

import pytest

from otay.goods.transit.queries import history
from otay.goods.transit.reports import keeping


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """A process remembers wordings and routes of its database for good, and here a test takes the database away."""
    keeping._wordings.clear()
    history.corridor_of.cache_clear()
    history.corridor_key.cache_clear()
