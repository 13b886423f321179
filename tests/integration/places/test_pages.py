"""The pages and the API: who may see them, what they show, what they cost."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest
from django.core.cache import cache
from django.test import Client

from otay.node import registry, roles
from otay.node.models import User

pytestmark = pytest.mark.django_db
PAGES = ["/places/", "/places/live/", "/places/ports/2304/", "/places/crossings/ysleta/", "/places/map/wide.svg"]
API = [
    "/api/v1/places/ports",
    "/api/v1/places/ports.geojson",
    "/api/v1/places/ports/2304",
    "/api/v1/places/crossings",
    "/api/v1/places/crossings/ysleta",
    "/api/v1/places/volumes",
    "/api/v1/places/ports/2304/expected",
]


@pytest.fixture
def only_places(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Facts and alerts of these tests alone: what other rooms register is their own affair."""
    monkeypatch.setattr(registry, "port_facts", registry.Registry("port_facts"))
    monkeypatch.setattr(registry, "alerts", registry.Registry("alerts"))
    cache.clear()
    yield
    cache.clear()


@pytest.mark.parametrize("path", PAGES)
def test_nobody_sees_a_page_without_signing_in(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


@pytest.mark.parametrize("path", API)
def test_nobody_asks_the_api_without_a_token_or_a_session(client: Client, path: str) -> None:
    assert client.get(path).status_code == 401


@pytest.mark.usefixtures("only_places")
@pytest.mark.parametrize("path", [*PAGES, *API])
def test_the_least_of_roles_may_read_everything(reader: Client, path: str) -> None:
    assert reader.get(path).status_code == 200


def test_every_role_holds_the_permission() -> None:
    assert roles.PERMISSIONS["places.view"].held_by == set(roles.ROLES)


@pytest.mark.parametrize("path", [*PAGES, *API])
def test_a_person_without_a_role_is_refused(client: Client, path: str) -> None:
    client.force_login(User.objects.create(username="no-role", invented=True))
    assert client.get(path).status_code == 403


@pytest.mark.usefixtures("only_places")
@pytest.mark.parametrize(
    ("path", "most"),
    [("/places/", 8), ("/places/ports/2304/", 12), ("/places/ports/2402/", 12), ("/places/crossings/ysleta/", 12)],
)
def test_a_page_asks_the_database_a_fixed_few_times(
    reader: Client, path: str, most: int, django_assert_max_num_queries: object
) -> None:
    reader.get(path)
    with django_assert_max_num_queries(most):  # type: ignore[operator]
        reader.get(path)


@pytest.mark.usefixtures("only_places")
def test_the_list_marks_all_28_ports_twice_and_links_them(reader: Client) -> None:
    page = reader.get("/places/").content.decode()
    assert page.count('class="border-map__port ') == 56  # a wide sheet and one for phones
    assert page.count('href="/places/ports/2304/"') == 3
    assert "<title" in page
    assert "<desc" in page


@pytest.mark.usefixtures("only_places")
def test_filters_narrow_map_and_table(reader: Client) -> None:
    page = reader.get("/places/?state=MX-SON&mode=cargo").content.decode()
    assert 'href="/places/ports/2604/"' in page
    assert 'href="/places/ports/2304/"' not in page
    assert "No port of entry fits" in reader.get("/places/?state=XX-X").content.decode()


@pytest.mark.usefixtures("only_places")
def test_a_filter_is_text_not_markup(reader: Client) -> None:
    page = reader.get('/places/?state="><script>alert(1)</script>').content.decode()
    assert "<script>alert" not in page


@pytest.mark.usefixtures("only_places")
def test_rooms_and_alerts_show_on_the_map_and_on_the_port(reader: Client) -> None:
    registry.port_facts.register(registry.PortFact("test", "Waiting", lambda _actor: {"2304": 17}))
    registry.port_facts.register(
        registry.PortFact("secret", "Hidden", lambda _actor: {"2304": 99}, permission="nobody.holds")
    )
    alert = registry.Alert("error", "Gate blocked", "/somewhere/", port="2304")
    registry.alerts.register(registry.AlertSource("test", lambda _actor: [alert]))
    page = reader.get("/places/").content.decode()
    assert "border-map__port--error" in page
    assert "Waiting: 17" in page
    assert "Hidden" not in page
    port = reader.get("/places/ports/2304/").content.decode()
    assert "Gate blocked" in port
    assert "Waiting" in port


@pytest.mark.usefixtures("only_places")
def test_the_port_page_shows_unknown_as_unknown_with_sources_named(reader: Client) -> None:
    page = reader.get("/places/ports/2604/").content.decode()
    assert 'class="unknown">unknown' in page
    assert "Nogales International" in page
    assert "General knowledge, unconfirmed" in page
    assert page.count("<h1>") == 1


@pytest.mark.usefixtures("only_places")
def test_a_crossing_without_a_port_has_a_page(reader: Client) -> None:
    assert "Fort Hancock" in reader.get("/places/crossings/fort-hancock/").content.decode()


@pytest.mark.parametrize(
    "path", ["/places/ports/0000/", "/places/crossings/nowhere/", "/places/map/huge.svg", "/api/v1/places/ports/0000"]
)
def test_what_is_not_there_is_not_found(reader: Client, path: str) -> None:
    assert reader.get(path).status_code == 404


@pytest.mark.parametrize("layout", ["wide", "phone"])
def test_the_picture_is_a_drawing_without_scripts_or_styles(reader: Client, layout: str) -> None:
    answer = reader.get(f"/places/map/{layout}.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    names = {node.tag.rpartition("}")[2] for node in ET.fromstring(answer.content).iter()}
    assert names == {"svg", "rect", "path"}


@pytest.mark.usefixtures("only_places")
def test_the_home_page_has_the_map(reader: Client) -> None:
    page = reader.get("/").content.decode()
    assert 'id="panel-border-map"' in page
    assert "border-map__port" in page


def test_spanish_is_spoken(reader: Client) -> None:
    reader.post("/language/", {"language": "es-mx", "next": "/"})
    page = reader.get("/places/").content.decode()
    assert "Puertos de entrada" in page
    assert "Camiones" in page


def test_the_api_answers_with_both_sides_and_filters(reader: Client) -> None:
    port = reader.get("/api/v1/places/ports/2304").json()
    bridge = next(item for item in port["crossings"] if item["key"] == "laredo-world-trade")
    assert [(side["country"], side["customs_office"], side["unlocode"]) for side in bridge["sides"]] == [
        ("US", "2304", "USLRD"),
        ("MX", "24", "MXNLD"),
    ]
    assert {item["code"] for item in reader.get("/api/v1/places/ports?state=US-NM").json()} == {"2406", "2408"}
    volumes = reader.get("/api/v1/places/volumes?port=2304&measure=Trucks&start=2023-11-01&end=2023-12-01").json()
    assert volumes["count"] == 2
    assert reader.get(f"/api/v1/places/volumes?limit={10**30}").status_code == 422
    features = reader.get("/api/v1/places/ports.geojson").json()
    assert features["type"] == "FeatureCollection"
    assert len(features["features"]) == 28


def test_the_api_says_which_month_stands_for_the_hour(reader: Client) -> None:
    answer = reader.get("/api/v1/places/ports/2304/expected?at=2026-11-24T18:00:00Z").json()
    assert answer["reference_month"] == "2023-11-01"
    assert answer["expected"]["Trucks"] > 100


def test_a_bad_moment_is_refused_with_its_place(reader: Client) -> None:
    answer = reader.get("/api/v1/places/ports/2304/expected?at=yesterday")
    assert answer.status_code == 422
