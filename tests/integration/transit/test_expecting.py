"""When a movement is expected: from earlier journeys on its corridor where the node has seen enough of them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from factories import transit_room as made
from otay.engines.corridor import Corridor
from otay.engines.transit.history import FEWEST
from otay.engines.transit.observations import Observation
from otay.goods.transit import presenting
from otay.goods.transit.models import Alarm, Journey, JourneyProfile, Movement
from otay.goods.transit.reports.incoming import Message, packed
from otay.goods.transit.reports.models import Door, ReportBatch
from otay.goods.transit.reports.storing import settle
from otay.goods.transit.services import judging
from otay.node import clock

pytestmark = pytest.mark.django_db
ROAD = Corridor(made.LINE)
START = datetime.fromisoformat("2026-11-20T06:00:00+00:00")
HALF = ROAD.length / 2


def travel(device: str, at: datetime, *, until: float = 1.0, slower: float = 1.0, **changes: object) -> Movement:
    """One that takes two hours for the first half of the road and six for the second; ``until``: how far it came."""
    row = made.departed(device=device, at=at, time_limit=at + timedelta(hours=40), vehicle=f"TX-{device}", **changes)
    seen = []
    for step in range(round(60 * until) + 1):
        metres = step * ROAD.length / 60
        hours = (metres / HALF * 2 if metres <= HALF else 2 + (metres - HALF) / HALF * 6) * slower
        lon, lat = ROAD.at(metres)
        seen.append(Observation(at + timedelta(hours=hours), device, lat=round(lat, 6), lon=round(lon, 6), battery=90))
    messages = [Message("test", one) for one in made.as_reports(seen)]
    heard = seen[-1].time
    settle(
        ReportBatch.objects.create(
            door=Door.HTTP, received_at=heard, taken_at=heard, count=len(messages), content=packed(messages)
        )
    )
    while judging.judge_due():
        pass
    return row


@pytest.fixture(autouse=True)
def _now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=3))


def before(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many journeys of the days before, each a little slower than the one before it."""
    for number in range(count):
        day = START - timedelta(days=count + 1 - number)
        monkeypatch.setattr(clock, "now", lambda day=day: day + timedelta(hours=12))
        travel(f"H{number}", day, slower=1 + number / 100)
    _present(monkeypatch)


def _present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: START + timedelta(hours=3))


def test_an_arrival_leaves_a_profile_and_enough_of_them_are_what_the_next_is_expected_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before(FEWEST, monkeypatch)
    assert JourneyProfile.objects.count() == FEWEST
    row = travel("E1", START, until=0.5)
    journey = Journey.objects.get(movement=row)
    assert journey.earlier_journeys == FEWEST
    assert presenting.expected_from(journey) == f"{FEWEST} earlier journeys"
    assert journey.early is not None
    assert journey.likely is not None
    assert journey.late is not None
    # all were slow in the same measure from the beginning on, so that its own pace leaves little doubt
    arrives, minutes = START + timedelta(hours=8), timedelta(minutes=2)
    assert arrives - minutes <= journey.early <= journey.likely <= journey.late <= arrives + minutes


def test_too_few_say_nothing_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    before(FEWEST - 1, monkeypatch)
    # one more arrives on the day itself, and one on another road: neither is an earlier journey on this corridor
    travel("E8", START - timedelta(hours=5, minutes=50))
    travel("E9", START - timedelta(days=1), route=[*made.LINE[:-1], (made.LINE[-1][0], made.LINE[-1][1] - 0.001)])
    journey = Journey.objects.get(movement=travel("E1", START, until=0.5))
    assert journey.earlier_journeys == 0
    assert presenting.expected_from(journey) == "this journey's pace alone"
    assert journey.likely
    assert journey.likely < START + timedelta(hours=5)


def test_a_movement_is_predicted_late_by_what_others_met_ahead_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    before(FEWEST, monkeypatch)
    limits = {"E1": 6, "E2": 10}
    for device, hours in limits.items():
        row = travel(device, START, until=0.5)
        Movement.objects.filter(pk=row.pk).update(time_limit=START + timedelta(hours=hours))
        judging.judge_movements([row.pk])
    late = Alarm.objects.filter(kind="predicted_late", withdrawn_at__isnull=True)
    assert [alarm.movement.vehicle for alarm in late] == ["TX-E1"]
    assert 60 <= late[0].details["minutes_late"] <= 180


def test_a_profile_goes_when_the_arrival_is_taken_back() -> None:
    row = travel("E1", START - timedelta(hours=9))
    assert JourneyProfile.objects.filter(movement=row).exists()
    # the seal was taken off on the way, as it turns out: what its device told of the end is not the movement's
    row.seals.update(removed_at=START - timedelta(hours=4))
    judging.judge_movements([row.pk])
    assert not JourneyProfile.objects.exists()
