"""The editor's forms: what is shown and sent back unchanged is the same scenario; what is changed is changed alone."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.planning import body
from otay.core.errors import NotFound, Refused
from otay.engines.queueing.reading import make_scenario
from otay.engines.queueing.scenario import Staffing
from otay.engines.queueing.timetable import week_levels
from otay.infrastructure.planning import editing
from otay.infrastructure.planning.building import default_scenario

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun", "mon-fri", "sat-sun", "fri-mon")


def entries(minutes: int) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Staffing on a grid of so many minutes."""
    last = 1440 // minutes

    def entry(days: str, span: tuple[int, int], booths: int) -> dict[str, Any]:
        begin, end = sorted(span)
        return {"days": days, "from": clock(begin * minutes), "to": clock((end + 1) * minutes), "booths": booths}

    spans = st.tuples(st.integers(0, last - 1), st.integers(0, last - 1))
    return st.lists(st.builds(entry, st.sampled_from(DAYS), spans, st.integers(0, 12)), min_size=1, max_size=8)


def clock(minute: int) -> str:
    return f"{minute // 60:02d}:{minute % 60:02d}"


def normal(raw: dict[str, Any]) -> dict[str, Any]:
    return make_scenario(raw).model_dump(mode="json", by_alias=True)


@settings(max_examples=40)
@given(st.data())
def test_every_section_sent_back_unchanged_is_the_same_scenario(data: st.DataObject) -> None:
    raw = body()
    for lane in raw["lanes"]:
        minutes = data.draw(st.sampled_from([60, 30, 15, 5]))
        lane["booths"] = data.draw(
            st.one_of(
                st.integers(1, 20),
                entries(minutes).map(
                    lambda found: [*found, {"days": "mon-sun", "from": "00:00", "to": "24:00", "booths": 1}]
                ),
            )
        )
        lane["storage"] = data.draw(st.one_of(st.none(), st.integers(1, 200)))
        lane["service_factor"] = data.draw(st.floats(0.1, 5))
        lane["double_stacked"] = data.draw(st.booleans())
    for traffic in raw["traffic"]:
        traffic["arrivals"]["monthly"]["2023-07"] = data.draw(st.floats(0, 1e7))
        traffic["arrivals"]["weekday"] = data.draw(st.lists(st.floats(0.01, 1e3), min_size=7, max_size=7))
        traffic["arrivals"]["hour"] = data.draw(
            st.sampled_from([[1.0] * 24, [[0.25 * day + 1] * 24 for day in range(7)]])
        )
        traffic["patience_minutes"] = data.draw(st.one_of(st.none(), st.floats(0.1, 600)))
        traffic["service"]["source"] = data.draw(
            st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=40)
        ).strip()
    raw["target"] = {
        "share": data.draw(st.floats(0.01, 0.99)),
        "minutes": data.draw(st.floats(0.5, 500)),
        "mean_minutes": None,
    }
    before = normal(raw)
    for section, _part, _name in editing.sections(before):
        shown = editing.fields(before, section)
        assert editing.changed(before, section, shown) == before, section
    assert normal(before) == before


@settings(max_examples=50)
@given(entries(60), st.integers(0, 6), st.integers(0, 23), st.integers(0, 40))
def test_one_cell_of_the_grid_changes_that_hour_alone(
    staffing: list[dict[str, Any]], day: int, hour: int, booths: int
) -> None:
    raw = normal(body())
    raw["lanes"][0]["booths"] = staffing
    before = levels(staffing)
    given_ = editing.fields(raw, "lane-0")
    given_[f"lanes.0.booths.{day}.{hour}"] = str(booths)
    after = levels(editing.changed(raw, "lane-0", given_)["lanes"][0]["booths"])
    before[day, hour] = booths
    assert np.array_equal(after, before)


def levels(booths: Any) -> Any:
    staffing = booths if isinstance(booths, int) else [Staffing.model_validate(one) for one in booths]
    return week_levels(staffing).reshape(7, 24, 60)[:, :, 0].copy()


@pytest.mark.parametrize("port", ["2504", "2304", "2505"])
def test_default_scenarios_come_back_as_they_were(port: str) -> None:
    raw = default_scenario(port).model_dump(mode="json", by_alias=True)
    for section, _part, _name in editing.sections(raw):
        assert editing.changed(raw, section, editing.fields(raw, section)) == raw


@pytest.mark.parametrize(
    ("section", "field", "text", "place"),
    [
        ("general", "days", "seven", "/days"),
        ("general", "days", "", "/days"),
        ("general", "growth", "much", "/growth"),
        ("lane-0", "lanes.0.booths.2.5", "-1", "/lanes/0/booths/2/5"),
        ("lane-0", "lanes.0.booths.2.5", "many", "/lanes/0/booths/2/5"),
        ("lane-0", "lanes.0.booths.2.5", "9" * 30, "/lanes/0/booths/2/5"),
        ("traffic-0", "traffic.0.service.mean_seconds", "fast", "/traffic/0/service/mean_seconds"),
    ],
)
def test_what_cannot_be_read_is_named_by_field(section: str, field: str, text: str, place: str) -> None:
    raw = normal(body())
    with pytest.raises(Refused) as refused:
        editing.changed(raw, section, editing.fields(raw, section) | {field: text})
    assert [finding.place for finding in refused.value.findings] == [place]


def test_decimal_commas_are_read() -> None:
    raw = normal(body())
    given_ = editing.fields(raw, "general") | {"target.share": "0,75", "growth": "10"}
    changed = editing.changed(raw, "general", given_)
    assert changed["target"]["share"] == 0.75
    assert changed["traffic"][0]["arrivals"]["monthly"]["2023-07"] == 66_000.0


@pytest.mark.parametrize("section", ["lane-99", "traffic-x", "nothing", "lane-", "__class__", "secondary-1"])
def test_sections_that_are_not_there(section: str) -> None:
    with pytest.raises(NotFound):
        editing.fields(normal(body()), section)


def test_changing_does_not_touch_what_was_given() -> None:
    raw = normal(body())
    kept = copy.deepcopy(raw)
    editing.changed(raw, "general", editing.fields(raw, "general") | {"days": "3", "growth": "50"})
    editing.with_lane(raw, "sentri", ["general"], 2)
    editing.without_lane(raw, 0)
    assert raw == kept
