"""Matching, scoring, selecting, reviewing: what the jobs do, and who may do what with it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from factories import declarations, investigations
from otay.core.errors import Conflict, Forbidden, NotFound, OtayError, Refused
from otay.goods.declarations import services as declaration_services
from otay.goods.declarations.domain import Result
from otay.goods.declarations.models import Declaration, DeclarationEvent
from otay.goods.investigations.domain import selecting as selecting_rules
from otay.goods.investigations.models import (
    HistoryStore,
    MirrorFinding,
    Override,
    Score,
    Selected,
)
from otay.goods.investigations.queries import evaluation, findings, morning, workbench
from otay.goods.investigations.services import findings as finding_services
from otay.goods.investigations.services import learning, matching, outcomes, overrides, scoring, selecting
from otay.node import clock, roles
from otay.screening.queries import assessment_of

pytestmark = pytest.mark.django_db
PORT = investigations.PORT


def officer(role: roles.Role = roles.SUPERVISOR, port: str = PORT, key: str = "") -> Any:
    return investigations.officer(role, ports=(port,), key=key)


def scored(count: int = 12, *, planted: str = "") -> list[Declaration]:
    trucks = declarations.trucks(count)
    rows = [investigations.imported(replace(truck, planted="", mistaken=False)) for truck in trucks]
    if planted:
        truck = declarations.truck(planted=planted, key="planted")
        rows.append(investigations.imported(truck))
        investigations.told(truck)
    matching.match()
    scoring.score_new()
    return rows


def plan(**changes: Any) -> Any:
    terms = replace(selecting_rules.DEFAULT, **{"red": 2, "yellow": 1, "query": 1, "blue": 1, **changes})
    return selecting.set_plan(actor=officer(), port=PORT, terms=terms, why="Test of the plan")


def test_selection_puts_the_suspect_first_and_the_booth_says_why() -> None:
    rows = scored(planted="undervalued")
    plan(red=6)
    chosen = selecting.select(PORT)
    assert 1 <= len(chosen) <= 9
    suspect = Selected.objects.get(declaration=rows[-1])
    assert (suspect.rank, suspect.lane) == (1, "red")
    assert suspect.criteria[0]["code"] == "undervalued"
    rows[-1].refresh_from_db()
    assert rows[-1].lane == "red"
    explanation = assessment_of(f"declaration:{rows[-1].number}")
    assert explanation is not None
    assert "selected-red" in {reason.rule for reason in explanation.reasons}
    assert DeclarationEvent.objects.filter(declaration=rows[-1], kind="directed").count() <= 1
    assert selecting.select(PORT) == []


def test_an_office_without_a_list_today_is_led_to_its_latest() -> None:
    scored(planted="undervalued")
    plan()
    day = selecting.select(PORT)[0].day
    assert morning.latest_day(officer(), PORT, day) is None
    assert morning.latest_day(officer(), PORT, day + timedelta(days=9)) == day
    with pytest.raises(Forbidden):
        morning.latest_day(officer(port="2506"), PORT, day)


def test_the_random_share_is_kept_and_capacity_never_exceeded() -> None:
    scored(12, planted="undervalued")
    plan(red=4, yellow=0, query=0, blue=0, random=Decimal("0.5"))
    chosen = selecting.select(PORT)
    assert len(chosen) == 4
    assert sum(one.by == "random" for one in chosen) == 2


def test_who_is_looked_at_again_has_no_second_lot() -> None:
    rows = scored(6)
    plan(red=0, yellow=0, query=0, blue=0)
    assert selecting.select(PORT) == []
    Score.objects.filter(declaration__in=rows).update(considered=False)
    plan(red=3, yellow=0, query=0, blue=0, random=Decimal("0.9"), exploration=Decimal(0))
    assert {one.by for one in selecting.select(PORT)} == {"rank"}


def test_trusted_traders_take_at_most_their_share() -> None:
    rows = scored(8)
    for row in rows:
        selecting.trust(
            actor=investigations.officer(roles.TRUSTED_PROGRAMME), identifier=row.importer, programme="AEO",
            valid_until=date(2999, 1, 1),
        )  # fmt: skip
    plan(red=4, yellow=0, query=0, blue=0, random=Decimal("0.02"), exploration=Decimal(0), trusted=Decimal(0))
    assert {one.by for one in selecting.select(PORT)} == {"random"}


def test_plans_are_made_by_who_may_and_with_a_random_share() -> None:
    for wrong in (officer(roles.PORT_OFFICER), officer(port="2506"), declarations.broker()):
        with pytest.raises(Forbidden):
            selecting.set_plan(actor=wrong, port=PORT, terms=selecting_rules.DEFAULT, why="A good reason")
    with pytest.raises(Forbidden):  # a supervisor of one port does not plan for all
        selecting.set_plan(actor=officer(), port="", terms=selecting_rules.DEFAULT, why="A good reason")
    for changes in ({"random": Decimal(0)}, {"red": -1}):
        with pytest.raises(Refused):
            plan(**changes)
    with pytest.raises(Refused):
        selecting.set_plan(
            actor=investigations.officer(roles.TARGETING), port="9999", terms=selecting_rules.DEFAULT, why="No port"
        )
    assert (plan().version, plan().version) == (1, 2)


def test_a_waived_check_is_reviewed_by_somebody_else_once() -> None:
    scored(planted="undervalued")
    plan()
    chosen = selecting.select(PORT)[0].declaration
    mine = officer(roles.PORT_OFFICER, key="client:mine")
    with pytest.raises(NotFound):
        overrides.waive(actor=officer(roles.PORT_OFFICER, "2506"), number=chosen.number, reason="Other port")
    with pytest.raises(OtayError):
        overrides.waive(actor=declarations.broker(), number=chosen.number, reason="My own goods")
    made = overrides.waive(actor=mine, number=chosen.number, reason="Perishable, scanned at origin")
    with pytest.raises(Conflict):
        overrides.waive(actor=mine, number=chosen.number, reason="Perishable, scanned at origin")
    with pytest.raises(Conflict):
        overrides.review(actor=officer(key="client:mine"), override=made.pk, verdict="justified", note="")
    reviewed = overrides.review(actor=officer(), override=made.pk, verdict="unjustified", note="No scan is on file")
    assert reviewed.verdict == "unjustified"
    with pytest.raises(Conflict):
        overrides.review(actor=officer(), override=made.pk, verdict="justified", note="")


def test_a_release_without_the_asked_inspection_becomes_an_override_once() -> None:
    row = declarations.lodged(lane="red")
    supervisor = officer(key="client:supervisor")
    declaration_services.arrive(actor=supervisor, number=row.number)
    declaration_services.release(actor=supervisor, number=row.number, override_reason="Live animals")
    assert (overrides.collect(), overrides.collect()) == (1, 0)
    made = Override.objects.get()
    assert (made.reason, made.actor, made.lane) == ("Live animals", supervisor.key, "red")


def test_findings_are_shown_and_reviewed_at_one_s_own_ports() -> None:
    truck = declarations.truck(planted="undervalued")
    row = investigations.imported(truck)
    investigations.told(truck)
    matching.match()
    found = MirrorFinding.objects.get(declaration=row)
    elsewhere = officer(port="2506")
    assert findings.visible(officer()).count() == 1
    assert findings.visible(elsewhere).count() == 0
    for actor in (elsewhere, officer(roles.PORT_OFFICER)):
        with pytest.raises(OtayError):
            finding_services.review(actor=actor, findings=[found.pk], state="explained", note="nothing to see")
    with pytest.raises(Forbidden):
        findings.visible(declarations.broker())
    with pytest.raises(NotFound):
        morning.dossier(elsewhere, row.number)
    with pytest.raises(Forbidden):
        morning.dossier(declarations.broker(), row.number)
    with pytest.raises(Forbidden):
        morning.selected(elsewhere, PORT, clock.now().date())


@pytest.mark.parametrize(
    "changes",
    [{"kind": "inspected"}, {"kind": "finding", "fraud": "witchcraft"}, {"kind": "duty"}, {"remarks": " "},
     {"kind": "penalty", "amount": Decimal("NaN"), "currency": "USD"},
     {"kind": "penalty", "amount": Decimal(-1), "currency": "USD"},
     {"kind": "duty", "amount": Decimal(5), "currency": "dollars"}],
)  # fmt: skip
def test_an_outcome_that_cannot_be_is_refused_and_nothing_is_kept(changes: dict[str, Any]) -> None:
    row = declarations.lodged()
    good = outcomes.Found(row.number, "finding", "origin", remarks="Certificate is false (invented)")
    with pytest.raises(Refused):
        outcomes.record(actor=officer(), found=[good, replace(good, **changes)])
    assert not row.outcomes.exists()


def test_outcomes_are_recorded_at_one_s_own_port_and_not_in_the_future() -> None:
    row = declarations.lodged()
    good = outcomes.Found(row.number, "finding", "origin", remarks="Certificate is false (invented)")
    with pytest.raises(NotFound):
        outcomes.record(actor=officer(port="2506"), found=[good])
    with pytest.raises(Forbidden):
        outcomes.record(actor=declarations.broker(), found=[good])
    with pytest.raises(Refused):
        outcomes.record(actor=officer(), found=[replace(good, at=clock.now() + timedelta(hours=1))])
    outcomes.record(actor=officer(), found=[good])
    assert row.outcomes.get().fraud == "origin"


def inspected(row: Declaration, result: Result, *, at: Any) -> None:
    DeclarationEvent.objects.create(
        declaration=row, kind="inspected", at=at, recorded_at=at, actor="officer:1",
        detail={"result": str(result), "remarks": "x"},
    )  # fmt: skip


def history() -> dict[str, Any]:
    return {row.name: json.loads(json.dumps(row.document)) for row in HistoryStore.objects.exclude(name="prices")}


@pytest.mark.slow
def test_the_history_advanced_day_by_day_equals_the_one_built_from_nothing() -> None:
    rows = [declarations.lodged(life_declaration) for life_declaration in _declared(9)]
    today = clock.now()
    for at, row in enumerate(rows):
        investigations.aged(row, 9 - at)
    for at, row in enumerate(rows[:6]):
        inspected(row, Result.OFFENCE if at % 2 else Result.CONFORMS, at=today - timedelta(days=7 - at))
    last = today.date() - timedelta(days=1)
    for back in (5, 3, 1):
        learning.advance(until=today.date() - timedelta(days=back))
    kept = history()
    assert learning.advance(until=last) == 0
    learning.rebuild(until=last)
    assert history() == kept
    key = learning.keys_of(rows[0])["declarant"]
    past = learning.lookup("declarant", [key])[key]
    assert (past.count, past.checked, past.found) == (9, 6, 3)
    assert learning.lookup("declarant", [key])[key] == past, "looking does not advance"


def _declared(count: int) -> list[dict[str, Any]]:
    from otay.web.demo import life

    return [life.import_declaration(replace(one, mistaken=False)) for one in declarations.trucks(count)]


def test_the_random_share_is_the_yardstick_of_the_week() -> None:
    rows = scored(8)
    now = clock.now()
    plan(red=8, yellow=0, query=0, blue=0, random=Decimal("0.5"), exploration=Decimal(0))
    selecting.select(PORT)
    by = {one.declaration_id: one.by for one in Selected.objects.all()}
    for row in rows:
        inspected(row, Result.CONFORMS if by[row.pk] == "random" else Result.OFFENCE, at=now)
    outcomes.record(actor=officer(), found=[
        outcomes.Found(rows[0].number, "duty", amount=Decimal("120.50"), currency="USD", remarks="Additional duty")
    ])  # fmt: skip
    week = evaluation.week(officer(), evaluation.monday(now.date()))
    assert (week.traffic, week.inspected) == (8, 8)
    assert (week.yardstick.inspected, week.yardstick.found) == (4, 0)
    assert (week.targeted.inspected, week.targeted.found) == (4, 4)
    assert week.duty == [("USD", Decimal("120.500"))]
    assert evaluation.week(officer(port="2506"), evaluation.monday(now.date())).inspected == 0
    with pytest.raises(Forbidden):
        evaluation.week(officer(port="2506"), evaluation.monday(now.date()), PORT)


def test_the_workbench_shows_one_s_own_ports_and_refuses_nonsense() -> None:
    rows = scored(5)
    analyst = investigations.officer(roles.TARGETING)
    question = workbench.read_question({"rows": "port"})
    (told,) = workbench.pivot(analyst, question)
    assert (told["group"], told["count"]) == (PORT, 5)
    assert told["amount"] == sum(row.amount for row in rows)
    assert workbench.pivot(officer(port="2506"), question) == []
    assert sum(row["count"] for row in workbench.trend(analyst, question)) == 5
    assert len(list(workbench.lines(analyst, question))) == 5
    narrow = workbench.read_question({"rows": "hs6", "trader": rows[0].importer, "hs": rows[0].hs6})
    assert {row["group"] for row in workbench.pivot(analyst, narrow)} == {rows[0].hs6}
    with pytest.raises(Forbidden):
        workbench.pivot(declarations.broker(), question)
    for wrong in (
        {"rows": "password"},
        {"measure": "x"},
        {"since": "soon"},
        {"since": "2026-01-01", "until": "2020-01-01"},
    ):
        with pytest.raises(Refused):
            workbench.read_question(wrong)
