"""Tracks, routes and rules as files: tolerant of names, strict about values, nothing dropped in silence."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.core.findings import refuses
from otay.goods.transit.route import read_route
from otay.goods.transit.rules_file import read_rules, rules_schema
from otay.goods.transit.track import COLUMNS, read_track

MOMENT = datetime(2026, 1, 15, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("heading", "row"),
    [
        ("time,device_id,lat,lon", "2026-01-15T08:30:00Z,S1,32.5,-117"),
        ("Fecha Hora;Precinto;Latitud;Longitud", "2026-01-15 00:30:00-08:00;S1;32.5;-117"),
        ("fixTime\timei\tlatitude\tlongitude", "1768465800\tS1\t32.5\t-117"),
        ("timestamp|id|lat|lng", "1768465800000|S1|32.5|-117"),
        ("\ufefftime,device_id,lat,lon", "2026-01-15T08:30:00,S1,32.5,-117"),
    ],
)
def test_columns_are_found_under_common_names(heading: str, row: str) -> None:
    (item,), findings = read_track(f"{heading}\n{row}\n".encode())
    assert (item.time, item.device_id, item.position) == (MOMENT, "S1", (-117, 32.5))
    assert not refuses(findings)


def one(columns: str, cells: str) -> tuple[Any, list[str]]:
    found, findings = read_track(f"time,lat,lon,{columns}\n2026-01-15T08:30:00Z,32.5,-117,{cells}\n".encode())
    return found[0], [finding.rule for finding in findings]


def test_values_are_read_in_their_units() -> None:
    item, rules = one(
        "speed_knots,course,battery,event,valid,received_at", "10,90,85%,Rope Cut;unlock,A,2026-01-15T09:00:00Z"
    )
    assert rules == []
    assert (item.speed, item.course, item.battery) == (18.52, 90, 85)
    assert item.events == {"rope_cut", "unlock"}
    assert item.received_at == datetime(2026, 1, 15, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("columns", "cells", "rule"),
    [
        ("battery", "120", "track.number"),
        ("speed", "fast", "track.number"),
        ("speed", "nan", "track.number"),
        ("valid", "perhaps", "track.valid"),
        ("received_at", "later", "track.received"),
        ("event", "explosion", "track.event"),
        ("colour", "red", "track.column"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_row_is_kept(columns: str, cells: str, rule: str) -> None:
    _, rules = one(columns, cells)
    assert rules == [rule]


@pytest.mark.parametrize("time", ["", "yesterday", "2026-02-30T00:00:00Z", "0001-01-01T00:00:00Z", "99999999999999"])
def test_a_row_without_a_time_is_refused_with_its_line(time: str) -> None:
    found, findings = read_track(f"time,lat,lon\n2026-01-15T08:30:00Z,1,1\n{time},1,1\n".encode())
    assert len(found) == 1
    assert [(item.rule, item.place) for item in findings if item.rule == "track.time"] == [("track.time", "line 3")]


def test_a_position_off_the_globe_is_no_position_but_the_event_counts() -> None:
    (item,), findings = read_track(b"time,lat,lon,event\n2026-01-15T08:30:00Z,95,1,rope_cut\n")
    assert (item.position, item.events) == (None, {"rope_cut"})
    assert [finding.rule for finding in findings] == ["track.number"]


def test_a_file_without_the_columns_is_refused() -> None:
    found, findings = read_track(b"a,b\n1,2\n")
    assert found == []
    assert "track.columns" in [finding.rule for finding in findings]
    assert read_track(b"")[0] == []


def test_no_name_belongs_to_two_columns() -> None:
    names = [name for names in COLUMNS.values() for name in names]
    assert len(names) == len(set(names))


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: ("time,lat,lon,event\n" + text).encode()))
)
def test_no_bytes_crash_the_reader(data: bytes) -> None:
    found, findings = read_track(data)
    rows = max(0, len(data.decode("latin-1").split("\n")) - 1)
    assert len(found) <= max(rows, 400)
    assert all(item.text("es") for item in findings)


LINE = {"type": "LineString", "coordinates": [[-117, 32.5], [-116, 32.5]]}


@pytest.mark.parametrize(
    "document",
    [
        LINE,
        {"type": "Feature", "properties": {}, "geometry": LINE},
        {"type": "FeatureCollection", "features": [{"type": "Feature", "geometry": LINE, "properties": None}]},
        {"type": "MultiLineString", "coordinates": [[[-117, 32.5], [-116.5, 32.5]], [[-116.5, 32.5], [-116, 32.5, 7]]]},
    ],
)
def test_a_route_is_a_line_however_it_is_wrapped(document: dict[str, Any]) -> None:
    assert read_route(json.dumps(document).encode()).length == pytest.approx(93_800, rel=0.01)


@pytest.mark.parametrize(
    "document",
    [
        "x",
        [],
        {"type": "Point", "coordinates": [1, 2]},
        {"type": "LineString", "coordinates": [[1, 2]]},
        {"type": "LineString", "coordinates": [["a", 2], [3, 4]]},
        {"type": "LineString", "coordinates": [[1, 95], [3, 4]]},
        {"type": "MultiLineString", "coordinates": [[[1, 1], [2, 2]], [[3, 3], [4, 4]]]},
        {"type": "Feature"},
    ],
)
def test_what_is_no_route_is_refused(document: Any) -> None:
    with pytest.raises(Refused) as refused:
        read_route(json.dumps(document).encode())
    assert refused.value.findings[0].rule == "route.geojson"


def test_rules_are_read_and_every_fault_is_named() -> None:
    rules = read_rules(
        b'{"$schema": "rules.schema.json", "corridor_m": 300, "authorised_places": [{"lat": 32.5, "lon": -117}]}'
    )
    assert rules.corridor_m == 300
    assert rules.authorised_places[0].radius_m == 300
    with pytest.raises(Refused) as refused:
        read_rules(b'{"corridor_m": -1, "corider": 3, "deadline": "2026-01-15T08:30:00"}')
    assert {finding.place for finding in refused.value.findings} == {"/corridor_m", "/corider", "/deadline"}
    with pytest.raises(Refused):
        read_rules(b"{")


def test_the_schema_names_every_setting() -> None:
    schema = rules_schema()
    assert {"corridor_m", "deadline", "authorised_places", "devices"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False


def test_the_example_and_the_schema_of_the_manual_are_those_of_the_program() -> None:
    files = Path(__file__).parents[3] / "docs" / "files"
    assert json.loads((files / "transit-rules.schema.json").read_text()) == rules_schema()
    assert read_rules((files / "transit-rules.example.json").read_bytes()).stop_places
