"""People, roles and programs: every change is permitted, audited, and ends the sessions it should."""

from __future__ import annotations

from datetime import timedelta

import pytest

from factories.node import PASSWORD, bearer, make_actor, make_person, make_token, plain_actor, signed_in
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.node import clock, services
from otay.node.accounts import actor_by_key, actor_of_token, actor_of_user
from otay.node.actors import SYSTEM
from otay.node.models import AuditEvent, User

pytestmark = pytest.mark.django_db


def actions() -> list[str]:
    return list(AuditEvent.objects.order_by("sequence").values_list("action", flat=True))


def test_a_person_holds_what_the_roles_hold_where_they_hold_it() -> None:
    actor = make_actor(("port_officer", "2506"), "auditor")
    assert actor.may("node.read_audit")
    assert not actor.may("node.manage_people")
    assert actions() == ["node.person_created", "node.role_given", "node.role_given"]


def test_only_an_administrator_makes_people() -> None:
    with pytest.raises(Forbidden):
        services.create_person(actor=make_actor("auditor"), username="x", name="X", password=PASSWORD)
    administrator = make_actor("administrator")
    assert services.create_person(actor=administrator, username="x", name="X Y", password=PASSWORD).last_name == "Y"


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"password": "short"}, "/password"), ({"password": "password1234"}, "/password"),
        ({"username": "a b"}, "/username"), ({"username": ""}, "/username"), ({"username": "x" * 200}, "/username"),
        ({"roles": [("king", "*")]}, "/role"), ({"roles": [("auditor", "2506")]}, "/port"),
        ({"roles": [("port_officer", "")]}, "/port"), ({"language": "fr"}, "/language"),
        ({"party": "p" * 36}, "/party"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_place(given: dict[str, object], place: str) -> None:
    with pytest.raises(Refused) as caught:
        services.create_person(actor=SYSTEM, **{"username": "fine", "name": "Fine", "password": PASSWORD, **given})  # type: ignore[arg-type]
    assert place in [finding.place for finding in caught.value.findings]
    assert not User.objects.exists()


def test_a_user_name_is_taken_once() -> None:
    make_person(username="ana")
    with pytest.raises(Conflict):
        make_person(username="ana")


@pytest.mark.parametrize("change", ["give", "take", "deactivate", "reset", "password"])
def test_a_change_of_what_somebody_is_ends_their_sessions(change: str) -> None:
    make_person("administrator")
    person = make_person("auditor", ("port_officer", "2506"))
    browser = signed_in(person)
    assert browser.get("/node/account/").status_code == 200
    {
        "give": lambda: services.give_role(actor=SYSTEM, person=person, role="planner"),
        "take": lambda: services.take_role(actor=SYSTEM, person=person, role="auditor"),
        "deactivate": lambda: services.deactivate(actor=SYSTEM, person=person),
        "reset": lambda: services.reset_second_factor(actor=SYSTEM, person=person, reason="lost"),
        "password": lambda: services.set_password(actor=SYSTEM, person=person, password=PASSWORD + "2"),
    }[change]()
    answer = browser.get("/node/account/")
    assert answer.status_code == 302
    assert "/accounts/login/" in answer["Location"]


def test_the_last_administrator_stays() -> None:
    person = make_person("administrator")
    with pytest.raises(Conflict):
        services.take_role(actor=SYSTEM, person=person, role="administrator")
    with pytest.raises(Conflict):
        services.deactivate(actor=SYSTEM, person=person)
    other = make_person("administrator")
    services.take_role(actor=SYSTEM, person=person, role="administrator")
    assert not User.objects.get(pk=person.pk).is_superuser
    assert User.objects.get(pk=other.pk).is_superuser


def test_a_role_that_is_not_held_cannot_be_taken() -> None:
    with pytest.raises(NotFound):
        services.take_role(actor=SYSTEM, person=make_person("auditor"), role="planner")


def test_a_token_is_shown_once_and_works_until_revoked() -> None:
    token = make_token("trader", party="acme", key="acme")
    assert token.startswith("otay_")
    actor = actor_of_token(token)
    assert actor is not None
    assert (actor.key, actor.party) == ("client:acme", "acme")
    services.revoke_client(actor=SYSTEM, key="acme", reason="lost")
    assert actor_of_token(token) is None
    assert actor_by_key("client:acme") is None
    with pytest.raises(NotFound):
        services.revoke_client(actor=SYSTEM, key="acme")
    with pytest.raises(Conflict):
        make_token(key="acme")


def test_a_token_that_expired_is_nobodys() -> None:
    token = services.create_client(
        actor=SYSTEM, key="old", name="Old", role="trader", expires_at=clock.now() - timedelta(seconds=1)
    )
    assert actor_of_token(token) is None


@pytest.mark.parametrize("key", ["no spaces", "x" * 49, ""])
def test_a_client_key_is_a_slug(key: str) -> None:
    with pytest.raises(Refused):
        services.create_client(actor=SYSTEM, key=key, name="X", role="trader")


def test_actors_come_back_from_their_audit_key(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    person = make_person(("port_officer", "2506"), "planner")
    with django_assert_num_queries(1):
        found = actor_by_key(f"officer:{person.pk}")
    assert found == actor_of_user(User.objects.get(pk=person.pk))
    assert actor_by_key("system") is SYSTEM
    for nonsense in (
        "officer:",
        "officer:x",
        "officer:٣",
        "officer:" + "9" * 30,
        "client:none",
        "node:MX",
        "",
        "king:1",
    ):
        assert actor_by_key(nonsense) is None
    User.objects.filter(pk=person.pk).update(is_active=False)
    assert actor_by_key(f"officer:{person.pk}") is None


def test_a_request_of_a_signed_in_person_costs_two_queries(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    browser = signed_in(make_person("auditor", ("port_officer", "2506"), ("port_officer", "2304")))
    with django_assert_num_queries(2):  # the session, and the person with roles and second factor
        assert browser.get("/api/v1/me").json()["permissions"]["node.read_audit"] == ["*"]


def test_a_request_with_a_token_costs_one_query(client, django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    token = make_token()
    with django_assert_num_queries(1):
        assert client.get("/api/v1/me", **bearer(token)).json()["kind"] == "client"


def test_pages_of_an_administrator_work() -> None:
    browser = signed_in(make_person("administrator"))
    person = make_person("planner")
    made = browser.post(
        "/node/people/",
        {"username": "new", "name": "New One", "role": "port_officer", "port": "2506", "password": PASSWORD},
    )
    assert made.status_code == 302
    assert actor_of_user(User.objects.get(username="new")).grants is not None
    for address in ("/node/people/", f"/node/people/{person.pk}/", "/node/programs/", "/node/jobs/", "/node/account/"):
        assert browser.get(address).status_code == 200, address
    browser.post(f"/node/people/{person.pk}/give/", {"role": "auditor", "port": "*"})
    assert actor_of_user(User.objects.get(pk=person.pk)).may("node.read_audit")
    browser.post(f"/node/people/{person.pk}/deactivate/", {"reason": "left"})
    assert not User.objects.get(pk=person.pk).is_active
    shown = browser.post("/node/programs/", {"key": "acme", "name": "Acme", "role": "trader"}).content.decode()
    assert "otay_" in shown
    assert "otay_" not in browser.get("/node/programs/").content.decode().replace("otay_us_", "")
    assert browser.post("/node/programs/acme/revoke/").status_code == 302


def test_a_refused_form_says_why() -> None:
    browser = signed_in(make_person("administrator"))
    page = browser.post(
        "/node/people/", {"username": "new", "name": "N", "role": "auditor", "port": "2506", "password": PASSWORD}
    )
    assert "holds everywhere" in page.content.decode()


def test_somebody_without_roles_reaches_no_administration() -> None:
    browser = signed_in(make_person())
    assert browser.get("/node/people/").status_code == 403
    assert plain_actor().grants == {}


def test_own_language() -> None:
    person = make_person("auditor")
    assert signed_in(person).post("/node/account/", {"language": "es-mx"}).status_code == 302
    assert User.objects.get(pk=person.pk).language == "es-mx"
    with pytest.raises(Forbidden):
        services.set_language(actor=make_actor("auditor"), person=person, language="en")
