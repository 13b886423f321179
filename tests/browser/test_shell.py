"""The frame of every page, the home page and what a signed-out reader sees: in both languages, on desktop and phone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.template import engines
from django.utils import translation

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
LANES = ("red", "yellow", "blue", "green")
PUBLIC = ["/", "/about/", "/accounts/login/", "/api/v1/docs/", "/no/such/page"]


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_are_accessible_and_fit(screen: Any, path: str) -> None:
    screen.open(path)
    assert screen.page.locator("h1").count() == 1
    assert screen.page.evaluate("document.documentElement.lang") == screen.node.language
    # The page about the API is the longest there is, half a minute of axe: each language once, each width once.
    if path != "/api/v1/docs/" or (screen.node.country, screen.viewport) in {("US", "desktop"), ("MX", "phone")}:
        screen.assert_accessible()


def test_two_nodes_are_never_confused(nodes: dict[str, Any], browser: Any) -> None:
    accents = set()
    for node in nodes.values():
        page = browser.new_page()
        page.goto(node.url)
        accents.add(page.evaluate("getComputedStyle(document.querySelector('.usa-navbar')).backgroundColor"))
        assert page.locator(".node-name__badge").inner_text() == node.country
        page.close()
    assert len(accents) == len(nodes)


def test_the_language_switch_keeps_the_reader_where_they_are(screen: Any) -> None:
    screen.open("/about/")
    if screen.viewport == "phone":
        screen.page.locator(".usa-menu-btn").click()
    with screen.page.expect_navigation():
        screen.page.locator(".reader button[name=language]").click()
    assert screen.page.url.endswith("/about/")
    assert screen.page.evaluate("document.documentElement.lang") == {"en": "es-mx", "es-mx": "en"}[screen.node.language]


def test_the_keyboard_reaches_the_content_first(screen: Any) -> None:
    screen.open("/about/")
    screen.page.keyboard.press("Tab")
    assert screen.page.evaluate("document.activeElement.className") == "usa-skipnav"
    screen.page.keyboard.press("Enter")
    assert screen.page.evaluate("document.activeElement.id") == "main"


def test_shortcuts_are_listed_and_can_be_switched_off(screen: Any) -> None:
    screen.open("/about/")
    screen.page.keyboard.press("?")
    assert screen.page.locator("dialog#shortcuts").is_visible()
    screen.assert_accessible()
    screen.page.locator("[data-shortcuts-switch]").uncheck()
    screen.page.keyboard.press("Escape")
    screen.page.keyboard.press("?")
    assert not screen.page.locator("dialog#shortcuts").is_visible()


def test_the_clock_of_the_node_goes_on(screen: Any) -> None:
    screen.open("/")
    zone = screen.page.locator("[data-clock]").get_attribute("data-zone")
    assert zone in {"America/Los_Angeles", "America/Tijuana"}
    shown = screen.page.locator("[data-clock]").inner_text()
    assert "," in shown
    assert any(part.isdigit() and len(part) == 4 for part in shown.replace(",", " ").split())


@pytest.mark.parametrize("country", ["US", "MX"])
@pytest.mark.parametrize("viewport", ["desktop", "phone"])
def test_the_border_now_is_accessible_live_and_can_be_paused(
    officer_screen: Callable[..., Any], country: str, viewport: str
) -> None:
    screen = officer_screen(country, "supervisor", viewport)
    assert screen.open("/") == 200
    assert screen.page.locator("section.panel").count() >= 1
    screen.assert_accessible()
    with screen.page.expect_response(lambda answer: answer.url.endswith("/live/"), timeout=20_000) as answer:
        pass
    assert answer.value.status in {200, 304}
    screen.page.locator("[data-refresh-toggle]").click()
    asked: list[str] = []
    screen.page.on("request", lambda request: asked.append(request.url))
    screen.page.wait_for_timeout(6_000)
    assert not [url for url in asked if url.endswith("/live/")]


@pytest.mark.parametrize("country", ["US", "MX"])
def test_the_menu_works_with_the_keyboard(officer_screen: Callable[..., Any], country: str) -> None:
    screen = officer_screen(country, "supervisor")
    screen.open("/about/")
    button = screen.page.locator(".usa-nav__primary button[aria-controls]").first
    button.focus()
    screen.page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    screen.assert_accessible()
    screen.page.keyboard.press("Escape")
    assert button.get_attribute("aria-expanded") == "false"


def test_every_lane_with_its_meaning_fits_a_phone(screen: Any) -> None:
    """Whichever lane a declaration of the day happens to have."""
    screen.open("/about/")
    shown_as = (
        '{% from "web/macros.html" import lane %}{% for one in lanes %}<p>{{ lane(one, long=true) }}</p>{% endfor %}'
    )
    with translation.override(screen.node.language):
        rendered = engines["jinja2"].env.from_string(shown_as).render(lanes=LANES)
    screen.page.evaluate("html => { document.querySelector('main').innerHTML = html }", rendered)
    wide, shown = screen.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert screen.page.locator(".lane").count() == len(LANES)
    assert wide <= shown
