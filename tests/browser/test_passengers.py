"""An officer goes from what is to decide to a decision, in a real browser, in both languages and on a phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.browser
Open = Callable[..., Any]


@pytest.mark.parametrize(("country", "viewport"), [("US", "desktop"), ("MX", "phone")])
def test_the_pages_of_flights_are_readable_for_everybody(officer_screen: Open, country: str, viewport: str) -> None:
    screen = officer_screen(country, "targeting", viewport)
    for path in ("", "cases/", "messages/", "notices/"):
        assert screen.open(f"/passengers/{path}") == 200
        screen.assert_accessible()
    assert screen.open("/passengers/?status=hits") == 200
    screen.page.locator("a[href*='/passengers/flights/']").first.click()
    screen.page.wait_for_load_state("load")
    screen.assert_accessible()
    heading = {"US": "Manifest", "MX": "Manifiesto"}[country]
    assert screen.page.get_by_role("heading", name=heading, exact=True).is_visible()


def test_a_match_is_cleared_and_the_carrier_is_to_be_told(officer_screen: Open) -> None:
    screen = officer_screen("US", "targeting")
    screen.open("/passengers/cases/")
    screen.page.get_by_role("link", name="JULIAN MONTEZUL").click()
    page = screen.page
    page.wait_for_load_state("load")
    screen.assert_accessible()
    entry = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="Name", exact=True))
    assert "Julián Montezul Prados" in entry.inner_text()
    page.get_by_role("article").get_by_label("Reason").fill("Seen at the desk: another person")
    with page.expect_navigation():
        page.get_by_role("button", name="Not this person").click()
    assert page.get_by_text("The match is cleared.").is_visible()
    assert page.get_by_text("Board 0Z").is_visible()
    assert page.get_by_text("Seen at the desk: another person").is_visible()
    screen.assert_accessible()
    screen.open("/passengers/cases/")
    assert page.get_by_role("link", name="JULIAN MONTEZUL").count() == 0
    screen.open("/passengers/notices/")
    assert page.get_by_role("link", name="JULIAN MONTEZUL").count() == 1


def test_a_carrier_sees_its_flights_and_never_the_matches(officer_screen: Open) -> None:
    screen = officer_screen("MX", "carrier", "phone")
    assert screen.open("/passengers/") == 200
    screen.assert_accessible()
    assert "OT 476" in screen.page.content()
    assert screen.open("/passengers/cases/") == 403
