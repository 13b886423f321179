"""Border life: reproducible, valid where it should be, caught where it should be."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

from otay.formats.declaration import read_declaration
from otay.web.demo import life
from otay.web.demo.schedule import Action, Agenda, finding, is_yours

HOUR = datetime(2026, 11, 24, 15, tzinfo=UTC)


def trucks(loaded: int = 300, empty: int = 60, seed: str = "test") -> list[life.Truck]:
    return list(life.trucks_of_hour(seed=seed, port="2304", hour=HOUR, loaded=loaded, empty=empty))


def test_the_same_seed_and_hour_give_the_same_trucks() -> None:
    assert trucks() == trucks()
    assert trucks() != trucks(seed="other")


def test_trucks_come_in_order_within_their_hour_and_in_the_asked_number() -> None:
    found = trucks()
    moments = [truck.crosses_at for truck in found]
    assert moments == sorted(moments)
    assert all(HOUR <= moment <= HOUR + timedelta(hours=1) for moment in moments)
    assert len(found) == 360
    assert sum(truck.empty for truck in found) == 60
    assert len({truck.key for truck in found}) == 360


def test_both_declarations_of_every_truck_pass_the_door() -> None:
    for truck in trucks():
        for declared in (life.export_declaration(truck), life.import_declaration(truck)):
            declaration, findings = read_declaration(declared)
            assert declaration is not None, [finding.text() for finding in findings]


def test_a_mistake_is_refused_and_its_correction_passes() -> None:
    for truck in trucks(60, 0):
        mistaken = dataclasses.replace(truck, mistaken=True)
        declaration, findings = read_declaration(life.import_declaration(mistaken, corrected=False))
        assert declaration is None
        assert any(finding.place.startswith("/items/0/hs") for finding in findings)
        assert read_declaration(life.import_declaration(mistaken))[0] is not None


def test_what_is_planted_differs_from_the_export_record() -> None:
    truck = trucks(1, 0)[0]
    for planted, element in (("undervalued", "invoice"), ("overweight", "gross_mass_kg"), ("other_goods", "items")):
        cheat = dataclasses.replace(truck, planted=planted)
        assert life.import_declaration(cheat)[element] != life.import_declaration(truck)[element]
        assert finding(cheat)[0] != "conforms"
    assert finding(truck)[0] == "conforms"


def test_firms_are_marked_as_invented() -> None:
    assert all(firm.name.endswith("(demo)") for firm in (*life.exporters("2304"), *life.importers("2304")))


def test_an_export_is_declared_before_its_import_and_a_lane_decides_the_rest() -> None:
    agenda = Agenda()
    truck = next(truck for truck in trucks() if not truck.mistaken and not is_yours(truck))
    agenda.expect(truck)
    agenda.arrived(truck, "red", patience=timedelta(hours=1))
    order = [due.action for due in agenda.until(HOUR + timedelta(days=1))]
    assert order == [
        Action.EXPORT_LODGED, Action.IMPORT_LODGED, Action.EXPORT_ARRIVED, Action.EXPORT_RELEASED,
        Action.IMPORT_ARRIVED, Action.IMPORT_INSPECTED, Action.IMPORT_RELEASED,
    ]  # fmt: skip
    assert len(agenda) == 0


def test_a_green_truck_is_not_inspected_and_yours_waits() -> None:
    truck = dataclasses.replace(trucks(1, 0)[0], port="2506", key="2506261124150004")
    agenda = Agenda()
    agenda.arrived(truck, "green", patience=timedelta(hours=1))
    due = list(agenda.until(HOUR + timedelta(days=1)))
    assert [one.action for one in due] == [Action.IMPORT_RELEASED]
    assert due[0].at - truck.crosses_at > timedelta(hours=1)
