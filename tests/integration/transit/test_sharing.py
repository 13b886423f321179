"""One movement, one record on each side: what leaves, what comes, and what the agreement keeps at home."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from factories import transit_room as made
from factories.exchange import Neighbour, paired, terms
from otay.core.errors import Conflict
from otay.exchange.domain.agreement import Term
from otay.exchange.models import Inbox, Outbox
from otay.exchange.registry import record_types
from otay.exchange.services import acceptance
from otay.goods.transit.domain.steps import EVENT, MOVEMENT, Step
from otay.goods.transit.models import Alarm, Incident, Journey, Movement, MovementEvent
from otay.goods.transit.reports.incoming import Message
from otay.goods.transit.reports.models import Door
from otay.goods.transit.reports.storing import store
from otay.goods.transit.services import judging, moving, sealing
from otay.goods.transit.sharing import ALARM, POSITION
from otay.node import clock

pytestmark = pytest.mark.django_db
OFFICER = made.transit_officer()
MRN = "26MX000000000042J1"


def agreed(*but: str) -> Any:
    """Terms over the room's record types, without the fields named."""
    shared = tuple(
        Term(key, tuple(field.name for field in record_types[key].fields if field.name not in but), ("MX", "US"))
        for key in (MOVEMENT, EVENT, ALARM, POSITION)
    )
    return terms(terms=shared)


def test_departure_incident_and_alarm_leave_in_order_and_only_as_agreed() -> None:
    paired(Neighbour(), agreed=agreed("guarantees", "holder_id"))
    row = made.departed()
    moving.report_incident(actor=OFFICER, mrn=row.mrn, code="3", text="Engine", transhipment={"vehicle": "TX-2"})
    sealing.verify_seal(actor=OFFICER, mrn=row.mrn, identifier="OTHER-1", intact=True)
    sent = list(Outbox.objects.order_by("sequence"))
    assert [(one.record_type, one.parsed.get("step", one.parsed.get("vehicle"))) for one in sent] == [
        (MOVEMENT, "TX-001"), (EVENT, "depart"), (EVENT, "incident"), (MOVEMENT, "TX-2"), (ALARM, None),
    ]  # fmt: skip
    first = sent[0].parsed
    assert not {"guarantees", "holder_id"} & set(first)
    assert len(first["route"]) == len(made.LINE)
    assert [seal["class"] for seal in first["seals"]] == ["H"]


def body(**changes: Any) -> dict[str, Any]:
    now = clock.now()
    return {
        "mrn": MRN, "procedure": "ncts", "type": "T1", "holder": "Empresa Inventada", "vehicle": "NL-77",
        "departure": made.MONTERREY, "transit_offices": [made.LAREDO], "destination": made.SAN_ANTONIO,
        "state": "in_transit", "time_limit": (now + timedelta(hours=9)).isoformat(),
        "departed_at": (now - timedelta(hours=2)).isoformat(),
        "seals": [{"identifier": "MXS-1", "class": "H", "affixed_at": (now - timedelta(hours=3)).isoformat()}],
        "lines": [{"number": 1, "hs6": "847130", "description": "Computers", "packages": 3, "gross_mass_kg": "12.5"}],
        "route": [["-100.1", "25.7"], ["-99.5", "27.5"], ["-98.5", "29.5"]], **changes,
    }  # fmt: skip


class Side:
    """The Mexican node as it tells of its movement, signed."""

    def __init__(self) -> None:
        self.node = Neighbour()
        paired(self.node, agreed=agreed())
        self.version = 0

    def tell(self, record_type: str, told: dict[str, Any]) -> None:
        self.version += 1
        self.node.add(told, record_type=record_type, business_key=told["mrn"], version=self.version)
        count = len(self.node.records)
        acceptance.accept_batch(self.node.batch(count, count))

    def event(self, step: str, **detail: Any) -> None:
        at = (clock.now() - timedelta(minutes=30)).isoformat()
        self.tell(EVENT, {"mrn": MRN, "step": step, "at": at, "office": made.MONTERREY, "detail": detail})


def test_a_movement_that_comes_in_is_received_unloaded_and_discharged_by_this_sides_officers() -> None:
    side = Side()
    side.tell(MOVEMENT, body())
    side.event("depart")
    row = Movement.objects.get(mrn=MRN)
    assert (row.peer, row.state, row.lines.get().hs6, row.route.length_m > 400_000) == (
        "MX",
        "in_transit",
        "847130",
        True,
    )
    side.event("incident", code="5", text="Accidente")
    side.event("continue")
    assert Incident.objects.get(movement=row).code == "5"
    gate = made.gate_officer("2304")
    assert sealing.verify_seal(
        actor=gate, mrn=MRN, identifier="mxs-1", intact=True, where=sealing.Where(office=made.LAREDO)
    ).good
    with pytest.raises(Conflict, match="office of departure"):
        moving.open_enquiry(actor=OFFICER, mrn=MRN, reason="Not arrived")
    moving.arrive(actor=OFFICER, mrn=MRN, office=made.SAN_ANTONIO)
    moving.take(actor=OFFICER, mrn=MRN, step=Step.PERMIT_UNLOADING, office=made.SAN_ANTONIO)
    moving.unload(actor=OFFICER, mrn=MRN, conforms=True, seals_good=True, office=made.SAN_ANTONIO)
    moving.take(actor=OFFICER, mrn=MRN, step=Step.RELEASE_GOODS, office=made.SAN_ANTONIO)
    moving.discharge(actor=OFFICER, mrn=MRN)
    told = [one.parsed["step"] for one in Outbox.objects.filter(record_type=EVENT).order_by("sequence")]
    assert told == ["arrive", "permit_unloading", "unload", "release_goods", "discharge"]
    assert not Outbox.objects.filter(record_type=MOVEMENT).exists()


def test_what_our_state_does_not_allow_is_kept_and_shown_never_applied() -> None:
    side = Side()
    side.tell(MOVEMENT, body())
    side.event("discharge")
    side.event("nonsense")
    row = Movement.objects.get(mrn=MRN)
    assert row.state == "in_transit"
    assert list(MovementEvent.objects.filter(movement=row).values_list("step", "applied")) == [
        ("discharge", False), ("nonsense", False),
    ]  # fmt: skip
    assert set(Inbox.objects.values_list("state", flat=True)) == {"applied"}


def test_our_movement_ends_when_the_neighbour_tells_its_end() -> None:
    side = Side()
    row = made.departed(at=clock.now() - timedelta(hours=3))
    for step in ("arrive", "permit_unloading", "unload", "release_goods"):
        at = (clock.now() - timedelta(minutes=30)).isoformat()
        detail = {"conforms": True, "seals_good": True} if step == "unload" else {}
        side.tell(EVENT, {"mrn": row.mrn, "step": step, "at": at, "office": made.MONTERREY, "detail": detail})
    row.refresh_from_db()
    assert (row.state, row.conforms, row.arrived_office) == ("goods_released", True, made.MONTERREY)
    assert moving.discharge(actor=OFFICER, mrn=row.mrn).state == "discharged"


@pytest.mark.parametrize("step", ["open_enquiry", "recover", "discharge", "cancel"])
def test_the_neighbour_does_not_decide_on_our_movement_or_its_guarantee(step: str) -> None:
    side = Side()
    row = made.departed(at=clock.now() - timedelta(hours=3))
    if step == "discharge":  # the table would allow it under enquiry
        moving.take(actor=OFFICER, mrn=row.mrn, step=Step.OPEN_ENQUIRY, reason="No word of it")
    before = Movement.objects.get(pk=row.pk).state
    side.tell(EVENT, {"mrn": row.mrn, "step": step, "at": clock.now().isoformat(), "office": made.MONTERREY})
    assert Movement.objects.get(pk=row.pk).state == before
    assert list(MovementEvent.objects.filter(movement=row, side="MX").values_list("step", "applied")) == [(step, False)]


def test_the_neighbours_alarm_rings_here_and_goes_when_it_is_withdrawn() -> None:
    side = Side()
    side.tell(MOVEMENT, body())
    now = clock.now().isoformat()
    told = {
        "mrn": MRN,
        "kind": "cut",
        "severity": "high",
        "time": now,
        "detected_at": now,
        "device_id": "X",
        "act": "raised",
    }
    side.tell(ALARM, told)
    alarm = Alarm.objects.get()
    assert (alarm.kind, alarm.source, alarm.withdrawn_at) == ("cut", "peer", None)
    assert not Outbox.objects.filter(record_type=ALARM).exists()
    side.tell(ALARM, told | {"act": "withdrawn"})
    alarm.refresh_from_db()
    assert alarm.withdrawn_at is not None


def test_a_time_limit_that_both_sides_know_rings_once_and_does_not_go_back_and_forth() -> None:
    side = Side()
    past = (clock.now() - timedelta(minutes=10)).isoformat()
    side.tell(MOVEMENT, body(time_limit=past))
    row = Movement.objects.get(mrn=MRN)
    judging.judge_movements([row.pk])
    own = Alarm.objects.get(kind="over_time_limit")
    assert (own.source, own.withdrawn_at) == ("reports", None)
    assert not Outbox.objects.filter(record_type=ALARM).exists(), "the neighbour knows its own time limit"
    told = {
        "mrn": MRN,
        "kind": "over_time_limit",
        "time": past,
        "detected_at": past,
        "device_id": "MX-1",
        "act": "raised",
    }
    side.tell(ALARM, told)
    judging.judge_movements([row.pk])
    own.refresh_from_db()
    assert own.withdrawn_at is not None
    assert Alarm.objects.get(kind="over_time_limit", withdrawn_at=None).source == "peer"


def test_a_movements_place_leaves_every_half_hour_and_only_as_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    paired(Neighbour(), agreed=agreed("likely"))
    start = clock.now() - timedelta(hours=3)
    made.departed(device="E1", at=start)
    for minutes in (10, 20, 45, 50, 75):
        now = start + timedelta(minutes=minutes)
        monkeypatch.setattr(clock, "now", lambda now=now: now)
        content = made.report("E1", now, lat=29.5, lon=-98.5 - minutes / 1000)
        store(Door.MQTT, [Message("seals/otay-seal/E1", content, "otay-seal", "E1")])
        judging.judge_due()
    sent = [one.parsed for one in Outbox.objects.filter(record_type=POSITION).order_by("sequence")]
    assert [one["lon"] for one in sent] == ["-98.510000", "-98.545000", "-98.575000"]
    assert "likely" not in sent[0]
    assert "progress_m" in sent[0]


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ({"lat": "27.5", "lon": "-99.5", "progress_m": "120000"}, (27.5, -99.5)),
        ({"lat": "nan", "lon": "-99.5"}, None),
        ({"lat": "127", "lon": "0"}, None),
        ({"lat": "27.5", "lon": "-99.5", "seen_at": "yesterday"}, None),
    ],
)
def test_the_neighbours_movement_stands_where_it_was_last_told(told: dict[str, str], kept: Any) -> None:
    side = Side()
    side.tell(MOVEMENT, body())
    now = clock.now()
    side.tell(POSITION, {"mrn": MRN, "seen_at": (now - timedelta(minutes=5)).isoformat(), **told})
    older = {"mrn": MRN, "seen_at": (now - timedelta(minutes=90)).isoformat(), "lat": "26.1", "lon": "-99.9"}
    journey = Journey.objects.get(movement__mrn=MRN)
    assert (None if journey.lat is None else (journey.lat, journey.lon)) == kept
    judging.judge_movements([journey.pk])
    side.tell(POSITION, older)
    journey.refresh_from_db()
    assert (journey.lat, journey.lon) == (kept or (26.1, -99.9)), "what was seen later stands, also after a judgement"


def test_a_hostile_neighbour_breaks_nothing() -> None:
    side = Side()
    side.tell(MOVEMENT, body(route=[["x", "y"]], time_limit="never", lines=[{"gross_mass_kg": "NaN"}], seals=[{}]))
    assert Movement.objects.get(mrn=MRN).route is None
    own = made.departed()
    side.tell(MOVEMENT, body(mrn=own.mrn, vehicle="STOLEN"))
    own.refresh_from_db()
    assert (own.vehicle, own.peer) == ("TX-001", "")
