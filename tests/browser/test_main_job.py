"""The main job end to end in real browsers: declared, assessed, inspected, released, and known next door."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from otay.web.demo import life

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PORT = "2506"


def invented(seed: str) -> list[life.Truck]:
    """Two trucks of this hour that hide nothing, at the port of the invented officers."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    trucks = life.trucks_of_hour(seed=seed, port=PORT, hour=hour, loaded=2, empty=0)
    return [replace(truck, key=f"{seed}{truck.key}", planted="", mistaken=False) for truck in trucks]


def upload(screen: Any, declared: list[dict[str, Any]], folder: Path) -> None:
    """Lodge a file through the broker's page."""
    file = folder / "declarations.json"
    file.write_text(json.dumps(declared), encoding="utf-8")
    screen.open("/declarations/lodge/")
    screen.page.set_input_files("input[type=file]", file)
    with screen.page.expect_navigation():
        screen.page.locator("main form button.usa-button").click()


def lodged_numbers(screen: Any) -> list[str]:
    """The numbers that the node gave, as the page tells them."""
    links = screen.page.locator("main ul.usa-list a")
    return [text.strip() for text in links.all_inner_texts()]


def test_from_the_broker_s_file_to_the_neighbour_s_node(
    officer_screen: Callable[..., Any], nodes: dict[str, Any], tmp_path: Path
) -> None:
    trucks = invented("JOB")
    first, second = (life.import_declaration(truck) for truck in trucks)
    wrong = life.import_declaration(replace(trucks[1], mistaken=True), corrected=False)

    broker = officer_screen("US", "trader")
    upload(broker, [first, wrong], tmp_path)
    assert len(lodged_numbers(broker)) == 1
    findings = broker.page.locator("main table tbody tr")
    assert findings.count() >= 1
    assert wrong["items"][0]["hs"] in findings.first.inner_text()
    broker.assert_accessible()
    upload(broker, [second], tmp_path)
    (number,) = lodged_numbers(broker)
    assert not broker.page.locator("main table").count()

    officer = officer_screen("US", "port_officer")
    page = officer.page
    officer.open("/declarations/booth/")
    page.keyboard.type(second["transport"]["vehicle_id"])
    page.keyboard.press("Enter")
    page.wait_for_url("**q=*")
    decision = page.locator(".booth__decision")
    assert number in decision.inner_text()
    assert decision.locator(".lane--green, .lane--blue, .lane--yellow, .lane--red").count() == 1
    assert page.locator(".reasons").count() == 1
    officer.assert_accessible()

    press_and_wait(page, "a")
    assert "At the port" in decision.locator(".tag").inner_text()
    page.keyboard.press("i")
    assert page.evaluate("document.activeElement.id") == "result"
    page.keyboard.press("Tab")
    page.keyboard.type("seals and documents seen")
    press_and_wait(page, "Enter")
    assert "Inspected" in decision.locator(".tag").inner_text()
    press_and_wait(page, "r")
    assert "Released" in decision.locator(".tag").inner_text()

    officer.open(f"/declarations/{number}/")
    assert "seals and documents seen" in page.locator(".timeline").first.inner_text()
    wait_for(officer, f"/declarations/{number}/", "receipt signed")

    neighbour = officer_screen("MX", "supervisor")
    neighbour.open(f"/exchange/received/?business_key={number}")
    with neighbour.page.expect_navigation():
        neighbour.page.locator("tbody th a").first.click()
    compare_both_copies(neighbour, "Ambas copias son iguales")
    supervisor = officer_screen("US", "supervisor")
    supervisor.open(f"/declarations/{number}/")
    with supervisor.page.expect_navigation():
        supervisor.page.get_by_role("link", name="both sides' copy").first.click()
    compare_both_copies(supervisor, "Both copies are the same")


def press_and_wait(page: Any, key: str) -> None:
    """Press a key that sends a form, and wait for the page that answers."""
    with page.expect_navigation():
        page.keyboard.press(key)


def wait_for(screen: Any, path: str, text: str) -> None:
    """Load ``path`` until ``text`` stands there; the neighbour's receipt takes seconds."""
    for _attempt in range(60):
        if text in screen.page.locator("main").inner_text():
            return
        screen.page.wait_for_timeout(500)
        screen.open(path)
    pytest.fail(f"{path} never said: {text}")


def compare_both_copies(screen: Any, verdict: str) -> None:
    """Ask for both copies of the record that is shown, and read the verdict."""
    screen.page.fill("input[name=purpose]", "verification of a record")
    with screen.page.expect_navigation():
        screen.page.locator("main form button[type=submit]").click()
    assert verdict in screen.page.locator("main .usa-alert").first.inner_text()
    screen.assert_accessible()


def test_a_trader_sees_only_what_is_theirs(
    officer_screen: Callable[..., Any], traffic: list[life.Truck], tmp_path: Path
) -> None:
    broker = officer_screen("MX", "trader")
    upload(broker, [life.export_declaration(truck) for truck in invented("OWN")], tmp_path)
    mine = set(lodged_numbers(broker))
    assert len(mine) == 2
    broker.open("/declarations/")
    assert mine <= set(broker.page.locator("tbody th a").all_inner_texts())
    other = officer_screen("MX", "carrier")
    other.open("/declarations/")
    assert not mine & set(other.page.locator("tbody th a").all_inner_texts())
    for number in mine:
        assert other.open(f"/declarations/{number}/") in {403, 404}
    assert broker.open("/declarations/booth/") == 403
    assert broker.open("/node/audit/") == 403


@pytest.mark.parametrize(
    "path",
    ["/declarations/", "/declarations/booth/", "/node/audit/", "/node/people/", "/exchange/", "/intake/", "/live/"],
)
def test_who_has_not_signed_in_sees_nothing(browser: Any, nodes: dict[str, Any], path: str) -> None:
    page = browser.new_page()
    page.goto(nodes["US"].url + path) if path != "/live/" else page.request.get(nodes["US"].url + path)
    assert path == "/live/" or "/accounts/login/" in page.url
    page.close()


def test_the_waiting_are_reached_with_j_and_k(officer_screen: Callable[..., Any], traffic: list[life.Truck]) -> None:
    screen = officer_screen("US", "port_officer")
    page = screen.page
    screen.open(f"/declarations/booth/?port={PORT}&q={traffic[0].plate}")
    assert page.locator(".booth__waiting a").count() >= 2
    page.keyboard.press("j")
    reached = page.evaluate("document.activeElement.textContent")
    assert page.evaluate("document.activeElement.matches('.booth__waiting a')")
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.textContent") != reached
    page.keyboard.press("k")
    assert page.evaluate("document.activeElement.textContent") == reached
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") == "q"


def test_a_scanned_plate_releases_nothing_and_keys_can_be_switched_off(
    officer_screen: Callable[..., Any], traffic: list[life.Truck]
) -> None:
    screen = officer_screen("US", "supervisor")
    page = screen.page
    screen.open(f"/declarations/booth/?port={PORT}&q={traffic[1].plate}")
    page.locator("[data-key=r]").wait_for()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.keyboard.type("R5K2T9D", delay=10)
    page.wait_for_timeout(400)
    page.keyboard.press("?")
    page.locator("[data-shortcuts-switch]").uncheck()
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("r")
    page.wait_for_timeout(400)
    assert not sent
    assert not page.locator("main kbd").first.is_visible()


def test_on_a_phone_the_booth_shows_lane_steps_and_who_waits_before_the_details(
    officer_screen: Callable[..., Any], traffic: list[life.Truck]
) -> None:
    screen = officer_screen("MX", "port_officer", "phone")
    screen.open(f"/declarations/booth/?port={PORT}&q={traffic[0].plate}")
    places = [
        screen.page.locator(selector).first.bounding_box()["y"]
        for selector in (".booth__decision .card__state", ".steps", ".booth__waiting", ".booth__facts")
    ]
    assert places == sorted(places)
    screen.assert_accessible()
