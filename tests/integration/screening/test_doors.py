"""The pages and the API of screening, as officers, traders and strangers meet them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from factories.screening import KIND, officer, rule, subject, table
from otay.node import roles
from otay.node.models import AuditEvent, RoleAssignment, User
from otay.node.roles import Role
from otay.screening import policies, queries, services
from otay.screening.models import RuleSet, RuleVersion

pytestmark = pytest.mark.django_db
FORM = {
    "key": "dear", "condition": '{"fact": "value", "is": ">=", "value": 300}', "points": "", "lane": "red",
    "reason_en": "Worth {value}", "reason_es": "Vale {value}", "owner": "Targeting", "why": "Seen in three cases",
}  # fmt: skip


def signed_in(name: str, role: Role, port: str = "*") -> Client:
    person = User.objects.create_user(name, password="not-a-real-password")
    RoleAssignment.objects.create(user=person, role=role.key, port=port, given_by="test")
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture(autouse=True)
def _without_second_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests are about screening's doors; the second factor has its own tests in the node room."""
    monkeypatch.setattr("otay.node.middleware.needs_second_factor", lambda _user: False)


@pytest.fixture
def analyst() -> Client:
    return signed_in("analyst", roles.TARGETING)


@pytest.fixture
def supervisor() -> Client:
    return signed_in("supervisor", roles.SUPERVISOR)


def assessed(port: str = "2501", **facts: Any) -> int:
    return services.assess(actor=officer(), subjects=[subject(1, port=port, **facts)])[0].pk


def test_a_rule_goes_from_proposal_to_force_through_the_pages(analyst: Client, supervisor: Client) -> None:
    table()
    tried = analyst.post(f"/screening/{KIND}/propose/", {**FORM, "try": "1"})
    assert tried.status_code == 200
    assert "Tried on 10 past assessments: 7 would go to another lane" in tried.content.decode()
    assert RuleVersion.objects.filter(kind=KIND).count() == 0
    assert analyst.post(f"/screening/{KIND}/propose/", {**FORM, "propose": "1"}).status_code == 302
    made = RuleVersion.objects.get(kind=KIND)
    assert analyst.post(f"/screening/proposals/{made.pk}/decide/", {"decision": "approve"}).status_code in {403, 409}
    page = supervisor.get("/screening/", {"kind": KIND}).content.decode()
    assert "Value ≥ 300" in page
    assert "Seen in three cases" in page
    assert supervisor.post(f"/screening/proposals/{made.pk}/decide/", {"decision": "approve"}).status_code == 302
    assert RuleSet.objects.filter(kind=KIND).count() == 2
    assert "Version 1 is in force" in supervisor.get(f"/screening/{KIND}/rules/dear/").content.decode()
    assert supervisor.post(f"/screening/{KIND}/retire/dear/", {"why": ""}).status_code == 422
    assert supervisor.post(f"/screening/{KIND}/retire/dear/", {"why": "Old"}).status_code == 302
    assert "Not in force" in supervisor.get(f"/screening/{KIND}/rules/dear/").content.decode()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"condition": "{"}, "This is not JSON"),
        ({"condition": "[" * 5000}, "This is not JSON"),
        ({"condition": '{"fact": "religion", "is": "=", "value": "x"}'}, "No such fact"),
        ({"lane": "", "points": "0"}, "The rule does nothing"),
        ({"key": "Not A Key"}, "valid"),
    ],
)
def test_a_bad_proposal_says_what_is_wrong(analyst: Client, change: dict[str, str], said: str) -> None:
    table()
    answer = analyst.post(f"/screening/{KIND}/propose/", {**FORM, **change, "propose": "1"})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_the_explanation_speaks_the_readers_language_and_leaves_a_trace(supervisor: Client) -> None:
    table()
    made = services.propose_rule(actor=officer("officer:8"), kind=KIND, rule=rule(), why="x")
    services.approve_rules(actor=officer("officer:9"), rules=[made.pk])
    pk = assessed(value=1234)
    assert "Worth 1,234 USD" in supervisor.get(f"/screening/assessments/{pk}/").content.decode()
    supervisor.post("/language/", {"language": "es-mx", "next": "/"})
    assert "Vale 1,234 USD" in supervisor.get(f"/screening/assessments/{pk}/").content.decode()
    assert AuditEvent.objects.filter(action="screening.viewed", subject="parcel:1").count() == 2


def test_a_reason_is_shown_as_text_and_never_as_markup(supervisor: Client) -> None:
    table()
    nasty = rule(reason={"en": "<script>alert(1)</script> {code}", "es": "x"})
    made = services.propose_rule(actor=officer("officer:8"), kind=KIND, rule=nasty, why="<b>x</b>")
    services.approve_rules(actor=officer("officer:9"), rules=[made.pk])
    pk = assessed(value=900, code="<i>x</i>")
    for path in (f"/screening/assessments/{pk}/", f"/screening/{KIND}/rules/dear/", f"/screening/?kind={KIND}"):
        page = supervisor.get(path).content.decode()
        assert "alert(1)" in page
        assert "<script>alert" not in page
        assert "<i>x</i>" not in page


def test_an_officer_sees_the_assessments_of_the_own_port_only() -> None:
    table()
    pk = assessed(port="2501", value=1)
    local, elsewhere = signed_in("here", roles.PORT_OFFICER, "2501"), signed_in("there", roles.PORT_OFFICER, "2502")
    for path in (f"/screening/assessments/{pk}/", f"/api/v1/screening/assessments/{pk}"):
        assert local.get(path).status_code == 200
        assert elsewhere.get(path).status_code == 404


def test_a_trader_sees_and_changes_nothing() -> None:
    table()
    trader = signed_in("trader", roles.TRADER)
    pk = assessed(value=1)
    made = services.propose_rule(actor=officer("officer:8"), kind=KIND, rule=rule(), why="x")
    for path in (
        "/screening/", f"/screening/{KIND}/rules/dear/", f"/screening/{KIND}/propose/", f"/screening/assessments/{pk}/",
        f"/api/v1/screening/rules?kind={KIND}", f"/api/v1/screening/assessments/{pk}",
    ):  # fmt: skip
        assert trader.get(path).status_code in {403, 404}, path
    for path, body in (
        (f"/screening/proposals/{made.pk}/decide/", {"decision": "approve"}),
        (f"/screening/{KIND}/retire/dear/", {"why": "x"}),
        (f"/screening/{KIND}/propose/", FORM),
    ):
        assert trader.post(path, body).status_code in {403, 404}, path
    assert queries.proposals(KIND) == [made]


def test_the_api_gives_the_table_and_takes_proposals(analyst: Client) -> None:
    table()
    body = {"kind": KIND, "rule": rule(), "why": "Seen in three cases"}
    answer = analyst.post("/api/v1/screening/proposals", json.dumps(body), content_type="application/json")
    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    bad = {**body, "rule": rule(condition={"fact": "value", "is": ">", "value": "x"})}
    refused = analyst.post("/api/v1/screening/proposals", json.dumps(bad), content_type="application/json")
    assert refused.status_code == 422
    assert refused.json()["findings"][0]["place"] == "/condition/value"
    services.approve_rules(actor=officer("officer:9"), rules=[answer.json()["id"]])
    got = analyst.get("/api/v1/screening/rules", {"kind": KIND}).json()
    assert (got["version"], [one["key"] for one in got["rules"]]) == (2, ["dear"])
    pk = assessed(value=900)
    assert analyst.get(f"/api/v1/screening/assessments/{pk}").json()["reasons"][0]["text"] == "Worth 900 USD"


def test_pages_stay_quick_with_the_shipped_table(supervisor: Client, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(25):
        page = supervisor.get("/screening/").content.decode()
    assert "mirror-value-far" in page


def test_indicators_have_a_value_once_something_was_assessed() -> None:
    from otay.node import registry

    assert registry.indicators["screening.released"].compute().value is None
    table()
    assessed(value=1)
    measure = registry.indicators["screening.released"].compute()
    assert (measure.value, len(measure.series)) == (100, 1)


def test_a_reason_in_the_rule_table_names_its_facts(analyst: Client, supervisor: Client) -> None:
    table()
    made = services.propose_rule(actor=officer("officer:1"), kind=KIND, rule=rule(), why="Test")
    services.approve_rules(actor=officer("officer:2"), rules=[made.pk])
    page = analyst.get(f"/screening/?kind={KIND}").content.decode()
    assert "Worth [Value] USD" in page
    assert "{value}" not in page


def test_thresholds_and_shares_change_under_four_eyes(analyst: Client, supervisor: Client) -> None:
    table()
    sent = {"score_red": "90", "score_yellow": "50", "score_blue": "20", "share_red": "1.5", "share_yellow": "0",
            "share_blue": "0", "why": "More is found by lot"}  # fmt: skip
    address = f"/screening/{KIND}/policy/"
    assert analyst.post(address, {**sent, "score_yellow": "95"}).status_code == 422
    assert analyst.post(address, {**sent, "share_red": "60"}).status_code == 422
    assert analyst.post(address, sent).status_code == 302
    (waiting,) = policies.proposals(KIND)
    decide = f"/screening/policies/{waiting.pk}/decide/"
    assert analyst.post(decide, {"decision": "approve", "note": ""}).status_code == 403
    assert "Approve" in supervisor.get(address).content.decode()
    assert supervisor.post(decide, {"decision": "approve", "note": ""}).status_code == 302
    current = queries.current(KIND)
    assert current.version == 2
    assert current.policy == {
        "thresholds": {"red": 90, "yellow": 50, "blue": 20}, "shares": {"red": "0.015"},
    }  # fmt: skip
    assert supervisor.post(decide, {"decision": "approve", "note": ""}).status_code == 409
    assert supervisor.post(address, {**sent, "why": "Mine", "score_red": "80"}).status_code == 302
    (own,) = policies.proposals(KIND)
    assert supervisor.post(f"/screening/policies/{own.pk}/decide/", {"decision": "approve"}).status_code == 409
    assert supervisor.post(f"/screening/policies/{own.pk}/decide/", {"decision": "refuse"}).status_code == 302
