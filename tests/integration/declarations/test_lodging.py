"""From the door to an assessed declaration."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.test.utils import CaptureQueriesContext

from factories import declarations as factory
from otay.goods.declarations.domain import Kind, State
from otay.goods.declarations.models import Declaration, DeclarationEvent, DeclarationVersion, NeighbourDeclaration
from otay.intake.incoming import Incoming
from otay.intake.registry import State as MessageState
from otay.intake.services import receive
from otay.node import audit, clock, protection
from otay.node.models import AuditEvent
from otay.screening.models import Assessment
from otay.web.demo import life

pytestmark = pytest.mark.django_db


def declared(**changes: Any) -> dict[str, Any]:
    return {**life.import_declaration(factory.truck()), **changes}


def test_a_declaration_is_accepted_assessed_audited_and_kept_as_lodged() -> None:
    receipt = factory.send(declared())
    assert receipt.state is MessageState.ACCEPTED
    row = Declaration.objects.get()
    assert receipt.answer["declarations"] == [
        {"reference": row.reference, "number": row.number, "version": 1, "lane": row.lane}
    ]
    assert row.state == State.ASSESSED
    assert row.lane in {"red", "yellow", "blue", "green"}
    assert row.port == "2304"
    assert row.hs6 == declared()["items"][0]["hs"]
    version = row.versions.get()
    assert version.core["importer"]["name"].endswith("(demo)")
    assert [event.kind for event in row.events.order_by("id")] == [Kind.ACCEPTED, Kind.ASSESSED]
    assert Assessment.objects.get().subject == f"declaration:{row.number}"
    assert AuditEvent.objects.filter(action="declarations.lodged", subject=f"declaration:{row.number}").exists()
    assert audit.first_break() is None


def test_the_same_message_again_makes_no_second_declaration() -> None:
    first, again = factory.send(declared()), factory.send(declared())
    assert again.duplicate
    assert again.answer == first.answer
    assert Declaration.objects.count() == 1


def test_a_reference_is_used_once_by_a_sender_but_others_may_use_it() -> None:
    factory.send(declared(), reference="first")
    second = factory.send(declared(gross_mass_kg="999999"), reference="second")
    assert second.state is MessageState.REFUSED
    refusing = [finding.rule for finding in second.findings if finding.severity == "error"]
    assert refusing == ["declaration.reference_unique"]
    other = factory.send(declared(), sender=factory.broker("OTHER"))
    assert other.state is MessageState.ACCEPTED


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"office": "9999"}, "/office"),
        ({"items": []}, "/items"),
        ({"gross_mass_kg": "-4"}, "/gross_mass_kg"),
        ({"export_country": "JJ"}, "/export_country"),
        ({"function": "nine"}, "/function"),
    ],
)
def test_bad_input_is_refused_with_its_place_and_nothing_is_kept(change: dict[str, Any], place: str) -> None:
    receipt = factory.send(declared(**change))
    assert receipt.state is MessageState.REFUSED
    assert any(finding.place.startswith(place) for finding in receipt.findings), receipt.findings
    assert not Declaration.objects.exists()
    assert not DeclarationVersion.objects.exists()


def test_one_bad_declaration_does_not_stop_the_others_of_its_batch() -> None:
    trucks = factory.trucks(5)
    bodies = [life.import_declaration(truck) for truck in trucks]
    bodies[2]["items"][0]["hs"] = "940100"
    items = [Incoming(json.dumps(body).encode(), reference=body["reference"], format="declaration") for body in bodies]
    states = [receipt.state for receipt in receive(actor=factory.broker(), items=items)]
    assert states.count(MessageState.ACCEPTED) == 4
    assert states[2] is MessageState.REFUSED


def test_a_batch_takes_the_same_number_of_queries_whatever_its_size() -> None:
    def queries(count: int, seed: str) -> int:
        bodies = [life.import_declaration(truck) for truck in factory.trucks(count, seed=seed)]
        items = [Incoming(json.dumps(one).encode(), reference=one["reference"], format="declaration") for one in bodies]
        with CaptureQueriesContext(connection) as captured:
            receive(actor=factory.broker(seed), items=items)
        return len(captured)

    queries(2, "warm")
    small, large = queries(3, "small"), queries(30, "large")
    assert large <= small + 2


def test_an_amendment_is_a_new_version_and_what_was_lodged_stays() -> None:
    row = factory.lodged(declared())
    before = row.versions.get().core
    amendment = declared(function=13, declaration_number=row.number, gross_mass_kg="23456")
    receipt = factory.send(amendment, reference="amendment-1")
    assert receipt.state is MessageState.ACCEPTED, receipt.findings
    row.refresh_from_db()
    assert row.version == 2
    assert row.versions.get(version=1).core == before
    assert row.versions.get(version=2).core["gross_mass_kg"] == "23456"
    kinds = list(row.events.order_by("id").values_list("kind", flat=True))
    assert kinds == [Kind.ACCEPTED, Kind.ASSESSED, Kind.AMENDED, Kind.ASSESSED]


def test_nobody_amends_what_another_lodged() -> None:
    row = factory.lodged(declared())
    amendment = declared(function=13, declaration_number=row.number)
    receipt = factory.send(amendment, sender=factory.broker("MALLORY"), reference="steal")
    assert receipt.state is MessageState.REFUSED
    row.refresh_from_db()
    assert row.version == 1


def test_nothing_is_amended_after_arrival() -> None:
    row = factory.lodged(declared())
    Declaration.objects.update(state=State.AT_PORT)
    receipt = factory.send(declared(function=13, declaration_number=row.number), reference="late")
    assert [finding.rule for finding in receipt.findings if finding.severity == "error"] == ["declaration.amends_open"]


def test_a_lodged_version_cannot_be_changed_in_the_database() -> None:
    factory.lodged(declared())
    protection.install(connection, DeclarationVersion._meta.db_table)
    with pytest.raises(DatabaseError, match="immutable"):
        DeclarationVersion.objects.update(core={})


def test_screening_is_told_of_the_neighbours_record() -> None:
    cheat = factory.truck(planted="undervalued")
    export = life.export_declaration(cheat)
    NeighbourDeclaration.objects.create(
        peer="MX", number="MX1", version=1, ucr=cheat.ucr, body=export, received_at=clock.now()
    )
    factory.send(life.import_declaration(cheat))
    assessment = Assessment.objects.get()
    assert any("mirror" in fired["rule"] for fired in assessment.fired)


def test_facts_do_not_look_into_the_future() -> None:
    """An inspection that comes later does not change what the first declaration was told, but the next one's."""
    from otay.goods.declarations.facts import facts_of

    first = factory.lodged(declared())
    before = facts_of([first], [first.versions.get().core])[0]["trader_past_findings"]
    DeclarationEvent.objects.create(
        declaration=first, kind=Kind.INSPECTED, at=clock.now(), recorded_at=clock.now(), actor="officer:1",
        detail={"result": "offence"},
    )  # fmt: skip
    after = facts_of([first], [first.versions.get().core])[0]["trader_past_findings"]
    assert (before, after) == (0, 1)
