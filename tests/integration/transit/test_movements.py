"""The way of a movement through the services: what happens, what cannot, what the guarantee and the seals do."""

from __future__ import annotations

from decimal import Decimal

import pytest

from factories import transit_room as made
from factories.declarations import actor
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.goods.transit.domain.declared import Line, Security
from otay.goods.transit.domain.steps import Step
from otay.goods.transit.models import Guarantee, Movement, MovementEvent, Seal
from otay.goods.transit.services import lodging, moving, sealing
from otay.goods.transit.services.sealing import Where
from otay.node import roles

pytestmark = pytest.mark.django_db
OFFICER = made.transit_officer()


def test_a_movement_from_lodging_to_discharge_on_one_side() -> None:
    row = made.departed(destination=made.LAREDO, transit_offices=())
    assert (row.state, row.mrn[2:4], len(row.mrn)) == ("in_transit", "US", 18)
    gate = made.gate_officer()
    moving.arrive(actor=gate, mrn=row.mrn, office=made.LAREDO)
    moving.take(actor=gate, mrn=row.mrn, step=Step.PERMIT_UNLOADING, office=made.LAREDO)
    moving.unload(actor=gate, mrn=row.mrn, conforms=True, seals_good=True, office=made.LAREDO)
    moving.take(actor=gate, mrn=row.mrn, step=Step.RELEASE_GOODS, office=made.LAREDO)
    done = moving.discharge(actor=OFFICER, mrn=row.mrn)
    assert done.state == "discharged"
    assert done.ended_at is not None
    assert lodging.in_use(Guarantee.objects.get()) == 0
    steps = list(MovementEvent.objects.filter(movement=row).order_by("pk").values_list("step", flat=True))
    assert steps == [
        "lodge", "accept", "release", "depart", "arrive", "permit_unloading", "unload", "release_goods", "discharge",
    ]  # fmt: skip


def test_a_guarantee_that_is_used_up_holds_the_next_movement_until_it_is_amended() -> None:
    made.guarantee(1500)
    first = lodging.lodge_one(actor=OFFICER, declared=made.declared())
    second = lodging.lodge_one(actor=OFFICER, declared=made.declared())
    assert (first.state, second.state) == ("accepted", "guarantee_invalid")
    with pytest.raises(Conflict, match="out of sequence"):
        moving.take(actor=OFFICER, mrn=second.mrn, step=Step.RELEASE)
    lower = made.declared(securities=(Security("GRN-1", Decimal(400), "USD"),))
    assert lodging.amend(actor=OFFICER, mrn=second.mrn, declared=lower).state == "accepted"
    assert lodging.in_use(Guarantee.objects.get()) == 1400
    moving.cancel(actor=OFFICER, mrn=first.mrn, reason="not needed")
    assert lodging.in_use(Guarantee.objects.get()) == 400


def test_every_fault_of_a_declaration_is_told_at_once() -> None:
    wrong = made.declared(lrn="", vehicle="?", destination="MX999999", lines=(Line("", "84"),), route=(), binding=True)
    with pytest.raises(Refused) as refused:
        lodging.lodge_one(actor=OFFICER, declared=wrong)
    rules = {finding.rule for finding in refused.value.findings}
    assert rules >= {"transit.header", "transit.vehicle", "transit.office", "transit.hs6", "transit.route"}
    assert not Movement.objects.exists()


def test_a_pre_lodged_declaration_is_accepted_when_the_goods_are_presented() -> None:
    row = made.lodged(pre_lodged=True)
    assert row.state == "pre_lodged"
    assert lodging.present(actor=OFFICER, mrn=row.mrn).state == "accepted"


def test_incidents_bring_what_their_code_asks_and_at_most_nine() -> None:
    row = made.departed()
    with pytest.raises(Refused) as refused:
        moving.report_incident(actor=OFFICER, mrn=row.mrn, code="3", text="Engine", new_seals=["X"])
    assert {finding.rule for finding in refused.value.findings} == {"ncts.C0240"}
    moving.report_incident(
        actor=OFFICER, mrn=row.mrn, code="3", text="Engine failed", transhipment={"vehicle": "tx-999"}
    )
    row.refresh_from_db()
    assert (row.state, row.vehicle) == ("incident", "TX-999")
    for _ in range(8):
        moving.report_incident(actor=OFFICER, mrn=row.mrn, code="5", text="Accident")
    with pytest.raises(Conflict):
        moving.report_incident(actor=OFFICER, mrn=row.mrn, code="5", text="Accident")
    assert moving.take(actor=OFFICER, mrn=row.mrn, step=Step.CONTINUE).state == "in_transit"


def test_nothing_departs_without_a_seal() -> None:
    row = made.lodged()
    moving.take(actor=OFFICER, mrn=row.mrn, step=Step.RELEASE)
    with pytest.raises(Conflict, match="no seal"):
        moving.depart(actor=OFFICER, mrn=row.mrn)


def test_a_seal_is_used_once_and_its_log_cannot_be_bent() -> None:
    row = made.departed()
    used = Seal.objects.get()
    with pytest.raises(Conflict, match="affixed"):
        sealing.affix_seal(actor=OFFICER, mrn=made.lodged().mrn, identifier=used.identifier)
    assert sealing.verify_seal(actor=OFFICER, mrn=row.mrn, identifier=used.identifier.lower(), intact=True).good
    with pytest.raises(Conflict, match="say why"):
        sealing.remove_seal(actor=OFFICER, mrn=row.mrn, identifier=used.identifier)
    sealing.remove_seal(actor=OFFICER, mrn=row.mrn, identifier=used.identifier, reason="Inspection")
    with pytest.raises(Conflict, match="removed"):
        sealing.affix_seal(actor=OFFICER, mrn=row.mrn, identifier=used.identifier)
    assert sealing.log_holds() is None
    from otay.goods.transit.models import SealLogEntry

    SealLogEntry.objects.filter(sequence=3).update(place="elsewhere")
    assert sealing.log_holds().sequence == 3


def test_another_seal_on_the_truck_raises_an_alarm() -> None:
    row = made.departed()
    verdict = sealing.verify_seal(actor=OFFICER, mrn=row.mrn, identifier="OTHER-1", intact=True)
    assert not verdict.good
    assert row.alarms.get().kind == "device_swap"
    moving.arrive(actor=made.gate_officer(), mrn=row.mrn, office=made.LAREDO)
    moving.take(actor=OFFICER, mrn=row.mrn, step=Step.RELEASE_GOODS, office=made.LAREDO)
    with pytest.raises(Conflict, match="high severity"):
        moving.discharge(actor=OFFICER, mrn=row.mrn)


def test_who_may_do_what() -> None:
    row = made.departed()
    elsewhere = made.gate_officer("2506")
    with pytest.raises(NotFound):
        moving.arrive(actor=elsewhere, mrn=row.mrn, office="US002506")
    with pytest.raises(Forbidden):
        moving.arrive(actor=made.gate_officer(), mrn=row.mrn, office="US002506")
    with pytest.raises(Conflict, match="neighbour"):
        moving.arrive(actor=OFFICER, mrn=row.mrn, office=made.MONTERREY)
    with pytest.raises(NotFound):
        moving.report_incident(actor=made.carrier("OTHER"), mrn=row.mrn, code="5", text="x")
    moving.report_incident(actor=made.carrier(), mrn=row.mrn, code="5", text="Accident")
    for forbidden in (made.carrier(), made.gate_officer(), actor(roles.AUDITOR)):
        with pytest.raises(Forbidden):
            moving.take(actor=forbidden, mrn=row.mrn, step=Step.OPEN_ENQUIRY, reason="x", office=made.LAREDO)
    with pytest.raises(Forbidden):
        sealing.register_seals(actor=made.gate_officer(), seals=[])
    with pytest.raises(Forbidden):
        sealing.verify_seal(actor=made.carrier(), mrn=row.mrn, identifier="X", intact=True, where=Where())
