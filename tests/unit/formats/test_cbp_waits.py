"""The feed of wait times: the same in XML and JSON, and what is corrupt is named by its field."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.formats.registry import detect, read

PORT: dict[str, Any] = {
    "port_number": "250401",
    "border": "Mexican Border",
    "port_name": "San Ysidro",
    "crossing_name": "",
    "hours": "24 hrs/day",
    "date": "7/14/2023",
    "time": "13:05:01",
    "port_status": "Open",
    "passenger_automation_type": "Manual",
    "passenger_vehicle_lanes": {
        "maximum_lanes": "34",
        "standard_lanes": {
            "update_time": "At 1:00 pm PDT",
            "operational_status": "delay",
            "delay_minutes": "75",
            "lanes_open": "12",
        },
        "NEXUS_SENTRI_lanes": {
            "update_time": "At Noon PDT",
            "operational_status": "no delay",
            "delay_minutes": "0",
            "lanes_open": "6",
        },
        "ready_lanes": {
            "update_time": "At 1:00 pm PDT",
            "operational_status": "Lanes Closed",
            "delay_minutes": "",
            "lanes_open": "",
        },
    },
    "commercial_vehicle_lanes": {
        "maximum_lanes": "N/A",
        "standard_lanes": {"operational_status": "N/A"},
        "FAST_lanes": {"operational_status": "N/A"},
    },
    "pedestrian_lanes": {
        "maximum_lanes": "14",
        "standard_lanes": {
            "update_time": "At 11:30 pm PDT",
            "operational_status": "Update Pending",
            "delay_minutes": "",
            "lanes_open": "",
        },
    },
}


def as_json(*ports: Any) -> bytes:
    return json.dumps(list(ports)).encode()


def as_xml(*ports: dict[str, Any]) -> bytes:
    def element(name: str, value: Any) -> str:
        inner = "".join(element(*item) for item in value.items()) if isinstance(value, dict) else value
        return f"<{name}>{inner}</{name}>"

    inside = "".join(element("port", port) for port in ports)
    return f'<?xml version="1.0" encoding="UTF-8"?><border_wait_time>{inside}</border_wait_time>'.encode()


def changed(path: str, value: Any) -> dict[str, Any]:
    port: dict[str, Any] = json.loads(json.dumps(PORT))
    *parents, last = path.split("/")
    place = port
    for part in parents:
        place = place[part]
    place[last] = value
    return port


@pytest.mark.parametrize("form", [as_json, as_xml])
def test_lanes_are_read_alike_from_both_forms(form: Any) -> None:
    data = form(PORT)
    assert detect(data) == "cbp-waits"
    found = read(data)
    assert not found.findings
    by_lane = {record["lane"]: record for record in found.records}
    assert set(by_lane) == {"general", "sentri", "ready", "pedestrian"}
    general = by_lane["general"]
    assert (general["crossing_id"], general["delay_minutes"], general["lanes_open"]) == ("250401", 75, 12)
    assert general["at"] == "2023-07-14T13:00:00-07:00"
    assert by_lane["sentri"]["delay_minutes"] == 0
    assert by_lane["sentri"]["at"] == "2023-07-14T12:00:00-07:00"
    assert by_lane["ready"]["status"] == "closed"
    assert by_lane["ready"]["delay_minutes"] is None
    assert (
        by_lane["pedestrian"]["at"] == "2023-07-13T23:30:00-07:00"
    )  # updated before the feed was made: the day before
    assert by_lane["pedestrian"]["delay_minutes"] is None


LANE = "passenger_vehicle_lanes/standard_lanes"


@pytest.mark.parametrize(
    ("path", "value", "place", "rule"),
    [
        (f"{LANE}/delay_minutes", "soon", f"/0/{LANE}/delay_minutes", "waits.number"),
        (f"{LANE}/delay_minutes", "-5", f"/0/{LANE}/delay_minutes", "waits.number"),
        (f"{LANE}/delay_minutes", "99999", f"/0/{LANE}/delay_minutes", "waits.number"),
        (f"{LANE}/lanes_open", "1.5", f"/0/{LANE}/lanes_open", "waits.number"),
        (f"{LANE}/lanes_open", "50", f"/0/{LANE}/lanes_open", "waits.lanes_open"),
        (f"{LANE}/update_time", "At 25:00 pm PDT", f"/0/{LANE}/update_time", "waits.time"),
        (f"{LANE}/update_time", "At 1:00 pm XYZ", f"/0/{LANE}/update_time", "waits.time"),
        (f"{LANE}/update_time", "", f"/0/{LANE}/update_time", "waits.time"),
        (f"{LANE}/operational_status", "odd", f"/0/{LANE}/operational_status", "waits.status"),
        ("date", "14.7.2023", "/0/date", "waits.date"),
        ("port_number", "25", "/0/port_number", "waits.port_number"),
        ("passenger_vehicle_lanes", "many", "/0/passenger_vehicle_lanes", "waits.lanes"),
        ("passenger_vehicle_lanes/maximum_lanes", "x", "/0/passenger_vehicle_lanes/maximum_lanes", "waits.number"),
    ],
)
@pytest.mark.parametrize("form", [as_json, as_xml])
def test_what_is_corrupt_is_named_by_its_field(form: Any, path: str, value: Any, place: str, rule: str) -> None:
    found = read(form(changed(path, value)), format="cbp-waits")
    assert (place, rule) in {(finding.place, finding.rule) for finding in found.findings}


@pytest.mark.parametrize(
    "data",
    [
        b"<border_wait_time><port>",
        b"<ports/>",
        b'<!DOCTYPE x [<!ENTITY a "b">]><border_wait_time>&a;</border_wait_time>',
        b"[" * 100_000,
        b'"x"',
        b"{}",
        as_json(*[PORT] * 1001),
        as_json(1, "x", None),
        b"\xff\xfe\x00",
    ],
)
def test_what_is_no_feed_is_refused(data: bytes) -> None:
    found = read(data, format="cbp-waits")
    assert found.findings
    assert not found.records


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: as_json(changed("hours", text) | {text: text})))
@settings(max_examples=60, deadline=None)
def test_nothing_is_raised(data: bytes) -> None:
    read(data, format="cbp-waits")
