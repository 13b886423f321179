"""Stored alarms are those of the whole record, whatever order the reports come in and however often they are told."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import pytest

from factories import transit_room as made
from otay.engines.corridor import Corridor
from otay.engines.transit.observations import Observation
from otay.goods.transit.domain.alarm_life import Act
from otay.goods.transit.models import Alarm, AlarmEvent, Journey, Movement, Report
from otay.goods.transit.reports.incoming import Message, packed
from otay.goods.transit.reports.models import Door, ReportBatch
from otay.goods.transit.reports.storing import settle
from otay.goods.transit.services import alarming, judging, moving
from otay.node import clock

pytestmark = pytest.mark.django_db
ROAD = Corridor(made.LINE)
OFFICER = made.transit_officer()
START = datetime.fromisoformat("2026-11-20T06:00:00+00:00")


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The present is a day after the start, so that every report of a test lies behind."""
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=24))


def seen(minute: float, device: str = "E1", late: float = 0, off: float = 0.0, **said: object) -> Observation:
    """Where the truck is after so many minutes at a kilometre a minute; heard ``late`` minutes later."""
    lon, lat = ROAD.at(minute * 1000)
    time = START + timedelta(minutes=minute)
    values = {"lat": round(lat, 6), "lon": round(lon + off, 6), "battery": 90} | said
    return Observation(time, device, received_at=time + timedelta(minutes=late), **values)  # type: ignore[arg-type]


def deliver(observations: Iterable[Observation]) -> None:
    """Each as its own batch with its own time of receipt."""
    for one in observations:
        message = Message("test", made.as_reports([one])[0])
        batch = ReportBatch.objects.create(
            door=Door.HTTP, received_at=one.heard, taken_at=one.heard, count=1, content=packed([message])
        )
        settle(batch)


def judge_all() -> None:
    while judging.judge_due():
        pass


def standing(movement: Movement) -> list[tuple[object, ...]]:
    """The alarms that stand, with all that the judgement says of them."""
    rows = Alarm.objects.filter(movement=movement, withdrawn_at__isnull=True).order_by("time", "kind")
    return [
        (row.kind, row.time, row.detected_at, row.ended_at, row.lat, row.lon, sorted(row.details.items()))
        for row in rows
    ]


def story() -> list[Observation]:
    """A truck that is cut in a dead zone, strays, is silent for a while and is opened on the way."""
    quiet = range(150, 175)
    whole = [seen(minute) for minute in range(2, 200, 3) if minute not in quiet and not 60 <= minute < 90]
    dead = [seen(minute, late=100 - minute + 60) for minute in range(60, 90, 3)]
    dead[3] = seen(69, late=91, events=frozenset({"rope_cut"}))
    strays = [seen(minute, off=0.05) for minute in range(111, 121)]
    return [*whole, *dead, *strays, seen(130.5, events=frozenset({"unlock"}))]


@pytest.mark.parametrize("shuffle", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in range(1, 12))])
def test_any_order_and_any_repetition_give_the_same_alarms(shuffle: int) -> None:
    told = story()
    movement = made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    deliver(sorted(told, key=lambda one: one.heard))
    judge_all()
    expected = standing(movement)
    assert {row[0] for row in expected} >= {"cut", "opened", "off_route", "silence"}
    other = made.departed(device="E2", at=START, time_limit=START + timedelta(hours=30), vehicle="TX-002")
    again = [Observation(**{**_fields(one), "device_id": "E2"}) for one in told]
    chance = random.Random(shuffle)
    mixed = again + chance.sample(again, 30)
    chance.shuffle(mixed)
    while mixed:
        size = chance.randint(1, 25)
        deliver(mixed[:size])
        del mixed[:size]
        if chance.random() < 0.6:
            judge_all()
    judge_all()
    kinds = [row for row in standing(other) if row[0] != "meeting"]
    assert kinds == [row for row in expected if row[0] != "meeting"]


def _fields(one: Observation) -> dict[str, object]:
    return {name: getattr(one, name) for name in one.__slots__}


def test_two_that_stand_together_meet_whichever_is_judged_first() -> None:
    apart = timedelta(hours=30)
    first = made.departed(device="E1", at=START, time_limit=START + apart)
    second = made.departed(device="E2", at=START, time_limit=START + apart, vehicle="TX-002")
    for device in ("E1", "E2"):
        there = ROAD.at(50_000)
        stands = [
            Observation(START + timedelta(minutes=minute), device, lat=there[1], lon=there[0], battery=90)
            for minute in range(50, 60)
        ]
        deliver([*[seen(minute, device) for minute in range(0, 50, 5)], *stands])
        judge_all()
    judge_all()
    for row, other in ((first, second), (second, first)):
        alarm = Alarm.objects.get(movement=row, kind="meeting", withdrawn_at__isnull=True)
        assert alarm.details == {"other": other.mrn}
        assert alarm.time == START + timedelta(minutes=50)


def test_a_cut_heard_an_hour_late_re_opens_the_verdict_of_a_movement_that_was_discharged() -> None:
    movement = made.departed(
        device="E1", at=START, destination=made.LAREDO, transit_offices=(), time_limit=START + timedelta(hours=30)
    )
    deliver([seen(minute) for minute in (*range(0, 60, 5), *range(120, 240, 5))])
    judge_all()
    gate = made.gate_officer()
    at = START + timedelta(minutes=241)
    moving.arrive(actor=gate, mrn=movement.mrn, office=made.LAREDO, at=at)
    for alarm in Alarm.objects.filter(movement=movement):
        alarming.act(actor=OFFICER, alarms=[alarm.pk], act=Act.CLOSE, text="Dead zone", finding="explained")
    moving.take(actor=gate, mrn=movement.mrn, step=moving.Step.RELEASE_GOODS, office=made.LAREDO)
    moving.discharge(actor=OFFICER, mrn=movement.mrn)
    late = [seen(minute, late=300 - minute) for minute in range(60, 120, 5)]
    late[4] = seen(80, late=220, events=frozenset({"rope_cut"}))
    deliver(late)
    judge_all()
    movement.refresh_from_db()
    cut = Alarm.objects.get(movement=movement, kind="cut")
    assert (cut.time, cut.detected_at) == (START + timedelta(minutes=80), START + timedelta(minutes=300))
    assert movement.state == "discharged"
    assert movement.reopened_at is not None
    # the silence that the late reports filled is withdrawn, not forgotten
    silence = Alarm.objects.get(movement=movement, kind="silence", time__lt=START + timedelta(minutes=120))
    assert silence.withdrawn_at is not None
    acts = AlarmEvent.objects.filter(alarm=silence).order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["raised", "close", "withdrawn"]


def test_an_alarm_whose_beginning_moves_keeps_its_life() -> None:
    movement = made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    deliver([*(seen(minute) for minute in range(0, 30, 2)), *(seen(minute, off=0.05) for minute in range(40, 60, 2))])
    judge_all()
    alarm = Alarm.objects.get(movement=movement, kind="off_route")
    alarming.act(actor=OFFICER, alarms=[alarm.pk], act=Act.ASSIGN, assignee="Patrol 7")
    deliver(seen(minute, off=0.05, late=100) for minute in range(32, 40, 2))
    judge_all()
    moved = Alarm.objects.get(movement=movement, kind="off_route", withdrawn_at__isnull=True)
    assert (moved.pk, moved.state, moved.assigned_to) == (alarm.pk, "assigned", "Patrol 7")
    assert moved.time == START + timedelta(minutes=32) < alarm.time


def test_time_alone_raises_silence_and_the_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    movement = made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    deliver([seen(minute) for minute in range(0, 60, 1)])
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(minutes=61))
    judge_all()
    assert standing(movement) == []
    assert Journey.objects.get(movement=movement).likely is not None
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=31))
    judge_all()
    assert [row[0] for row in standing(movement)] == ["silence", "over_time_limit"]


def test_a_movement_without_a_device_is_judged_by_its_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    movement = made.departed(at=START, time_limit=START + timedelta(hours=25))
    judge_all()
    assert standing(movement) == []
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=26))
    judge_all()
    assert [row[0] for row in standing(movement)] == ["over_time_limit"]


def test_suppression_loses_nothing_and_nobody_sleeps_over_an_alarm(monkeypatch: pytest.MonkeyPatch) -> None:
    from otay.goods.transit.queries.control import feed, open_alarms

    movement = made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    now = START + timedelta(hours=24)
    alarming.suppress(
        actor=OFFICER, mrn=movement.mrn, kind="cut", reason="Escort with them", until=now + timedelta(hours=2)
    )
    deliver([*(seen(minute) for minute in range(0, 1400, 10)), seen(131, events=frozenset({"rope_cut"}))])
    judge_all()
    cut = Alarm.objects.get(kind="cut")
    assert cut.pk not in feed(OFFICER)["ringing"]
    assert [row.quiet for row in open_alarms(OFFICER) if row.pk == cut.pk] == [True]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=11))
    alarming.escalate()
    cut.refresh_from_db()
    assert cut.level == 0
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=3))
    assert cut.pk in feed(OFFICER)["ringing"]
    assert alarming.escalate() >= 1
    cut.refresh_from_db()
    assert cut.level == 1


def test_reports_of_another_window_are_not_the_movements() -> None:
    movement = made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    before = Observation(START - timedelta(hours=2), "E1", lat=25.0, lon=-100.0, events=frozenset({"rope_cut"}))
    deliver([before, *(seen(minute) for minute in range(0, 60, 5))])
    judge_all()
    assert Report.objects.count() == 13
    assert not Alarm.objects.filter(movement=movement, kind="cut").exists()


def test_nothing_is_judged_twice_without_a_reason(django_assert_max_num_queries: Sequence[object]) -> None:
    made.departed(device="E1", at=START, time_limit=START + timedelta(hours=30))
    deliver([seen(minute) for minute in range(0, 60, 5)])
    judge_all()
    assert judging.judge_due() == 0


def test_one_that_cannot_be_judged_spoils_nothing_of_the_others(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rows = {
        device: made.departed(device=device, at=START, time_limit=START + timedelta(hours=30), vehicle=f"TX-{device}")
        for device in ("E1", "E2", "E3")
    }
    for device in rows:
        cut = seen(41, device, events=frozenset({"rope_cut"}))
        deliver([*(seen(minute, device) for minute in range(2, 40, 3)), cut])
    judge = judging.judge
    broken = [rows["E2"].mrn]

    def fails_after_it_wrote(observations: Sequence[Observation], *args: object, **more: object) -> object:
        if observations[0].movement in broken:
            # not any failure but one that leaves the transaction unusable, were there no savepoint around it
            Alarm.objects.create(pk=Alarm.objects.latest("pk").pk, movement=rows["E2"], kind="cut")
        return judge(observations, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(judging, "judge", fails_after_it_wrote)
    judge_all()
    stand = {device: [row[0] for row in standing(movement)] for device, movement in rows.items()}
    assert stand["E2"] == []
    assert "cut" in stand["E1"]
    assert stand["E1"] == stand["E3"]
    assert AlarmEvent.objects.filter(alarm__movement=rows["E1"], act=Act.RAISED).count() == len(stand["E1"])
    assert f"movement {broken[0]} could not be judged" in caplog.text
    assert Journey.objects.get(movement=rows["E2"]).check_at == START + timedelta(hours=24) + judging.RECHECK
    assert Journey.objects.get(movement=rows["E3"]).lat is not None
    # what stood in its way is gone: it is judged by itself, without anything new to hear
    broken.clear()
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=24, minutes=6))
    judge_all()
    assert [row[0] for row in standing(rows["E2"])] == stand["E1"]
