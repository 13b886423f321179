"""Assessing and changing rules against the real database."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from factories.screening import KIND, declaration_facts, officer, rule, subject, table
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.node import clock
from otay.node.models import AuditEvent
from otay.screening import queries, services
from otay.screening.defaults import add_needed, default_tables, load_defaults
from otay.screening.domain import Subject
from otay.screening.models import Assessment, DayCount, RuleSet, RuleVersion
from otay.screening.registry import fact_sets
from otay.screening.secret import selection_secret

pytestmark = pytest.mark.django_db
AUTHOR, SECOND = officer("officer:1"), officer("officer:2")


def in_force(**changes: object) -> RuleVersion:
    made = services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(**changes), why="Seen in three cases")
    services.approve_rules(actor=SECOND, rules=[made.pk])
    return made


def lanes(*values: int) -> list[str]:
    return [
        row.lane for row in services.assess(actor=AUTHOR, subjects=[subject(n, value=v) for n, v in enumerate(values)])
    ]


def test_a_proposed_rule_counts_only_once_a_second_person_approved_it() -> None:
    table()
    made = services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(), why="Seen in three cases")
    assert lanes(100, 900) == ["green", "green"]
    with pytest.raises(Conflict):
        services.approve_rules(actor=AUTHOR, rules=[made.pk])
    services.approve_rules(actor=SECOND, rules=[made.pk])
    assert lanes(100, 900) == ["green", "red"]
    with pytest.raises(Conflict):
        services.approve_rules(actor=SECOND, rules=[made.pk])


def test_the_database_itself_refuses_an_author_who_approves() -> None:
    table()
    made = services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(), why="x")
    with pytest.raises(IntegrityError), transaction.atomic():
        RuleVersion.objects.filter(pk=made.pk).update(decision="approved", decided_by=AUTHOR.key)


def test_an_assessment_keeps_its_reasons_when_the_rule_changes() -> None:
    table()
    in_force()
    first = services.assess(actor=AUTHOR, subjects=[subject(1, value=1234)])[0]
    in_force(reason={"en": "Changed", "es": "Cambiado"})
    assert queries.explain(first, "es-mx").reasons[0].text == "Vale 1,234 USD"
    assert queries.assessment_of("parcel:1").reasons[0].text == "Worth 1,234 USD"
    second = services.assess(actor=AUTHOR, subjects=[subject(1, value=1234)])[0]
    assert (first.rule_set.version, second.rule_set.version) == (2, 3)
    assert queries.explain(second, "es").reasons[0].text == "Cambiado"
    assert [version.version for version in queries.history(KIND, "dear")] == [2, 1]


def test_unknown_facts_are_kept_with_the_assessment() -> None:
    table()
    in_force()
    row = services.assess(actor=AUTHOR, subjects=[subject(1)])[0]
    assert (row.lane, row.missing) == ("green", ["value"])
    assert queries.explain(row).missing == ("Value",)


def test_a_rule_holds_within_its_dates_without_a_new_table(monkeypatch: pytest.MonkeyPatch) -> None:
    table()
    now = clock.now()
    in_force(valid_from=(now + timedelta(hours=1)).isoformat(), valid_until=(now + timedelta(hours=2)).isoformat())
    assert lanes(900) == ["green"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(minutes=61))
    assert lanes(900) == ["red"]
    monkeypatch.setattr(clock, "now", lambda: now + timedelta(hours=2))
    assert lanes(900) == ["green"]


def test_a_table_changed_by_another_process_is_seen_at_once() -> None:
    made = table()
    assert lanes(900) == ["green"]
    version = RuleVersion.objects.create(
        kind=KIND, key="other", version=1, condition={"fact": "value", "is": ">", "value": 1}, lane="blue",
        reason_en="x", reason_es="x", owner="x", why="x", author="officer:8", author_name="8", proposed_at=clock.now(),
    )  # fmt: skip
    RuleSet.objects.create(
        kind=KIND, version=2, policy=made.policy, made_at=clock.now(), made_by="officer:9", made_by_name="9", why="x"
    ).rules.add(version)
    assert lanes(900) == ["blue"]


def test_the_lot_is_marked_and_repeatable() -> None:
    table(shares={"yellow": "0.5"})
    first = services.assess(actor=AUTHOR, subjects=[subject(n, value=1) for n in range(200)])
    drawn = {row.subject for row in first if row.random}
    assert 60 < len(drawn) < 140
    assert {row.lane for row in first if row.random} == {"yellow"}
    assert all(queries.explain(row).by_lot_alone for row in first if row.random)
    again = services.assess(actor=AUTHOR, subjects=[subject(n, value=1) for n in reversed(range(200))])
    assert {row.subject for row in again if row.random} == drawn


def test_queries_do_not_grow_with_the_batch() -> None:
    table()
    in_force()
    lanes(1)
    counts = []
    for size in (1, 40):
        with CaptureQueriesContext(
            connection,
        ) as captured:
            services.assess(actor=AUTHOR, subjects=[subject(n, value=n) for n in range(size)])
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 12


def test_everything_is_audited() -> None:
    table()
    made = in_force()
    services.assess(actor=AUTHOR, subjects=[subject(1, value=900)])
    services.retire_rule(actor=SECOND, kind=KIND, key="dear", why="No longer needed")
    actions = list(AuditEvent.objects.order_by("sequence").values_list("action", "subject"))
    assert actions == [
        ("screening.rule_proposed", f"rule:{KIND}/dear/1"), ("screening.rule_approved", f"rule:{KIND}/dear/1"),
        ("screening.assessed", "parcel:1"), ("screening.rule_retired", f"rule:{KIND}/dear"),
    ]  # fmt: skip
    assert made.why == AuditEvent.objects.get(action="screening.rule_proposed").reason
    assert lanes(900) == ["green"]


def test_permissions_are_asked_for() -> None:
    table()
    made = services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(), why="x")
    viewer = officer("officer:3", "screening.view")
    local = officer("officer:4", "screening.assess", port="2502")
    for refused in (
        lambda: services.assess(actor=viewer, subjects=[subject(1)]),
        lambda: services.assess(actor=local, subjects=[subject(1, port="2502"), subject(2, port="2501")]),
        lambda: services.propose_rule(actor=viewer, kind=KIND, rule=rule(), why="x"),
        lambda: services.approve_rules(actor=officer("officer:5", "screening.manage_rules"), rules=[made.pk]),
        lambda: services.refuse_rules(actor=officer("officer:5", "screening.manage_rules"), rules=[made.pk], note=""),
        lambda: services.retire_rule(
            actor=officer("officer:5", "screening.manage_rules"), kind=KIND, key="dear", why="x"
        ),
        lambda: services.dry_run(actor=viewer, kind=KIND, rules=[rule()]),
    ):
        with pytest.raises(Forbidden):
            refused()
    assert Assessment.objects.count() == 0


def test_an_author_may_withdraw_a_proposal() -> None:
    table()
    author = officer("officer:7", "screening.manage_rules")
    made = services.propose_rule(actor=author, kind=KIND, rule=rule(), why="x")
    services.refuse_rules(actor=author, rules=[made.pk], note="A mistake")
    made.refresh_from_db()
    assert (made.decision, made.decision_note) == ("refused", "A mistake")
    assert queries.proposals(KIND) == []


def test_what_cannot_be_used_is_refused_with_findings() -> None:
    table()
    with pytest.raises(Refused) as refused:
        services.propose_rule(
            actor=AUTHOR, kind=KIND, rule=rule(condition={"fact": "religion", "is": "=", "value": "x"}), why="x"
        )
    assert refused.value.findings[0].place == "/condition/fact"
    with pytest.raises(Refused):
        services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(), why=" ")
    with pytest.raises(NotFound):
        services.propose_rule(actor=AUTHOR, kind="nothing", rule=rule(), why="x")
    with pytest.raises(NotFound):
        services.assess(actor=AUTHOR, subjects=[Subject("x:1", "nothing", "", {})])
    with pytest.raises(NotFound):
        services.retire_rule(actor=AUTHOR, kind=KIND, key="dear", why="x")
    assert RuleVersion.objects.filter(kind=KIND).count() == 0


def test_an_older_proposal_cannot_replace_a_newer_version() -> None:
    table()
    older = services.propose_rule(actor=AUTHOR, kind=KIND, rule=rule(), why="x")
    in_force()
    with pytest.raises(Conflict):
        services.approve_rules(actor=SECOND, rules=[older.pk])


def test_a_dry_run_says_what_would_change_and_changes_nothing() -> None:
    table()
    in_force()
    trial = services.dry_run(
        actor=AUTHOR, kind=KIND, rules=[rule(condition={"fact": "value", "is": ">=", "value": 300})]
    )
    assert (trial.subjects, trial.before["red"], trial.after["red"], trial.changed) == (10, 5, 7, 2)
    assert [(change.subject, change.fired) for change in trial.changes] == [
        ("parcel:3", ("dear",)),
        ("parcel:4", ("dear",)),
    ]
    assert lanes(300) == ["green"]


def test_the_secret_is_made_once_for_the_owner_alone() -> None:
    from django.conf import settings

    assert len(selection_secret()) == 32
    assert selection_secret() == selection_secret()
    assert (settings.OTAY.keys / "selection.key").stat().st_mode & 0o777 == 0o600


def test_a_fresh_node_has_the_shipped_table_and_loading_again_adds_nothing() -> None:
    kinds = {raw["kind"] for raw in default_tables()}
    assert kinds == set(RuleSet.objects.filter(version=1).values_list("kind", flat=True))
    assert load_defaults() == []


def test_an_older_table_gets_the_rules_that_selection_needs_once_and_keeps_its_own() -> None:
    kind = "goods.declaration"
    current = RuleSet.objects.filter(kind=kind).latest("version")
    needed = RuleVersion.objects.filter(kind=kind, key__startswith="selected-")
    assert add_needed() == []
    current.rules.remove(*needed)
    needed.delete()
    own = set(current.rules.values_list("key", flat=True))
    (made,) = add_needed()
    assert made.version == current.version + 1
    assert set(made.rules.values_list("key", flat=True)) == own | {"selected-red", "selected-yellow", "selected-blue"}
    assert add_needed() == []
    made.rules.remove(*RuleVersion.objects.filter(kind=kind, key="selected-blue"))
    assert add_needed() == [], "what an officer retired stays retired"


@pytest.mark.parametrize("raw", default_tables(), ids=lambda raw: raw["kind"])
def test_the_shipped_rules_fit_the_facts_that_the_room_offers(raw: dict) -> None:
    types = fact_sets[raw["kind"]].types
    assert {name: str(types[name]) for name in raw["facts"]} == raw["facts"]
    for one in raw["rules"]:
        services.checked_rule(raw["kind"], one, version=1)


def test_the_shipped_table_directs_plausible_traffic_in_plausible_shares() -> None:
    chance = random.Random(7)
    subjects = [
        Subject(f"declaration:{n}", "goods.declaration", "2501", declaration_facts(chance)) for n in range(3000)
    ]
    rows = services.assess(actor=AUTHOR, subjects=subjects)
    share = {lane: count / 30 for lane, count in Counter(row.lane for row in rows).items()}
    assert 1.5 < share["red"] < 4.5, share
    assert 4.5 < share["yellow"] < 9.5, share
    assert 0.8 < share["blue"] < 7.5, share
    assert 0.5 < sum(row.random for row in rows) / 30 < 1.6


def test_counts_by_day_follow_the_assessments() -> None:
    table(shares={"blue": "0.3"})
    in_force()
    for port in ("2501", "2502", "2501"):
        services.assess(actor=AUTHOR, subjects=[subject(n, port=port, value=n * 100) for n in range(10)])
    rows = Assessment.objects.values_list("port", "lane", "random")
    counted = {(row.port, row.lane, row.random): row.total for row in DayCount.objects.filter(kind=KIND)}
    assert counted == Counter(rows)
    week = queries.weeks(officer("officer:3", "screening.view", port="2502"), KIND)
    assert [(one.total, sum(one.lanes.values()), one.lanes["red"]) for one in week] == [(10, 10, 5)]
    assert queries.weeks(AUTHOR, KIND)[0].random == Assessment.objects.filter(random=True).count()
