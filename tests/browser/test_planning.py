"""The planner's pages in both languages and widths; a scenario changed, played and compared with the mouse."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytestmark = pytest.mark.browser
Opened = Callable[..., object]


PAGES = {
    ("US", "desktop"): ("", "scenarios/2504-1/v1/edit/traffic-0/"),
    ("MX", "phone"): (
        "ports/2304/",
        "scenarios/2304-1/v1/",
        "scenarios/2304-1/v1/edit/neighbour-0/",
    ),
}


@pytest.mark.parametrize(("country", "viewport"), list(PAGES))
def test_pages_are_usable_by_everybody(officer_screen: Opened, country: str, viewport: str) -> None:
    screen = officer_screen(country, "planner", viewport)
    for path in PAGES[country, viewport]:
        assert screen.open(f"/planning/{path}") == 200, path  # type: ignore[attr-defined]
        screen.assert_accessible()  # type: ignore[attr-defined]


def test_a_planner_adds_a_booth_plays_and_compares(officer_screen: Opened) -> None:
    screen = officer_screen("US", "planner")
    page = screen.page  # type: ignore[attr-defined]
    screen.open("/planning/scenarios/2504-2/v1/edit/lane-1/")  # type: ignore[attr-defined]
    cell = page.locator('input[name="lanes.1.booths.0.7"]')
    before = int(cell.input_value())
    cell.fill(str(before + 1))
    page.locator('[data-copy-day="0"]').click()
    assert page.locator('input[name="lanes.1.booths.6.7"]').input_value() == str(before + 1)
    with page.expect_navigation():
        page.get_by_role("button", name="Save as a new version").click()
    screen.open("/planning/scenarios/2504-2/v2/")  # type: ignore[attr-defined]
    page.get_by_label("Replications").fill("4")
    with page.expect_navigation():
        page.get_by_role("button", name="Play").click()
    page.get_by_role("link", name="Report (PDF)").wait_for(timeout=30_000)
    screen.assert_accessible()  # type: ignore[attr-defined]
    options = page.locator("#other option")
    options.first.wait_for(state="attached")
    with page.expect_navigation():
        page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Who gains and who loses").wait_for()
    screen.assert_accessible()  # type: ignore[attr-defined]
