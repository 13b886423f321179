"""The building blocks that every room's pages use."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import pytest
from django.template import engines

from otay.core.findings import error


def draw(call: str, names: str, **values: Any) -> str:
    environment = engines["jinja2"].env  # type: ignore[attr-defined]
    return str(
        environment.from_string(f'{{% from "web/macros.html" import {names} %}}{{{{ {call} }}}}').render(**values)
    )


@pytest.mark.parametrize("colour", ["red", "yellow", "blue", "green"])
def test_a_lane_is_told_by_a_word_not_by_colour_alone(colour: str) -> None:
    assert f"{colour.capitalize()} lane" in re.sub("<[^>]*>", "", draw(f"lane('{colour}')", "lane"))


@pytest.mark.parametrize("unknown", ["", None, "purple"])
def test_an_unknown_lane_is_said_to_be_undirected(unknown: str | None) -> None:
    assert "Not directed yet" in draw("lane(value)", "lane", value=unknown)


def test_what_people_sent_is_escaped() -> None:
    bad = "<script>alert(1)</script>"
    drawn = draw(
        "page_heading(bad, bad) ~ tag(bad) ~ alert('error', bad, bad) ~ findings(items) ~ field_list([(bad, bad)])"
        " ~ stat(bad, bad)",
        "page_heading, tag, alert, findings, field_list, stat",
        bad=bad,
        items=[error(bad, "rule", "%(x)s", value=bad, remedy=bad, x=bad).as_dict()],
    )
    assert "<script>" not in drawn
    assert drawn.count("&lt;script&gt;") >= 12


def test_a_chart_cannot_be_broken_out_of_and_has_its_table() -> None:
    series = {"x": ["</script><b>", "b"], "series": [{"label": "Lorries", "values": [Decimal("1.5"), None]}]}
    drawn = draw("chart('c', 'Waiting', series, 'min', 'bar')", "chart", series=series)
    held = re.search(r'<script type="application/json">(.*?)</script>', drawn, re.S)
    assert held is not None
    assert json.loads(held[1]) == {
        "x": ["</script><b>", "b"],
        "series": [{"label": "Lorries", "values": ["1.5", None]}],
    }
    assert drawn.count("<tr>") == 3
    assert "–" in drawn


def test_a_finding_shows_place_value_rule_message_and_remedy() -> None:
    finding = error(
        "/items/2/net_mass", "mass.positive", "The mass must be over zero", value="-4", remedy="Weigh again"
    )
    drawn = draw("findings(items)", "findings", items=[finding.as_dict()])
    for text in ("/items/2/net_mass", "mass.positive", "The mass must be over zero", "-4", "Weigh again", "Error"):
        assert text in drawn


def test_the_pager_draws_only_where_there_is_somewhere_to_go() -> None:
    assert draw("pager('', '')", "pager").strip() == ""
    assert 'rel="next"' in draw("pager('', '?page=2')", "pager")
    assert 'rel="prev"' not in draw("pager('', '?page=2')", "pager")


def test_a_name_that_a_view_forgot_is_an_error() -> None:
    from jinja2 import UndefinedError

    with pytest.raises(UndefinedError):
        engines["jinja2"].env.from_string("{{ forgotten }}").render()  # type: ignore[attr-defined]
