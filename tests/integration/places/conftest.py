"""Each test reads the reference data anew: another may have added a port and rolled it back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client

from factories.places import signed_in_person
from otay.places import queries


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    queries.forget()
    yield
    queries.forget()


@pytest.fixture
def reader(db: None) -> Client:
    """A browser of somebody with the least of roles."""
    client = Client()
    client.force_login(signed_in_person("trader"))
    return client
