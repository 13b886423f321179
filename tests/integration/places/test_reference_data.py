"""The shipped data against itself, against UN/LOCODE, against the border line; and how it gets into the tables."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pycountry
import pytest
from pyunlocode import PyUnLocode

from factories.places import viewer
from otay.core.errors import Forbidden
from otay.core.geography import distance_to_line
from otay.node.models import AuditEvent
from otay.places import queries, reference, services
from otay.places.domain import LaneKind, Mode
from otay.places.models import (
    Crossing,
    CrossingSide,
    LaneGroup,
    MonthlyVolume,
    OpeningHours,
    Port,
    Provenance,
    ReferenceRelease,
    Source,
)
from otay.places.profile import MODE_OF, Measure

pytestmark = pytest.mark.django_db


def test_a_fresh_database_has_its_ports_without_being_asked() -> None:
    assert Port.objects.count() == 28
    assert MonthlyVolume.objects.count() == 41_103  # 41,110 lines, seven of them repeated


def test_every_port_of_the_statistics_is_there_and_no_other() -> None:
    counted = {line["port_code"] for line in reference.records(reference.VOLUMES)}
    assert counted == set(Port.objects.values_list("code", flat=True))


def test_the_files_keep_their_own_keys_unique() -> None:
    for name, keys in {
        "ports.csv": ("port",),
        "crossings.csv": ("crossing",),
        "crossing_sides.csv": ("crossing", "country"),
        "lanes.csv": ("crossing", "country", "kind"),
        "sources.csv": ("source",),
        "hours.csv": ("crossing", "country", "mode", "days", "opens"),
        "provenance.csv": ("table", "column", "row"),
    }.items():
        lines = Counter(tuple(line[key] for key in keys) for line in reference.records(name))
        assert [key for key, count in lines.items() if count > 1] == [], name


def test_wait_feed_numbers_are_unique_and_begin_with_the_port() -> None:
    numbers = Counter(Crossing.objects.exclude(wait_feed_id="").values_list("wait_feed_id", flat=True))
    assert max(numbers.values()) == 1
    for crossing in Crossing.objects.exclude(wait_feed_id=""):
        # The feed has numbers of its own for some: the provenance of these rows says so.
        expected = {"2301": "5355", "2507": "2503", "2401": "2402"}.get(crossing.port_id, crossing.port_id)
        assert crossing.wait_feed_id.startswith(expected), crossing.key


@pytest.mark.parametrize("model", [Port, Crossing])
def test_positions_are_within_15_km_of_the_line(model: type[Port] | type[Crossing]) -> None:
    for row in model.objects.exclude(latitude=None):
        away = min(distance_to_line((row.longitude, row.latitude), line) for line in reference.border_line())
        assert away < 15_000, f"{row.pk}: {away:.0f} m"


def test_the_border_is_one_line_from_ocean_to_gulf() -> None:
    (line,) = reference.border_line()
    assert sorted((round(line[0][0]), round(line[-1][0]))) == [-117, -97]
    assert len(reference.railways()) > 10


def test_unlocodes_exist_in_their_country() -> None:
    known = PyUnLocode()
    known.init()
    for side in CrossingSide.objects.exclude(unlocode=""):
        assert side.unlocode[:2] == side.country, side.unlocode
        assert known.get_location_name(side.unlocode[:2], side.unlocode[2:]), f"{side.crossing_id}: {side.unlocode}"


def test_zones_states_and_countries_exist_and_belong_together() -> None:
    for row in [*CrossingSide.objects.all(), *Port.objects.all()]:
        ZoneInfo(row.time_zone)
        assert pycountry.countries.get(alpha_2=row.country)
        if row.state:
            assert pycountry.subdivisions.get(code=row.state)
            assert row.state.startswith(row.country)


def test_each_crossing_has_two_sides_and_known_modes() -> None:
    for crossing in Crossing.objects.prefetch_related("sides"):
        assert sorted(side.country for side in crossing.sides.all()) == ["MX", "US"], crossing.key
        assert crossing.mode_list
        assert set(crossing.mode_list) <= set(Mode), crossing.key


def test_what_is_counted_in_2023_has_a_crossing_that_takes_it() -> None:
    """A handful of trucks at Sasabe or a bus at a small gate would be a fault of the modes: none is let through."""
    served = {
        port.code: {mode for crossing in port.crossings.all() for mode in crossing.mode_list}
        for port in queries.ports()
    }
    counted = MonthlyVolume.objects.filter(month__year=2023, value__gt=30).exclude(measure__contains="Passengers")
    missing = {
        (row.port_id, MODE_OF[Measure(row.measure)].value)
        for row in counted
        if MODE_OF[Measure(row.measure)] not in served[row.port_id]
    }
    assert missing == set()


def test_lane_kinds_and_hours_are_of_crossings_that_serve_them() -> None:
    kinds = set(LaneKind)
    assert all(group.kind in kinds for group in LaneGroup.objects.all())
    for entry in OpeningHours.objects.select_related("crossing"):
        assert entry.mode in entry.crossing.mode_list, entry.crossing_id
        assert entry.hours


def test_every_filled_cell_says_where_it_comes_from() -> None:
    for table, keys in {
        "ports": ("port",),
        "crossings": ("crossing",),
        "crossing_sides": ("crossing", "country"),
    }.items():
        for line in reference.records(f"{table}.csv"):
            row = "/".join(line[key] for key in keys)
            for column, value in line.items():
                if value and column not in {"crossing", "country"}:
                    assert queries.provenance_of(table, column, row), f"{table}.{column} of {row}"


def test_no_provenance_names_a_row_or_a_source_that_is_not_there() -> None:
    rows = {
        "ports": set(Port.objects.values_list("code", flat=True)),
        "crossings": set(Crossing.objects.values_list("key", flat=True)),
        "crossing_sides": {f"{side.crossing_id}/{side.country}" for side in CrossingSide.objects.all()},
    }
    assert [entry.row for entry in Provenance.objects.exclude(row="") if entry.row not in rows[entry.table]] == []
    named = set(Provenance.objects.values_list("source", flat=True)) | set(
        LaneGroup.objects.values_list("source", flat=True)
    )
    named |= set(OpeningHours.objects.values_list("source", flat=True))
    assert named - set(Source.objects.values_list("key", flat=True)) == set()


def test_what_is_general_knowledge_says_so() -> None:
    found = queries.provenance_of("crossing_sides", "name", "stanton/MX")
    assert found is not None
    assert found.source.title == "General knowledge, unconfirmed"


def test_loading_again_does_nothing_and_is_not_audited() -> None:
    before = AuditEvent.objects.count()
    assert services.load_reference_data(actor=viewer("places.maintain")) is False
    assert AuditEvent.objects.count() == before


def test_changed_data_is_brought_back_in_place_and_audited() -> None:
    Port.objects.filter(code="2304").update(name="Elsewhere")
    Port.objects.create(code="9999", country="US", name="Nowhere", time_zone="UTC")
    ReferenceRelease.objects.update(digest="another")
    assert services.load_reference_data(actor=viewer("places.maintain")) is True
    assert Port.objects.get(code="2304").name == "Laredo"
    assert not Port.objects.filter(code="9999").exists()
    assert MonthlyVolume.objects.count() == 41_103
    assert AuditEvent.objects.filter(action="places.reference_loaded").count() == 1


def test_loading_needs_the_permission() -> None:
    with pytest.raises(Forbidden):
        services.load_reference_data(actor=viewer("places.view"))


def test_the_repeated_lines_are_the_known_seven() -> None:
    with (Path(reference.FOLDER) / reference.VOLUMES).open(newline="") as file:
        lines = Counter((line["port_code"], line["month"], line["measure"]) for line in csv.DictReader(file))
    assert sum(count - 1 for count in lines.values()) == 7
    assert MonthlyVolume.objects.get(port="2606", month=date(2021, 2, 1), measure="Bus Passengers").value == 2175
