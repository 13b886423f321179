"""What the demo player, the map and the pages ask."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from factories.places import make_crossing, make_port
from otay.core.errors import NotFound
from otay.places import queries
from otay.places.domain import Mode, Status
from otay.places.models import MonthlyVolume, OpeningHours, Source
from otay.places.profile import LaneKind, Measure

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 18, tzinfo=UTC)  # a Tuesday, noon at Laredo


def test_ports_can_be_narrowed_by_either_side_and_by_mode() -> None:
    assert {port.name for port in queries.ports(state="MX-SON")} == {
        "Douglas",
        "Lukeville",
        "Naco",
        "Nogales",
        "San Luis",
        "Sasabe",
    }
    assert {port.code for port in queries.ports(mode="rail")} == {
        "2301",
        "2303",
        "2304",
        "2402",
        "2403",
        "2506",
        "2507",
        "2604",
    }
    assert queries.ports(state="US-TX", mode="nothing") == []


def test_an_unknown_port_or_crossing_is_not_found() -> None:
    with pytest.raises(NotFound):
        queries.port("0000")
    with pytest.raises(NotFound):
        queries.crossing("nowhere")
    with pytest.raises(NotFound):
        queries.expected_hourly("0000", Measure.TRUCKS, NOON)


def test_the_hours_of_a_month_add_up_to_the_count_of_its_reference_month() -> None:
    counted = MonthlyVolume.objects.get(port="2304", measure="Trucks", month=date(2023, 11, 1)).value
    hours = queries.volume_profile("2304", Measure.TRUCKS, date(2026, 11, 1))
    assert sum(count for _hour, count in hours) == counted
    assert len(hours) == 721  # clocks go back on the first


def test_expected_per_hour_integrates_to_the_month() -> None:
    total, at = 0.0, datetime(2026, 11, 1, 5, tzinfo=UTC)  # midnight at Laredo, still on summer time
    for _hour in range(721):
        total += queries.expected_per_hour(at)["2304"][Measure.TRUCKS]
        at += timedelta(hours=1)
    assert total == pytest.approx(
        MonthlyVolume.objects.get(port="2304", measure="Trucks", month=date(2023, 11, 1)).value
    )


def test_the_faulty_measure_is_not_computed_with() -> None:
    assert all(Measure.TRUCKS_LOADED not in measures for measures in queries.expected_per_hour(NOON).values())


def test_a_date_before_the_first_count_expects_nothing() -> None:
    assert set().union(*queries.expected_per_hour(datetime(1990, 1, 1, tzinfo=UTC)).values()) == set()


def test_expected_per_hour_asks_nothing_when_warm(django_assert_num_queries: object) -> None:
    queries.expected_per_hour(NOON)
    with django_assert_num_queries(0):  # type: ignore[operator]
        queries.expected_per_hour(NOON + timedelta(minutes=1))


def test_cargo_at_the_bridge_of_the_americas_stops_when_it_is_closed() -> None:
    """Its hall keeps 06-14 on weekdays (CBP, October 2023): a Saturday gets none of El Paso's trucks."""
    assert queries.expected_hourly("2402", Measure.TRUCKS, datetime(2026, 11, 24, 16, tzinfo=UTC)) > 0
    assert queries.expected_hourly("2402", Measure.TRUCKS, datetime(2026, 11, 28, 16, tzinfo=UTC)) == 0


def test_crossings_of_a_port_share_its_count() -> None:
    shares = queries.crossing_shares("2304", Mode.CARGO, NOON)
    assert shares == {"laredo-colombia": 0.5, "laredo-world-trade": 0.5}
    whole = queries.expected_hourly("2304", Measure.TRUCKS, NOON)
    parts = [queries.expected_hourly("2304", Measure.TRUCKS, NOON, crossing_key=key) for key in shares]
    assert sum(parts) == pytest.approx(whole)
    assert queries.expected_hourly("2304", Measure.TRUCKS, NOON, crossing_key="laredo-1") == 0


def test_a_crossing_known_to_be_closed_hands_its_share_to_the_others() -> None:
    night = datetime(2026, 11, 24, 8, tzinfo=UTC)  # 02:00 at Laredo: Colombia takes empties from 08:00 only
    assert queries.crossing_shares("2304", Mode.CARGO, night) == {"laredo-world-trade": 1.0}


def test_lane_shares_take_empties_from_the_counts() -> None:
    shares = queries.lane_shares("2304", Measure.TRUCKS, NOON)
    volumes = {row.measure: row.value for row in MonthlyVolume.objects.filter(port="2304", month=date(2023, 11, 1))}
    assert shares[LaneKind.CARGO_EMPTY] == pytest.approx(volumes["Truck Containers Empty"] / volumes["Trucks"])


def test_statuses_tell_open_closed_and_unknown_apart() -> None:
    found = queries.statuses(datetime(2026, 11, 24, 8, tzinfo=UTC))  # 00:00 at Tijuana, 01:00 at El Paso
    assert found["2504"][Mode.CAR] is Status.OPEN
    assert found["2505"][Mode.CAR] is Status.CLOSED
    assert found["2601"][Mode.CAR] is Status.UNKNOWN


def test_recent_volumes_show_a_missing_month_as_missing() -> None:
    recent = queries.recent_volumes("2304")
    assert recent["Trucks"][0][0] == date(2022, 1, 1)
    assert len(recent["Trucks"]) == 24
    assert all(value is not None for _month, value in recent["Trucks"])
    assert any(value is None for counts in queries.recent_volumes("2410").values() for _month, value in counts)


def test_yearly_totals_are_the_newest_twelve_months() -> None:
    expected = sum(
        row.value for row in MonthlyVolume.objects.filter(port="2504", measure="Personal Vehicles", month__year=2023)
    )
    assert queries.yearly_totals((Measure.CARS,))["2504"] == expected


def test_nothing_is_tied_to_two_countries() -> None:
    port = make_port()
    crossing = make_crossing(port)
    OpeningHours.objects.create(
        crossing=crossing, country="GT", mode="cargo", weekday=1, opens=360, closes=1080, source=Source.objects.first()
    )
    MonthlyVolume.objects.create(port=port, month=date(2023, 11, 1), measure="Trucks", value=3000)
    queries.forget()
    assert queries.statuses(NOON)["9901"] == {Mode.CARGO: Status.OPEN, Mode.CAR: Status.UNKNOWN}
    assert queries.expected_hourly("9901", Measure.TRUCKS, NOON) > 0
