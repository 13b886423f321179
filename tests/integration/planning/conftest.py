"""People who plan, and a run that several tests look at."""

from __future__ import annotations

import pytest
from django.test import Client

from factories import planning
from factories.node import make_person, signed_in
from otay.node.accounts import actor_of_user
from otay.node.actors import Actor
from otay.node.models import User
from otay.places.services import install_reference_data


@pytest.fixture
def reference(db: None) -> None:
    """Ports and counts."""
    install_reference_data()


@pytest.fixture
def planner(reference: None) -> User:
    """Somebody who plans everywhere."""
    return make_person("planner")


@pytest.fixture
def by(planner: User) -> Actor:
    """The planner as an actor."""
    return actor_of_user(planner)


@pytest.fixture
def browser(planner: User) -> Client:
    """The planner's browser."""
    return signed_in(planner)


@pytest.fixture
def director(reference: None) -> User:
    """The supervisor of the port that tests plan for."""
    return make_person(("supervisor", planning.PORT))
