"""The published feed as observations: only this port's crossings, only waits, and why there are none."""

import json
from datetime import UTC, datetime
from typing import Any

from otay.infrastructure.planning.domain import Method, Quality
from otay.infrastructure.planning.feed import is_feed, rows_of_feed


def lane(**changes: Any) -> dict[str, Any]:
    usual = {"update_time": "At 1:00 pm PDT", "operational_status": "delay", "delay_minutes": "75", "lanes_open": "12"}
    return usual | changes


def port(number: str, **groups: Any) -> dict[str, Any]:
    return {"port_number": number, "port_status": "Open", "date": "7/14/2023", "hours": "24 hrs/day"} | groups


FEED = json.dumps(
    [
        port(
            "250401",
            passenger_automation_type="Bluetooth",
            passenger_vehicle_lanes={
                "maximum_lanes": "34",
                "standard_lanes": lane(),
                "ready_lanes": lane(operational_status="Lanes Closed", delay_minutes=""),
                "NEXUS_SENTRI_lanes": lane(delay_minutes="soon"),
            },
        ),
        port("230401", pedestrian_lanes={"maximum_lanes": "14", "standard_lanes": lane(delay_minutes="5")}),
    ]
).encode()


def test_waits_of_the_port_become_observations() -> None:
    assert is_feed(FEED)
    rows, findings = rows_of_feed(FEED, {"250401": "san-ysidro"}, "bwt.json")
    assert [(row.lane, row.minutes, row.crossing, row.lanes_open) for row in rows] == [
        ("general", 75.0, "san-ysidro", 12)
    ]
    assert rows[0].at == datetime(2023, 7, 14, 20, 0, tzinfo=UTC)
    assert (rows[0].method, rows[0].quality) == (Method.API, Quality.MEASURED)
    assert [one.place for one in findings] == ["/0/passenger_vehicle_lanes/NEXUS_SENTRI_lanes/delay_minutes"]


def test_without_automation_a_wait_is_an_estimate_and_no_wait_is_said() -> None:
    rows, _findings = rows_of_feed(FEED, {"230401": "laredo-1"}, "")
    assert [(row.lane, row.quality, row.source) for row in rows] == [("pedestrian", Quality.ESTIMATED, "bwt.cbp.gov")]
    none, findings = rows_of_feed(FEED, {"250601": "otay-mesa"}, "")
    assert not none
    assert findings[-1].rule == "waits.nothing"
    assert "250401" in findings[-1].text("en")
