"""The investigator's pages in both languages and widths; a case opened and written in by hand."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from browser.conftest import Screen

pytestmark = pytest.mark.browser
ROLE = "investigations"
SCREENS = [("US", "desktop"), ("MX", "phone")]


@pytest.mark.parametrize(("country", "viewport"), SCREENS)
def test_morning_list_and_workbench_are_usable_by_everybody(
    officer_screen: Callable[..., Screen], country: str, viewport: str
) -> None:
    screen = officer_screen(country, ROLE, viewport)
    for path, heading in (
        ("", {"US": "Morning list", "MX": "Lista de la mañana"}),
        ("workbench/", {"US": "Workbench", "MX": "Mesa de análisis"}),
    ):
        assert screen.open(f"/investigations/{path}") == 200, path
        assert screen.page.locator("h1").inner_text() == heading[country]
        screen.assert_accessible()


def test_the_seeded_case_shows_its_timeline_links_and_seizure(officer_screen: Callable[..., Screen]) -> None:
    screen = officer_screen("US", ROLE, "phone")
    page = screen.page
    screen.open("/investigations/cases/")
    page.locator("main a", has_text="US-C-").first.click()
    page.wait_for_url("**/cases/US-C-*/")
    assert page.locator("ol.timeline > li").count() >= 4
    screen.assert_accessible()
    case = page.url
    page.goto(f"{case}?tab=links")
    assert page.locator("figure.drawing g.node").count() == 1 + page.locator("table tbody tr").count()
    screen.assert_accessible()
    page.goto(f"{case}?tab=evidence")
    page.locator("main a", has_text="US-S-").click()
    page.wait_for_url("**/seizures/US-S-*/")
    screen.assert_accessible()


def test_a_case_is_opened_and_written_in_on_the_spanish_node(officer_screen: Callable[..., Screen]) -> None:
    screen = officer_screen("MX", ROLE)
    page = screen.page
    screen.open("/investigations/cases/new/")
    screen.assert_accessible()
    page.fill("input[name=title]", "Telas inventadas")
    with page.expect_navigation():
        page.locator("main form button.usa-button").click()
    assert "/cases/MX-C-" in page.url
    page.locator("details.act summary").first.click()
    page.fill("textarea[name=text]", "Factura revisada (inventada)")
    with page.expect_navigation():
        page.locator("details[open] button.usa-button").first.click()
    assert page.locator("ol.timeline").get_by_text("Factura revisada (inventada)").count() == 1
    screen.assert_accessible()
