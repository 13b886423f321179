"""Make the pictures of the README and the manual from a running demo.

    python tools/screenshots.py --home demo/us [--out docs/images] [--role supervisor] [--only booth ...]

Signs in to the demo node whose folder is --home as the invented person of --role, and takes each picture in that node's
language. Best while trucks stand at that person's port. Without --only it takes those that a supervisor sees.
OTAY_CHROMIUM names a browser that is not on the PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

DESKTOP = {"width": 1280, "height": 960}
PHONE = {"width": 360, "height": 740}


def main() -> int:
    """Take the pictures; exit code 1 without a browser."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="folder of the demo node (holds node.toml)")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--role", default="supervisor")
    parser.add_argument("--only", action="append", choices=PICTURES, help="may be given several times")
    given = parser.parse_args()
    path = os.environ.get("OTAY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        print("screenshots: no Chromium here (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        take(browser, given.home.resolve(), given.out, given.role, given.only or list(PICTURES))
        browser.close()
    return 0


def take(browser: Browser, home: Path, out: Path, role: str, names: list[str]) -> None:
    """Sign in once, then take every picture."""
    os.environ["OTAY_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otay.web.settings")
    import django

    django.setup()
    from django.conf import settings

    url = settings.OTAY.url
    with browser.new_context(base_url=url) as context:
        page = context.new_page()
        sign_in(page, home, role)
        read_in(page, settings.OTAY.language)
        state = context.storage_state()
    for name in names:
        go, size = PICTURES[name]
        with browser.new_context(base_url=url, viewport=size, storage_state=state) as context:  # type: ignore[arg-type]
            page = context.new_page()
            go(page)
            page.wait_for_load_state()
            page.wait_for_timeout(800)  # charts are drawn after the page is there
            page.screenshot(path=out / f"{name}.png")
            print(f"screenshots: {page.url.removeprefix(url)} -> {out / name}.png", flush=True)


def read_in(page: Page, language: str) -> None:
    """Choose the language of the pages, for the account and this browser."""
    if page.evaluate("document.documentElement.lang") != language:
        with page.expect_navigation():
            page.locator(".reader button[name=language]").click()


def border_now(page: Page) -> None:
    """The home page."""
    page.goto("/")


def booth(page: Page) -> None:
    """The booth with a truck that must be inspected, if one waits."""
    page.goto("/declarations/booth/")
    strict = page.locator(".booth__waiting tr:has(.lane--red, .lane--yellow) a")
    with page.expect_navigation():
        (strict if strict.count() else page.locator(".booth__waiting a")).first.click()


def both_copies(page: Page) -> None:
    """A record as this node sent it beside what the neighbour holds."""
    page.goto("/exchange/sent/?state=receipted")
    with page.expect_navigation():
        page.locator("tbody th a").first.click()
    page.fill("input[name=purpose]", "picture for the manual")
    with page.expect_navigation():
        page.locator("main form button[type=submit]").click()


def plan(page: Page) -> None:
    """The 22 points."""
    page.goto("/plan/")


def port_plan(page: Page) -> None:
    """A plan of a port, played: role planner."""
    page.goto("/planning/")
    with page.expect_navigation():
        page.locator("main a[href*='/planning/scenarios/']").last.click()
    with page.expect_navigation(timeout=60_000):
        page.locator("form[action$='/run/'] button").click()
    page.wait_for_selector(".uplot", timeout=60_000)


def control_room(page: Page) -> None:
    """Movements under seal on the map, with the queue of alarms: role transit."""
    page.goto("/transit/")


PICTURES: dict[str, tuple[Callable[[Page], None], dict[str, int]]] = {
    "border-now": (border_now, DESKTOP),
    "booth": (booth, DESKTOP),
    "booth-phone": (booth, PHONE),
    "both-copies": (both_copies, DESKTOP),
    "plan": (plan, DESKTOP),
    "port-plan": (port_plan, DESKTOP),
    "control-room": (control_room, DESKTOP),
}


def sign_in(page: Page, home: Path, role: str) -> None:
    """Sign in through the node's own pages as the invented person of ``role``."""
    from otay.node import demo_people

    person = next(person for person in demo_people.sheet(home)["people"] if person["role"] == role)
    page.goto("/accounts/login/")
    page.fill("input[name=login]", person["username"])
    page.fill("input[name=password]", person["password"])
    with page.expect_navigation():
        page.press("input[name=password]", "Enter")
    if page.locator("input[name=code]").count():
        page.fill("input[name=code]", demo_people.code_now(person["totp"]))
        with page.expect_navigation():
            page.press("input[name=code]", "Enter")
    if "/accounts/" in page.url:
        raise SystemExit(f"screenshots: {person['username']} could not sign in (a code works once: wait 30 seconds)")


if __name__ == "__main__":
    sys.exit(main())
