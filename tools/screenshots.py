"""Make the pictures of the README and the manual from a running demo.

    python tools/screenshots.py --home demo/US [--out docs/images] [--role supervisor] [--page /declarations/booth/ ...]

Signs in to the demo node whose folder is --home as the invented person of --role, and takes each page in the node's
language at desktop and phone width. OTAY_CHROMIUM names the browser where it is not on the PATH.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

WIDTHS = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 360, "height": 740}}
PAGES = ["/", "/declarations/booth/", "/declarations/queues/", "/exchange/", "/plan/"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="folder of the demo node (holds node.toml)")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--role", default="supervisor")
    parser.add_argument("--page", action="append", help="path of a page; may be given several times")
    given = parser.parse_args()
    path = os.environ.get("OTAY_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        print("screenshots: no Chromium here (Debian: apt-get install chromium)", file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--headless", "--no-sandbox", "--disable-gpu"])
        take(browser, given.home.resolve(), given.out, given.role, given.page or PAGES)
        browser.close()
    return 0


def take(browser: Browser, home: Path, out: Path, role: str, pages: list[str]) -> None:
    """Sign in once, then take every page at every width."""
    os.environ["OTAY_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "otay.web.settings")
    import django

    django.setup()
    from django.conf import settings

    with browser.new_context() as context:
        sign_in(context.new_page(), settings.OTAY.url, home, role)
        state = context.storage_state()
    for width, viewport in WIDTHS.items():
        with browser.new_context(viewport=viewport, storage_state=state, device_scale_factor=1) as context:  # type: ignore[arg-type]
            page = context.new_page()
            for path in pages:
                answer = page.goto(settings.OTAY.url + path, wait_until="load")
                page.wait_for_timeout(800)  # charts are drawn after the page is there
                name = f"{settings.OTAY.country.lower()}-{path.strip('/').replace('/', '-') or 'home'}-{width}.png"
                page.screenshot(path=out / name, full_page=width == "desktop")
                print(f"screenshots: {answer.status if answer else '?'} {path} -> {out / name}", flush=True)


def sign_in(page: Page, url: str, home: Path, role: str) -> None:
    """Sign in through the node's own pages as the invented person of ``role``."""
    from otay.node import demo_people

    person = next(person for person in demo_people.sheet(home)["people"] if person["role"] == role)
    page.goto(url + "/accounts/login/")
    page.fill("input[name=login]", person["username"])
    page.fill("input[name=password]", person["password"])
    page.press("input[name=password]", "Enter")
    page.wait_for_load_state()
    if page.locator("input[name=code]").count():
        now = next(entry for entry in demo_people.sheet(home)["people"] if entry["username"] == person["username"])
        page.fill("input[name=code]", now["code"])
        page.press("input[name=code]", "Enter")
        page.wait_for_load_state()
    if "/accounts/" in page.url:
        raise SystemExit(f"screenshots: {person['username']} could not sign in (a code works once: wait 30 seconds)")


if __name__ == "__main__":
    sys.exit(main())
