"""Every page that a role reaches from its menu: it answers, is accessible, fits the screen and complains of nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from otay.web.demo import life

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]
ROLES = [
    "port_officer",
    "supervisor",
    "targeting",
    "trusted_programme",
    "auditor",
    "administrator",
    "planner",
    "transit",
    "trader",
]
#: Looked at before each landing; the others, which reach more pages, every night. Each room has a browser test besides.
DAILY = {("US", "administrator"), ("MX", "trader")}
CRAWLS = [("US", role) for role in ROLES] + [("MX", role) for role in ("supervisor", "trader")]
FILES = re.compile(r"/(as-lodged|raw|evidence|export|map)/|\.(json|geojson|csv|svg|xml|pdf|parquet)$|^/admin/")
PUBLIC = re.compile(r"^/(about|api/v1/docs)/")  # the same for everybody, and looked at in test_shell
on_a_phone: set[tuple[str, str]] = set()


def kind_of(address: str) -> str:
    """The page behind an address, whatever the record and the filter: one of each is enough."""
    path = address.split("#")[0].split("?")[0]
    path = re.sub(r"/\d\d[A-Z]{2}\d+/", "/NUMBER/", path)
    path = re.sub(r"/(ports|crossings|rules|propose)/[^/]+/", r"/\1/X/", path)
    path = re.sub(r"/watchlists/demo-\w+/", "/watchlists/X/", path)
    path = re.sub(r"(/watchlists/X/entries/).+", r"\1E", path)
    return re.sub(r"/\d+/", "/N/", path)


def reached_from(page: Any, address: str) -> list[str]:
    """The addresses on this node that the page links to."""
    found = page.eval_on_selector_all("a[href]", "links => links.map(link => link.getAttribute('href'))")
    whole = [href if not href.startswith("?") else address.split("?")[0] + href for href in found]
    return [
        href
        for href in whole
        if href.startswith("/") and not FILES.search(href.split("?")[0]) and not PUBLIC.match(href)
    ]


@pytest.mark.parametrize(
    ("country", "role"),
    [pytest.param(*crawl, id="-".join(crawl), marks=() if crawl in DAILY else pytest.mark.slow) for crawl in CRAWLS],
)
def test_every_page_from_the_menu(
    officer_screen: Callable[..., Any], traffic: list[life.Truck], country: str, role: str
) -> None:
    screen = officer_screen(country, role)
    waiting, seen = ["/"], set()
    while waiting:
        address = waiting.pop(0)
        if kind_of(address) in seen:
            continue
        seen.add(kind_of(address))
        assert screen.open(address) == 200, address
        assert screen.page.locator("h1").count() == 1, address
        screen.assert_accessible()
        waiting += reached_from(screen.page, address)
        if (country, kind_of(address)) not in on_a_phone:
            on_a_phone.add((country, kind_of(address)))
            look_on_a_phone(screen)
    assert len(seen) >= 4


def look_on_a_phone(screen: Any) -> None:
    """The same page, as narrow as a phone."""
    desktop = screen.page.viewport_size
    screen.page.set_viewport_size({"width": 360, "height": 740})
    screen.viewport = "phone"
    screen.assert_accessible()
    screen.page.set_viewport_size(desktop)
    screen.viewport = "desktop"
