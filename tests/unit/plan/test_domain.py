"""The shipped plan is complete, in both languages, and names only rooms of this house."""

from __future__ import annotations

import re

import pytest

from otay.partnership.plan.domain import PILLARS, Point, groups, in_language, points

TITLES = """long-term planning; relief of bottlenecks; infrastructure protection; harmonised port-of-entry operations;
demonstration projects; cross-border cooperation; financing; pre-cleared travellers; advance passenger information;
nafta travel; safe borders and deterrence of alien smuggling; visa policy consultations; joint training;
compatible databases; screening of third-country nationals; public/private-sector cooperation;
electronic exchange of information; secure in-transit shipments; technology sharing; secure railways;
combating fraud; contraband interdiction"""


def test_the_22_points_stand_in_order_with_their_titles() -> None:
    assert list(points()) == list(range(1, 23))
    titles = [re.sub(r"\s+", " ", title).strip() for title in TITLES.split(";")]
    assert [point.title["en"].lower() for point in points().values()] == titles


@pytest.mark.parametrize("point", points().values(), ids=lambda point: str(point.number))
def test_every_point_is_described_in_both_languages(point: Point) -> None:
    assert point.pillar in PILLARS
    for language in ("en", "es"):
        assert 2 <= len(re.findall(r"[.;](?:\s|$)", point.text[language])) <= 4
    assert point.title["en"] != point.title["es"]
    assert point.text["en"] != point.text["es"]


def test_pillars_follow_the_headings_of_the_statement() -> None:
    assert [point.pillar for point in points().values()] == ["infrastructure"] * 7 + ["people"] * 8 + ["goods"] * 7


def test_working_groups_are_complete_and_name_known_points() -> None:
    assert len(groups()) == 4 + 6
    assert all(number in points() for group in groups() for number in group.points)


def test_a_regional_language_finds_its_base_and_a_missing_one_english() -> None:
    texts = {"en": "Plan", "es": "Planear"}
    assert [in_language(texts, code) for code in ("es-mx", "es", "en", "fr")] == ["Planear", "Planear", "Plan", "Plan"]
