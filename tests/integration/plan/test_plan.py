"""The plan's pages, API and statement: what is measured, what is not, and for whom."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import translation

from factories.plan import indicator
from otay.core.errors import Forbidden, NotFound
from otay.node import roles
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import RoleAssignment, User
from otay.node.registry import Measure
from otay.partnership.plan import queries

pytestmark = pytest.mark.django_db
SERIES = (("2026-01", 30), ("2026-02", 20), ("2026-03", 10))


@pytest.fixture
def trader(client: Client) -> Client:
    person = User.objects.create_user("trader", password="not-a-real-password", party="AAA010101AAA")
    RoleAssignment.objects.create(user=person, role=roles.TRADER.key, given_by="test")
    client.force_login(person)
    return client


def test_points_without_a_measure_say_so() -> None:
    with indicator(lambda: Measure(Decimal("12.5"), SERIES, "3 months"), 7):
        item = queries.point_now(7)
        assert item.measured
        assert item.readings[-1].spark == "0.0,2.0 80.0,16.0 160.0,30.0"
    assert not queries.point_now(7).measured
    assert not queries.point_now(12).built


def test_an_indicator_that_fails_does_not_take_the_plan_with_it(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> Measure:
        raise ZeroDivisionError

    with indicator(broken, 7):
        reading = queries.point_now(7).readings[-1]
        assert (reading.broken, reading.measure.value) == (True, None)
        assert 7 in [item.point.number for item in queries.statement(SYSTEM).unmeasured]
    assert "test.waits" in caplog.text


def test_a_measure_is_computed_once_a_minute() -> None:
    calls: list[int] = []

    def counted() -> Measure:
        calls.append(1)
        return Measure(len(calls))

    with indicator(counted, 1, 2):
        queries.points_now()
        queries.points_now()
    assert len(calls) == 1


def test_a_level_series_draws_without_dividing_by_zero() -> None:
    with indicator(lambda: Measure(1, (("a", 1), ("b", 1))), 7):
        assert queries.point_now(7).readings[-1].spark == "0.0,30.0 160.0,30.0"


def test_the_statement_is_for_those_who_hold_the_permission() -> None:
    with pytest.raises(Forbidden):
        queries.statement(Actor(Kind.CLIENT, "client:x", "x"))
    with pytest.raises(NotFound):
        queries.point_now(23)


@pytest.mark.parametrize(
    "path", ["/plan/", "/plan/points/1/", "/plan/points/22/", "/plan/statement/", "/plan/statement.json"]
)
def test_pages_are_for_signed_in_people(client: Client, path: str) -> None:
    assert client.get(path).status_code == 302


def test_a_trader_reads_the_plan_in_both_languages(trader: Client) -> None:
    with indicator(lambda: Measure(Decimal("12.5"), SERIES, "3 months"), 7, 17):
        english = trader.get("/plan/").content.decode()
        point = trader.get("/plan/points/17/").content.decode()
        printed = trader.get("/plan/statement/").content.decode()
        trader.post("/language/", {"language": "es-mx", "next": "/plan/"})
        spanish = trader.get("/plan/").content.decode()
    assert "Contraband interdiction" in english
    assert "12.5 minutes" in english
    assert "The mean of all waits." in point
    assert "3 months" in printed
    assert "Otay test node" in printed
    assert "Detección de contrabando" in spanish
    assert "Contraband interdiction" not in spanish


def test_an_unknown_point_is_not_found(trader: Client) -> None:
    assert trader.get("/plan/points/23/").status_code == 404
    assert trader.get("/plan/points/0/").status_code == 404


def test_the_statement_exports_as_json(trader: Client) -> None:
    with indicator(lambda: Measure(Decimal("12.5"), SERIES, "3 months"), 7):
        answer = trader.get("/plan/statement.json")
        body = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith('attachment; filename="otay-progress-US-')
    assert sorted(body["measured_points"] + body["unmeasured_points"]) == list(range(1, 23))
    reading = body["points"][6]["indicators"][-1]
    assert (reading["key"], reading["value"], reading["unit"]) == ("test.waits", "12.5", "minutes")
    assert reading["series"][0] == {"label": "2026-01", "value": "30"}


def test_the_api_gives_the_same_as_the_export(trader: Client) -> None:
    with indicator(lambda: Measure(Decimal("12.5"), SERIES, "3 months"), 7):
        points = trader.get("/api/v1/plan/points").json()
        one = trader.get("/api/v1/plan/points/7").json()
        statement = trader.get("/api/v1/plan/statement").json()
    assert len(points) == 22
    assert points[6] == one == statement["points"][6]
    assert trader.get("/api/v1/plan/points/99").status_code == 404


def test_the_api_is_closed_to_strangers(client: Client) -> None:
    assert client.get("/api/v1/plan/points").status_code == 401


def test_pillar_headings_follow_the_language() -> None:
    with translation.override("es-mx"):
        assert queries.points_now([22])[0].title == "Detección de contrabando"
