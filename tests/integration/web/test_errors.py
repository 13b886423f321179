"""What people and programs see when something goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType

import pytest
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import clear_url_caches, path
from django.utils import translation

from otay.core.errors import Conflict, Forbidden, NotFound, OtayError, Refused
from otay.core.findings import error
from otay.web import errors, urls

pytestmark = pytest.mark.django_db

FINDING = error(
    "/items/0/code", "hs.known", "%(code)s is no heading", value="9999.99", remedy="Look it up", code="9999.99"
)
RAISED: dict[str, Exception] = {
    "refused": Refused("The list breaks %(count)s rules", findings=[FINDING], count=1),
    "forbidden": Forbidden("You hold no key"),
    "missing": NotFound("No such consignment"),
    "conflict": Conflict("It was released already"),
    "denied": PermissionDenied(),
    "http404": Http404(),
    "suspicious": SuspiciousOperation("odd"),
    "bug": RuntimeError("a secret detail"),
}


@login_not_required
def raising(request: HttpRequest, name: str) -> HttpResponse:
    raise RAISED[name]


@pytest.fixture
def faulty() -> Iterator[Client]:
    """A node with a page that fails in every way."""
    module = ModuleType("faulty_urls")
    module.__dict__.update({key: value for key, value in vars(urls).items() if key.startswith("handler")})
    module.urlpatterns = [path("fail/<str:name>", raising), path("api/fail/<str:name>", raising), *urls.urlpatterns]  # type: ignore[attr-defined]
    import sys

    sys.modules[module.__name__] = module
    with override_settings(ROOT_URLCONF=module.__name__):
        clear_url_caches()
        yield Client(raise_request_exception=False)
    del sys.modules[module.__name__]
    clear_url_caches()


@pytest.mark.parametrize(
    ("name", "status", "texts"),
    [
        (
            "refused",
            422,
            ["The list breaks 1 rules", "/items/0/code", "9999.99 is no heading", "Look it up", "hs.known"],
        ),
        ("forbidden", 403, ["You hold no key"]),
        ("missing", 404, ["No such consignment"]),
        ("conflict", 409, ["It was released already"]),
        ("denied", 403, ["You may not do this"]),
        ("http404", 404, ["There is nothing at this address"]),
        ("suspicious", 400, ["The node could not read this request"]),
        ("bug", 500, ["Something went wrong on this node"]),
    ],
)
def test_a_page_says_what_was_wrong_and_what_to_do(faulty: Client, name: str, status: int, texts: list[str]) -> None:
    response = faulty.get(f"/fail/{name}")
    shown = response.content.decode()
    assert response.status_code == status
    for text in texts:
        assert text in shown
    assert "a secret detail" not in shown
    assert 'class="usa-skipnav"' in shown


@pytest.mark.parametrize(("name", "status"), [("refused", 422), ("http404", 404), ("bug", 500), ("denied", 403)])
def test_a_program_gets_a_problem_document(faulty: Client, name: str, status: int) -> None:
    response = faulty.get(f"/api/fail/{name}")
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    told = json.loads(response.content)
    assert told["status"] == status
    if name == "refused":
        assert told["findings"][0]["place"] == "/items/0/code"


def test_what_was_sent_is_escaped_on_the_error_page(faulty: Client) -> None:
    RAISED["script"] = OtayError("%(name)s is unknown", name="<script>alert(1)</script>")
    shown = faulty.get("/fail/script").content.decode()
    assert "<script>alert" not in shown
    assert "&lt;script&gt;alert" in shown


def test_a_fault_of_the_frame_itself_still_gives_an_answer(faulty: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*arguments: object, **options: object) -> HttpResponse:
        raise RuntimeError("frame")

    monkeypatch.setattr(errors, "render", fails)
    response = faulty.get("/fail/bug")
    assert response.status_code == 500
    assert "Something went wrong on this node" in response.content.decode()


def test_a_form_from_elsewhere_is_told_why_it_was_refused() -> None:
    response = Client(enforce_csrf_checks=True).post("/language/", {"language": "en"})
    assert response.status_code == 403
    assert "security token" in response.content.decode()


@pytest.mark.parametrize("status", sorted(errors.TITLES))
def test_every_error_page_is_in_both_languages(status: int, rf: object) -> None:
    title, remedy = errors.TITLES[status]
    for text in (title, remedy):
        english = str(text)
        with translation.override("es-mx"):
            assert str(text) != english


def test_the_page_for_too_many_attempts(rf: object) -> None:
    request = rf.get("/accounts/login/")  # type: ignore[attr-defined]
    response = errors.too_many(request)
    assert response.status_code == 429
    assert b"Too many attempts" in response.content
