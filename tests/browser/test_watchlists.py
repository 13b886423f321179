"""A watchlist kept by two people in a real browser: typed, put in force, and the hit that it makes reviewed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from otay.node import demo_people
from otay.web.demo import life
from otay.web.demo.side import Side

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


def submit(screen: Any, button: str) -> None:
    """Press the button of the page's own form and wait for the answer."""
    with screen.page.expect_navigation():
        screen.page.locator(f"main form {button}").first.click()


def importer_of(nodes: dict[str, Any], number: int) -> str:
    """The importer of a truck that was declared to the United States node just now. It crosses some hours ahead: a
    truck is named by port, hour and number, and other tests declare those of this hour."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) + timedelta(hours=2 + number)
    truck = next(iter(life.trucks_of_hour(seed=f"watch{number}", port="2506", hour=hour, loaded=1, empty=0)))
    declared = life.import_declaration(truck)
    node = nodes["US"]
    broker, officer = (demo_people.token_of(node.home, key) for key in ("demo-broker", "demo-life"))
    with closing(Side(node.url, broker=broker, officer=officer)) as side:
        (answer,) = side.lodge([declared])
    assert answer.accepted
    return str(declared["importer"]["name"])


def test_an_entry_typed_by_one_and_approved_by_another_makes_a_hit_that_is_cleared(
    officer_screen: Callable[..., Any], nodes: dict[str, Any]
) -> None:
    analyst, supervisor = officer_screen("US", "targeting", "phone"), officer_screen("US", "supervisor")
    name = importer_of(nodes, 1)

    assert analyst.open("/watchlists/demo-firms/add/") == 200
    analyst.assert_accessible()
    for field, value in {"key": "EMP-99", "name": name, "why": "Invented case"}.items():
        analyst.page.fill(f"#id_{field}", value)
    analyst.page.select_option("#id_kind", "organisation")
    submit(analyst, "button.usa-button")
    assert name in analyst.page.locator("main table").inner_text()
    analyst.assert_accessible()

    supervisor.open(analyst.page.url.removeprefix(supervisor.node.url))
    supervisor.assert_accessible()
    submit(supervisor, "button[value=activate]")
    assert name in supervisor.page.locator("main").inner_text()
    for _try in range(60):
        analyst.open(f"/watchlists/hits/?q={name}")
        if analyst.page.locator("main tbody th a").count():
            break
        analyst.page.wait_for_timeout(500)
    analyst.page.locator("main tbody th a").first.click()
    analyst.page.wait_for_selector("button[value=clear]")
    analyst.assert_accessible()
    analyst.page.fill("#reason", "Another firm: seen in the register")
    submit(analyst, "button[value=clear]")
    analyst.open("/watchlists/cleared/")
    assert name in analyst.page.locator("main table").inner_text()
    analyst.assert_accessible()


@pytest.mark.parametrize(("country", "viewport"), [("MX", "desktop"), ("MX", "phone")])
def test_pages_of_watchlists_in_spanish(officer_screen: Callable[..., Any], country: str, viewport: str) -> None:
    screen = officer_screen(country, "supervisor", viewport)
    for path in (
        "", "new/", "demo-court/", "demo-court/import/", "demo-court/versions/1/", "demo-court/entries/INV-002",
        "hits/", "cleared/", "redress/", "redress/new/", "correction/",
    ):  # fmt: skip
        assert screen.open(f"/watchlists/{path}") == 200
        screen.assert_accessible()
