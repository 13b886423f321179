"""The pages of declarations as an officer at a booth, a supervisor and a broker get them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.test import Client

from factories import declarations as factory
from factories.node import make_person, signed_in
from otay.goods.declarations import indicators, services
from otay.goods.declarations.models import Declaration
from otay.node import roles
from otay.web.demo import life

pytestmark = pytest.mark.django_db
BOOTH = "/declarations/booth/"
PORT = "2304"


@pytest.fixture
def officer() -> Client:
    return signed_in(make_person(("port_officer", PORT)))


def waiting(lane: str = "green") -> Declaration:
    """A truck that stands at the port."""
    row = factory.lodged(lane=lane)
    services.arrive(actor=factory.actor(roles.PORT_OFFICER, ports=[PORT]), number=row.number)
    row.refresh_from_db()
    return row


def page(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_booth_before_anything_is_chosen(officer: Client) -> None:
    assert "Nobody is waiting here" in page(officer, BOOTH)
    row = waiting()
    shown = page(officer, BOOTH)
    assert row.vehicle in shown
    assert 'data-key="r"' not in shown


def test_a_plate_finds_the_one_that_is_still_open(officer: Client) -> None:
    row = waiting()
    released = factory.lodged(life.import_declaration(factory.truck(key="earlier", plate=row.vehicle)))
    Declaration.objects.filter(pk=released.pk).update(state="released")
    shown = page(officer, f"{BOOTH}?port={PORT}&q={row.vehicle}")
    assert 'data-key="r"' in shown
    assert f"/declarations/{row.number}/step/" in shown
    assert 'aria-current="true"' in shown


def test_two_open_ones_with_the_same_plate_are_listed(officer: Client) -> None:
    row = waiting()
    other = factory.lodged(life.import_declaration(replace(factory.truck(), key="other", plate=row.vehicle)))
    shown = page(officer, f"{BOOTH}?port={PORT}&q={row.vehicle}")
    assert "More than one matches" in shown
    assert row.number in shown
    assert other.number in shown


@pytest.mark.parametrize(("role", "offered"), [("port_officer", False), ("supervisor", True)])
def test_release_without_the_asked_inspection_is_offered_to_who_may(role: str, offered: bool) -> None:
    row = waiting("red")
    shown = page(signed_in(make_person((role, PORT))), f"{BOOTH}?port={PORT}&q={row.number}")
    assert ('name="override_reason"' in shown) is offered
    assert ('data-key="r"' in shown) is offered
    assert 'data-key="i"' in shown


def test_another_port_s_booth_is_closed(officer: Client) -> None:
    assert officer.get(f"{BOOTH}?port=2506").status_code == 403
    assert officer.get(f"{BOOTH}waiting/?port=2506").status_code == 403


def test_the_waiting_list_renews_itself_and_keeps_the_chosen_one(officer: Client) -> None:
    row = waiting()
    shown = page(officer, f"{BOOTH}waiting/?port={PORT}&chosen={row.number}")
    assert "<html" not in shown
    assert 'aria-current="true"' in shown


def test_the_alert_of_a_red_truck_tells_the_time_of_its_port() -> None:
    row = waiting("red")
    arrived = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)
    Declaration.objects.filter(pk=row.pk).update(arrived_at=arrived)
    (alert,) = indicators.red_waiting(factory.actor(roles.SUPERVISOR, ports=[PORT]))
    assert "06:30" in alert.title  # Laredo, before summer time
