"""The home page, the frame around every page, the language switch."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from otay.node import registry, roles
from otay.node.actors import SYSTEM, Actor, Kind
from otay.node.models import RoleAssignment, User
from otay.node.registry import Alert, AlertSource, MenuEntry, Panel
from otay.web import frame, views

pytestmark = pytest.mark.django_db
COOKIE = settings.LANGUAGE_COOKIE_NAME


@pytest.fixture
def trader(client: Client) -> User:
    user = User.objects.create_user("trader", password="a-long-password", party="TAX-1")
    RoleAssignment.objects.create(user=user, role=roles.TRADER.key, given_by=SYSTEM.key)
    client.force_login(user)
    return user


@pytest.fixture
def registered() -> Iterator[Callable[[registry.Registry[Any], Any], None]]:
    """Register an item for the length of a test."""
    added: list[tuple[registry.Registry[Any], str]] = []

    def register(where: registry.Registry[Any], item: Any) -> None:
        where.register(item)
        added.append((where, item.key))

    yield register
    for where, key in added:
        del where._items[key]


def text_of(response: Any) -> str:
    return str(response.content.decode())


def test_a_stranger_sees_what_the_node_is_and_no_data(client: Client, registered: Callable[..., None]) -> None:
    called: list[str] = []
    registered(
        registry.panels,
        Panel("test.secret", "Secret", "web/about.html", lambda _request, _actor: called.append("x") or {}),
    )
    response = client.get("/")
    assert response.status_code == 200
    assert reverse("account_login") in text_of(response)
    assert not called
    assert client.get("/live/").headers["HX-Refresh"] == "true"
    assert client.get("/about/").status_code == 200


def test_panels_are_those_the_actor_may_see(client: Client, trader: User, registered: Callable[..., None]) -> None:
    def context(request: HttpRequest, actor: Actor) -> dict[str, Any]:
        return {"status": 1, "title": f"Drawn for {actor.name}", "text": "", "remedy": "", "findings": []}

    registered(registry.panels, Panel("test.open", "Open to all", "web/error.html", context))
    registered(registry.panels, Panel("test.closed", "Closed", "web/error.html", context, permission="test.nobody"))
    shown = text_of(client.get("/"))
    assert "Drawn for trader" in shown
    assert "panel-test.open" in shown
    assert "panel-test.closed" not in shown


def test_one_rooms_fault_is_shown_and_logged_and_leaves_the_rest(
    client: Client, trader: User, registered: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(request: HttpRequest, actor: Actor) -> dict[str, Any]:
        raise RuntimeError("no such table")

    registered(registry.panels, Panel("test.broken", "Broken block", "web/about.html", fails))
    response = client.get("/")
    assert response.status_code == 200
    assert "This part could not be computed" in text_of(response)
    assert "test.broken" in caplog.text


def test_few_alerts_are_shown_and_the_rest_counted(
    client: Client, trader: User, registered: Callable[..., None]
) -> None:
    many = [Alert("warning", f"Alert number {number}", "/about/") for number in range(views.ALERTS_SHOWN + 3)]
    registered(registry.alerts, AlertSource("test.alerts", lambda _actor: many, order=-1000))
    shown = text_of(client.get("/"))
    assert shown.count("Alert number") == views.ALERTS_SHOWN
    assert "and 3 more" in shown


def test_an_unchanged_border_costs_a_304(
    client: Client, trader: User, registered: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    titles = ["First"]
    registered(
        registry.alerts, AlertSource("test.alerts", lambda _actor: [Alert("info", titles[-1], "/about/")], order=-1000)
    )
    monkeypatch.setattr(registry, "panels", registry.Registry("panels"))  # what other rooms show may follow the clock
    first = client.get("/live/")
    again = client.get("/live/", headers={"If-None-Match": first.headers["ETag"]})
    titles.append("Second")
    changed = client.get("/live/", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert "private" in first.headers["Cache-Control"]
    assert "Second" in text_of(changed)


def test_the_menu_shows_what_the_actor_may_use_and_where_it_is(registered: Callable[..., None]) -> None:
    registered(registry.menu, MenuEntry("test.open", "goods", "Open door", "about"))
    registered(registry.menu, MenuEntry("test.closed", "node", "Closed door", "about", permission="test.nobody"))
    actor = Actor(Kind.CLIENT, "client:test", "Test", {})
    sections = {section.key: section for section in frame.navigation("/about/", actor)}
    assert [link.label for link in sections["goods"].links if link.current] == ["Open door"]
    assert "Closed door" not in [link.label for section in sections.values() for link in section.links]
    assert sections["goods"].current
    assert not sections["border"].current


def test_who_has_not_signed_in_finds_what_anybody_may_read() -> None:
    sections = frame.navigation("/about/", None)
    assert [section.links[0].url for section in sections] == ["/", "/about/", "/api/v1/docs/"]
    assert [section.current for section in sections] == [False, True, False]


def test_every_registered_menu_entry_leads_somewhere() -> None:
    for entry in registry.menu:
        assert reverse(entry.url_name).startswith("/")
        assert entry.section in frame.SECTIONS


def test_the_frame_asks_the_database_nothing_beyond_who_is_there(
    client: Client, trader: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.get("/about/")
    with django_assert_max_num_queries(5):
        client.get("/about/")


def test_the_language_is_the_nodes_then_the_browsers_then_the_persons(client: Client) -> None:
    assert client.get("/about/").headers["Content-Language"] == "en"
    answer = client.post("/language/", {"language": "es-mx", "next": "/about/?a=1"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/about/?a=1")
    response = client.get("/about/")
    assert response.headers["Content-Language"] == "es-mx"
    assert '<html lang="es-mx"' in text_of(response)


def test_the_language_goes_with_the_account(client: Client, trader: User) -> None:
    client.post("/language/", {"language": "es-mx", "next": "/"})
    trader.refresh_from_db()
    assert trader.language == "es-mx"
    elsewhere = Client()
    elsewhere.force_login(trader)
    assert elsewhere.get("/about/").headers["Content-Language"] == "es-mx"


@pytest.mark.parametrize("code", ["xx", "", "es", "<b>"])
def test_an_unknown_language_changes_nothing(client: Client, trader: User, code: str) -> None:
    client.post("/language/", {"language": code, "next": "/"})
    trader.refresh_from_db()
    assert trader.language == ""
    assert COOKIE not in client.cookies
    client.cookies[COOKIE] = code
    assert client.get("/about/").headers["Content-Language"] == "en"


@pytest.mark.parametrize("evil", ["https://evil.example/", "//evil.example", "javascript:alert(1)", r"\\evil.example"])
def test_the_language_switch_sends_nobody_elsewhere(client: Client, evil: str) -> None:
    assert client.post("/language/", {"language": "en", "next": evil}).headers["Location"] == "/"


def test_the_language_is_switched_only_by_a_form_of_this_node() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/language/", {"language": "es-mx"}).status_code == 403
    assert strict.get("/language/").status_code == 405


def test_the_api_speaks_the_language_that_is_asked_for(client: Client) -> None:
    response = client.get("/api/v1/nothing", headers={"Accept-Language": "es-MX,es;q=0.9"})
    assert response.headers["Content-Language"] == "es-mx"


def test_the_page_about_the_api_follows_the_reader_not_the_browser(client: Client) -> None:
    assert client.get("/api/v1/docs/", headers={"Accept-Language": "es-MX"}).headers["Content-Language"] == "en"


def test_pages_run_no_script_of_their_own_and_nobodys_elses(client: Client) -> None:
    response = client.get("/")
    policy = response.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'self'" in policy
    assert "http://" not in text_of(response).replace("http://testserver", "")
    assert "https://" not in text_of(response)
