"""The demo's flights: every planted case is found, every bad passenger is a finding, a second call adds nothing."""

from __future__ import annotations

import pytest

from otay.node.actors import SYSTEM
from otay.node.services import create_client
from otay.people.passengers import demo, indicators
from otay.people.passengers.models import Flight, Hit, ListMessage, Notice, Roll, Traveller

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded(settings: pytest.FixtureRequest) -> None:
    create_client(
        actor=SYSTEM,
        key="demo-carrier",
        name="Demo carrier (invented)",
        role="carrier",
        party=demo.PARTY,
        invented=True,
    )
    demo.seed()


def test_planted_cases_and_bad_passengers_are_found(seeded: None) -> None:
    assert Flight.objects.count() == 8
    assert Traveller.objects.count() > 250
    assert set(Hit.objects.values_list("entry_name", "band")) == {
        ("Torreblanca Izquierdez, Armando", "strong"), ("María Guadalupe Hernández Valleclaro", "strong"),
        ("Julián Montezul Prados", "possible"), ("500990048", "strong"),
    }  # fmt: skip
    answers = dict(Traveller.objects.exclude(answer="0Z").values_list("full_name", "answer"))
    assert answers["ARMANDO TORREBLANCA IZQUIERDEZ"] == "1Z"
    assert answers["MARIA GPE HDEZ VALLECLARO"] == "2Z"
    assert answers["JULIAN MONTEZUL"] == "2Z"
    assert answers["PATRICK OBRADOVIC"] == "1Z"
    assert list(answers.values()).count("4Z") == 2
    rules = {one["rule"] for row in ListMessage.objects.all() for one in row.findings}
    assert {"date.calendar", "paxlst.country", "passengers.unlisted"} <= rules
    assert Traveller.objects.filter(state="missing").count() == 6
    assert Roll.objects.exclude(closed_stamp="").count() == 3
    assert Traveller.objects.exclude(reservation=None).count() > 100
    assert Notice.objects.filter(acknowledged_at=None).count() == 1
    assert indicators.known_ahead().value == 100


def test_a_second_call_adds_nothing(seeded: None) -> None:
    before = [model.objects.count() for model in (Flight, Traveller, ListMessage, Notice)]
    demo.seed()
    assert [model.objects.count() for model in (Flight, Traveller, ListMessage, Notice)] == before
