"""Two real nodes, each a process of its own, and a real Chromium that looks at them in both languages and two widths.

A test that takes ``screen`` runs four times: United States node (English) and Mexico node (Spanish), desktop and phone.
What the browser complains about (console errors, blocked scripts, missing files) fails the test.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, sync_playwright

from otay.node import config, demo_people

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
NODES = {
    "US": ("United States", "en", "America/Los_Angeles"),
    "MX": ("México", "es-mx", "America/Tijuana"),
}


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
        pytest.skip("needs Chromium (apt-get install chromium) and the assets (make setup)")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def nodes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Node]]:
    """Both nodes, with their reference data and invented people, serving."""
    made = {country: _made(country, tmp_path_factory.mktemp(f"node-{country}")) for country in NODES}
    processes = [_serving(node) for node in made.values()]
    try:
        for node, process in zip(made.values(), processes, strict=True):
            _wait_until_it_answers(node, process)
        yield made
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(timeout=20)


def _made(country: str, home: Path) -> Node:
    name, language, zone = NODES[country]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    config.create(home, country=country, name=name, language=language, url=url, time_zone=zone, demo=True)
    seeding = (
        "from django.core.management import call_command; call_command('migrate', verbosity=0)\n"
        "from otay.node import registry\n"
        "for chapter in registry.demo_chapters: chapter.seed()\n"
    )
    code = f"import django; django.setup()\n{seeding}"
    subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=_environment(home), check=True, timeout=300)
    return Node(country, url, home, language)


def _environment(home: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key != "OTAY_DATABASE"}
    return {**kept, "OTAY_HOME": str(home), "DJANGO_SETTINGS_MODULE": "otay.web.settings"}


def _serving(node: Node) -> subprocess.Popen[bytes]:
    host, port = node.url.removeprefix("http://").split(":")
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--host",
        host,
        "--port",
        port,
        "--no-ws",
        "--blocking-threads",
        "4",
        "--log-level",
        "warning",
        "otay.web.wsgi:application",
    ]
    return subprocess.Popen(command, env=_environment(node.home), stdout=subprocess.DEVNULL)


def _wait_until_it_answers(node: Node, process: subprocess.Popen[bytes]) -> None:
    for _attempt in range(300):
        assert process.poll() is None, f"the node of {node.country} ended with {process.returncode}"
        try:
            with urllib.request.urlopen(node.url + "/about/", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"the node of {node.country} did not answer within 30 seconds")


@pytest.fixture(params=[(country, viewport) for country in NODES for viewport in VIEWPORTS], ids="-".join)
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
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    if page.locator("input[name=code]").count():
        page.fill(
            "input[name=code]", next(p for p in demo_people.sheet(node.home)["people"] if p["role"] == role)["code"]
        )
        page.press("input[name=code]", "Enter")
        page.wait_for_load_state()
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
