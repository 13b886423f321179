"""What officers do with a declaration, and who may."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories import declarations as factory
from otay.core.errors import Conflict, Forbidden, NotFound
from otay.goods.declarations import queries, services
from otay.goods.declarations.domain import Kind, Result, State
from otay.goods.declarations.models import Declaration
from otay.goods.declarations.services import Step
from otay.node import audit, clock, roles
from otay.node.models import AuditEvent
from otay.web.demo import life

pytestmark = pytest.mark.django_db

OFFICER = roles.PORT_OFFICER


def test_a_green_consignment_is_released_at_the_booth() -> None:
    row, officer = factory.lodged(), factory.actor(OFFICER, ports=["2304"])
    services.arrive(actor=officer, number=row.number)
    taken = services.release(actor=officer, number=row.number)
    assert taken.state == State.RELEASED
    row.refresh_from_db()
    assert row.arrived_at is not None
    assert row.released_at is not None
    assert row.released_at >= row.arrived_at
    assert audit.first_break() is None


def test_a_red_consignment_waits_for_its_inspection() -> None:
    row, officer = factory.lodged(lane="red"), factory.actor(OFFICER, ports=["2304"])
    services.arrive(actor=officer, number=row.number)
    with pytest.raises(Conflict):
        services.release(actor=officer, number=row.number)
    services.inspect(actor=officer, number=row.number, result=Result.OFFENCE, remarks="two cartons not declared")
    services.refuse_entry(actor=officer, number=row.number, reason="undeclared goods")
    row.refresh_from_db()
    assert row.state == State.REFUSED
    assert [event.kind for event in queries.events(row)][-2:] == [Kind.INSPECTED, Kind.REFUSED]


def test_only_a_supervisor_overrides_and_the_reason_is_audited() -> None:
    row = factory.lodged(lane="red")
    officer, supervisor = factory.actor(OFFICER), factory.actor(roles.SUPERVISOR)
    services.arrive(actor=officer, number=row.number)
    with pytest.raises(Forbidden):
        services.release(actor=officer, number=row.number, override_reason="let me")
    services.release(actor=supervisor, number=row.number, override_reason="scanned at origin")
    event = AuditEvent.objects.get(action="declarations.released")
    assert event.reason == "scanned at origin"


def test_an_officer_of_another_port_sees_and_touches_nothing() -> None:
    row = factory.lodged()
    stranger = factory.actor(OFFICER, ports=["2506"])
    with pytest.raises(NotFound):
        queries.declaration(stranger, row.number)
    with pytest.raises(NotFound):
        services.arrive(actor=stranger, number=row.number)
    assert queries.queues(stranger) == []


def test_traders_see_their_own_only() -> None:
    row = factory.lodged()
    assert queries.visible(factory.broker()).count() == 1
    assert queries.visible(factory.broker("MALLORY")).count() == 0
    importer = factory.actor(roles.TRADER, party=row.importer)
    assert queries.visible(importer).get().number == row.number
    with pytest.raises(NotFound):
        services.withdraw(actor=factory.broker("MALLORY"), number=row.number)
    services.withdraw(actor=factory.broker(), number=row.number, reason="shipment cancelled")
    assert Declaration.objects.get().state == State.WITHDRAWN


def test_a_trader_without_a_party_is_nobody_in_particular() -> None:
    """An account that an administrator forgot to give a party sees what it sent itself, and nothing else."""
    row = factory.lodged()
    nameless = factory.actor(roles.TRADER, key="client:nameless")
    assert queries.visible(nameless).count() == 0
    with pytest.raises(NotFound):
        services.withdraw(actor=nameless, number=row.number)
    own = factory.lodged(life.import_declaration(factory.trucks(2)[1]), sender=nameless)
    assert [found.number for found in queries.visible(nameless)] == [own.number]


def test_a_trader_releases_nothing() -> None:
    row = factory.lodged()
    services.arrive(actor=factory.actor(OFFICER), number=row.number)
    with pytest.raises(Forbidden):
        services.release(actor=factory.broker(), number=row.number)


def test_steps_are_answered_one_by_one_and_a_bad_one_stops_no_other() -> None:
    row, officer = factory.lodged(), factory.actor(OFFICER)
    answers = services.take_steps(
        actor=officer,
        steps=[
            Step("no-such-number", Kind.ARRIVED),
            Step(row.number, Kind.RELEASED),
            Step(row.number, Kind.ARRIVED),
            Step(row.number, Kind.RELEASED, clock.now() + timedelta(days=1)),
            Step(row.number, Kind.RELEASED),
        ],
    )
    assert [type(answer.problem) for answer in answers] == [NotFound, Conflict, type(None), Conflict, type(None)]
    assert Declaration.objects.get().state == State.RELEASED


def test_the_booth_finds_by_plate_reference_and_number() -> None:
    row, officer = factory.lodged(), factory.actor(OFFICER)
    for text in (row.number, row.vehicle.lower(), row.reference, row.ucr):
        assert [found.number for found in queries.find_at_booth(officer, "2304", text)] == [row.number]
    assert queries.find_at_booth(officer, "2506", row.number) == []
    assert queries.find_at_booth(officer, "2304", "") == []


def test_queues_count_by_state_and_lane() -> None:
    row, officer = factory.lodged(lane="yellow"), factory.actor(OFFICER)
    assert queries.queues(officer)[0].by_state == {"assessed": 1}
    services.arrive(actor=officer, number=row.number)
    queue = queries.queues(officer)[0]
    assert (queue.at_port, queue.by_lane) == (1, {"yellow": 1})
    assert [waiting.number for waiting in queries.waiting(officer, "2304")] == [row.number]
