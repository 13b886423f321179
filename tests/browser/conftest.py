"""Two real nodes, each a process of its own, and a real Chromium that looks at them in both languages and two widths.

A test that takes ``screen`` runs four times: United States node (English) and Mexico node (Spanish), desktop and phone.
What the browser complains about (console errors, blocked scripts, missing files) fails the test.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from otay.node import demo_people
from otay.web.demo import homes, life, processes
from otay.web.demo.asking import Clerk
from otay.web.demo.pairing import pair
from otay.web.demo.side import Side

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
VIEWPORTS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
CHROMIUM_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
COUNTRIES = ("US", "MX")
PORT = "2506"
"""Where the invented officers of the first role of each kind work."""


@dataclass(frozen=True)
class Node:
    """A running node."""

    country: str
    url: str
    home: Path
    language: str


@dataclass
class Screen:
    """A page on a node as somebody with ``viewport`` sees it."""

    node: Node
    viewport: str
    page: Page
    complaints: list[str] = field(default_factory=list)

    def open(self, path: str) -> int:
        """Go to ``path``; the status that the node answered with."""
        answer = self.page.goto(self.node.url + path, wait_until="load")
        assert answer is not None
        return answer.status

    def assert_accessible(self) -> None:
        """No violation of WCAG 2.2 level A or AA that axe can find, and no sideways scrolling of the page."""
        self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found = self.page.evaluate("tags => axe.run(document, {runOnly: tags})", WCAG)
        told = [
            f"{rule['id']}: {rule['help']} at {[node['target'] for node in rule['nodes']][:4]}"
            for rule in found["violations"]
        ]
        assert not told, f"{self.page.url} ({self.viewport}):\n" + "\n".join(told)
        wide, shown = self.page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert wide <= shown, f"{self.page.url}: the page is {wide} px wide on a screen of {shown} px"


def chromium_path() -> str | None:
    """The system's Chromium."""
    return os.environ.get("OTAY_CHROMIUM") or next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
    )


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run."""
    path = chromium_path()
    if path is None or not AXE.exists():
        pytest.fail("needs Chromium (apt-get install chromium) and the assets (make setup)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Node]]:
    """Both nodes as the demo makes them: reference data, invented people, an agreement in force; and both serving."""
    sides = homes.sides(tmp_path_factory.mktemp("border"), 0)
    sides = tuple(
        replace(side, url=f"http://127.0.0.1:{_free_port()}", exchange_url=f"https://127.0.0.1:{_free_port()}")
        for side in sides
    )
    with ExitStack() as clerks:
        asked = [clerks.enter_context(Clerk(side)) for side in sides if homes.make(side)]
        with ThreadPoolExecutor() as both:
            list(both.map(lambda clerk: (clerk.ask("migrate"), clerk.ask("seed")), asked))
        pair(*asked)
    served = [
        processes.start(["-m", "otay", "node", "serve"], home=side.home, log=side.home / "log" / "serve.log")
        for side in sides
    ]
    try:
        for side, process in zip(sides, served, strict=True):
            _wait_until_it_answers(side, process)
        yield {side.country: Node(side.country, side.url, side.home, side.language) for side in sides}
    finally:
        processes.stop(served)


@pytest.fixture(scope="session")
def traffic(nodes: dict[str, Node]) -> list[life.Truck]:
    """Trucks of this hour, declared on both sides by the demo's brokers and with the neighbour's receipt."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    trucks = list(life.trucks_of_hour(seed="browser", port=PORT, hour=hour, loaded=8, empty=1))
    for country, declared in (("MX", life.export_declaration), ("US", life.import_declaration)):
        with closing(door(nodes[country])) as side:
            answers = side.lodge([declared(truck) for truck in trucks])
            side.take([{"number": one.number, "kind": "arrived"} for one in answers[:4]])
    return trucks


def door(node: Node) -> Side:
    """The node as the demo's broker and officer reach it."""
    broker, officer = (demo_people.token_of(node.home, key) for key in ("demo-broker", "demo-life"))
    return Side(node.url, broker=broker, officer=officer)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_it_answers(side: homes.Side, process: subprocess.Popen[str]) -> None:
    for _attempt in range(600):
        assert process.poll() is None, f"{side.name} ended with {process.returncode}; see {side.home}/log"
        try:
            with urllib.request.urlopen(side.url + "/about/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"{side.name} did not answer within a minute")


@pytest.fixture(params=[(country, viewport) for country in COUNTRIES for viewport in VIEWPORTS], ids="-".join)
def screen(request: pytest.FixtureRequest, browser: Browser, nodes: dict[str, Node]) -> Iterator[Screen]:
    """A page of somebody who has not signed in."""
    country, viewport = request.param
    with _context(browser, viewport) as context:
        yield from _watched(context, nodes[country], viewport)


@pytest.fixture
def officer_screen(
    request: pytest.FixtureRequest, browser: Browser, nodes: dict[str, Node], signed_in: Callable[..., StorageState]
) -> Iterator[Callable[..., Screen]]:
    """``officer_screen(country, role, viewport="desktop")``: a page of a signed-in person of that role."""
    opened: list[tuple[BrowserContext, Iterator[Screen]]] = []

    def open_as(country: str, role: str, viewport: str = "desktop") -> Screen:
        context = _context(browser, viewport, signed_in(country, role))
        watching = _watched(context, nodes[country], viewport)
        opened.append((context, watching))
        return next(watching)

    yield open_as
    for context, watching in opened:
        list(watching)
        context.close()


@pytest.fixture(scope="session")
def signed_in(browser: Browser, nodes: dict[str, Node]) -> Callable[..., StorageState]:
    """``signed_in(country, role)``: the cookies of a person of that role, who signs in once a run as people do."""
    kept: dict[tuple[str, str], StorageState] = {}

    def cookies(country: str, role: str) -> StorageState:
        if (country, role) not in kept:
            with _context(browser, "desktop") as context:
                sign_in(context.new_page(), nodes[country], role)
                kept[country, role] = context.storage_state()
        return kept[country, role]

    return cookies


def sign_in(page: Page, node: Node, role: str) -> None:
    """Sign in through the node's own pages as the invented person with ``role``: password, then the code."""
    person = next(person for person in demo_people.sheet(node.home)["people"] if person["role"] == role)
    page.goto(node.url + "/accounts/login/")
    page.fill("input[name=login]", person["username"])
    page.fill("input[name=password]", person["password"])
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")
    if page.locator("input[name=code]").count():
        page.fill("input[name=code]", demo_people.code_now(person["totp"]))
        with page.expect_navigation():
            page.press("input[name=code]", "Enter")
    assert "/accounts/" not in page.url, f"{role} could not sign in: {page.url}"


def _context(browser: Browser, viewport: str, state: StorageState | None = None) -> BrowserContext:
    return browser.new_context(viewport=VIEWPORTS[viewport], storage_state=state)  # type: ignore[arg-type]


def _watched(context: BrowserContext, node: Node, viewport: str) -> Iterator[Screen]:
    shown = Screen(node, viewport, context.new_page())
    shown.page.set_default_timeout(15_000)
    shown.page.on("console", lambda message: shown.complaints.append(message.text) if message.type == "error" else None)
    shown.page.on("pageerror", lambda problem: shown.complaints.append(str(problem)))
    yield shown
    expected = ("status of 4", "status of 5")  # the page itself, where a test asks for an error page
    told = [text for text in shown.complaints if not any(part in text for part in expected) or "/static/" in text]
    assert not told, "\n".join(told)
