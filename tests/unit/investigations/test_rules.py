"""Rules of cases, seizures, outcomes, plans and the mirror."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from factories import declarations
from otay.core.errors import Conflict, Refused
from otay.engines.fraud.choosing import Lane
from otay.goods.investigations.domain import cases, mirroring, outcomes, scoring, seizures, selecting
from otay.goods.investigations.domain.mirroring import Kind
from otay.goods.investigations.domain.outcomes import Known
from otay.web.demo import life

NOW = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(("rules", "final"), [(cases, set()), (seizures, seizures.FINAL)], ids=["cases", "seizures"])
@given(data=st.data())
def test_no_sequence_of_steps_leaves_the_table(rules: Any, final: set[Any], data: st.DataObject) -> None:
    state = next(iter(rules.State))
    for step in data.draw(st.lists(st.sampled_from(list(rules.Step)), max_size=15)):
        before = state
        try:
            state = rules.after(state, step, reference="X")
        except Conflict:
            assert (before, step) not in rules.TRANSITIONS
            assert step not in rules.possible(before)
            continue
        assert before not in final
        assert state is rules.TRANSITIONS[before, step]


@pytest.mark.parametrize("rules", [cases, seizures])
def test_every_state_can_be_reached(rules: Any) -> None:
    first = next(iter(rules.State))
    reached, edge = {first}, {first}
    while edge:
        edge = {after for (at, _step), after in rules.TRANSITIONS.items() if at in edge} - reached
        reached |= edge
    assert reached == set(rules.State)


def test_an_unknown_step_or_state_is_a_conflict_not_a_crash() -> None:
    for rules in (cases, seizures):
        with pytest.raises(Conflict):
            rules.after("open" if rules is cases else "seized", "explode", reference="X")
        with pytest.raises(Conflict):
            rules.after("nonsense", "close", reference="X")


@pytest.mark.parametrize(
    ("step", "detail", "places"),
    [
        ("close", {}, {"/reason"}),
        ("decide", {"reason": "x"}, {"/outcome"}),
        ("decide", {"reason": "x", "outcome": "infringement", "penalty": "-1", "currency": "USD"}, {"/penalty"}),
        ("decide", {"reason": "x", "outcome": "infringement", "penalty": "NaN", "currency": "USD"}, {"/penalty"}),
        ("decide", {"reason": "x", "outcome": "infringement", "penalty": "1e400", "currency": "USD"}, {"/penalty"}),
        ("decide", {"reason": "x", "outcome": "infringement", "penalty": "5", "currency": "usd"}, {"/currency"}),
        ("rule", {"reason": "x", "ruling": "reduced"}, {"/penalty"}),
    ],
)
def test_a_step_that_does_not_say_what_it_must(step: str, detail: dict[str, str], places: set[str]) -> None:
    with pytest.raises(Refused) as refused:
        cases.check_step(cases.Step(step), detail)
    assert {finding.place for finding in refused.value.findings} == places


def test_the_penalty_that_holds_is_what_the_last_ruling_left() -> None:
    decide = ("decide", {"outcome": "infringement", "penalty": "900", "currency": "USD"})
    assert cases.standing([decide]).penalty == 900
    assert cases.standing([decide, ("rule", {"ruling": "upheld"})]).penalty == 900
    assert cases.standing([decide, ("rule", {"ruling": "reduced", "penalty": "300", "currency": "USD"})]).penalty == 300
    annulled = cases.standing([decide, ("rule", {"ruling": "annulled"})])
    assert (annulled.outcome, annulled.penalty) == ("no_infringement", None)
    assert cases.standing([decide, ("reopen", {})]) == cases.Standing()


def test_a_disposition_needs_ground_and_two_other_witnesses() -> None:
    def check(witnesses: list[str], ground: str = "Decision 1") -> None:
        detail = {"witnesses": witnesses, "ground": ground}
        seizures.check_step(seizures.Step.DESTROY, actor="Ana", holder="Plant", place="", detail=detail)

    check(["Bea", "Carlos"])
    for wrong in ([], ["Bea"], ["Bea", "bea "], ["Bea", "ana"]):
        with pytest.raises(Refused):
            check(wrong)
    with pytest.raises(Refused):
        check(["Bea", "Carlos"], ground=" ")


known = st.builds(
    Known,
    kind=st.sampled_from(list(outcomes.Kind)),
    at=st.integers(0, 100).map(lambda day: NOW + timedelta(days=day)),
    recorded_at=st.integers(0, 100).map(lambda day: NOW + timedelta(days=day)),
    found=st.booleans(),
    duty=st.decimals(0, 10_000, places=2),
)


@given(st.lists(known, max_size=8), st.lists(known, max_size=8), st.integers(0, 100))
def test_a_label_never_sees_what_was_recorded_later(one: list[Known], other: list[Known], day: int) -> None:
    as_of = NOW + timedelta(days=day)
    later = [event for event in other if event.recorded_at > as_of]
    assert outcomes.label([*one, *later], as_of=as_of) == outcomes.label(one, as_of=as_of)


def test_nobody_looked_is_not_clean_and_a_clearance_takes_back() -> None:
    assert outcomes.label([], as_of=NOW).illicit is None
    found = Known(outcomes.Kind.INSPECTED, NOW, NOW, True)
    duty = Known(outcomes.Kind.DUTY, NOW, NOW + timedelta(days=3), True, Decimal(50))
    cleared = Known(outcomes.Kind.CLEARED, NOW, NOW + timedelta(days=9))
    assert outcomes.label([found, duty, cleared], as_of=NOW).illicit is True
    assert outcomes.label([found, duty, cleared], as_of=NOW).duty == 0
    assert outcomes.label([found, duty, cleared], as_of=NOW + timedelta(days=4)).duty == 50
    last = outcomes.label([found, duty, cleared], as_of=NOW + timedelta(days=10))
    assert (last.illicit, last.duty) == (False, 0)


@given(
    st.integers(0, 500), st.integers(0, 2000), st.integers(1, 2000),
    st.dictionaries(st.sampled_from(["red", "yellow", "query", "blue"]), st.integers(0, 100)),
)  # fmt: skip
def test_an_office_never_gives_away_more_than_its_day(red: int, seen: int, expected: int, used: dict[str, int]) -> None:
    terms = selecting.Terms(red, 60, 20, 40, Decimal("0.1"), Decimal("0.05"), Decimal("0.1"), Decimal("0.04"))
    places = selecting.places_now(terms, seen=seen, expected=expected, used=used)
    for lane, count in places.items():
        assert 0 < count <= max(0, terms.capacity[lane] - used.get(str(lane), 0))
    if seen >= expected and red > used.get("red", 0):
        assert places[Lane.RED] == Fraction(red - used.get("red", 0))


@pytest.mark.parametrize(
    "changes",
    [{"random": Decimal(0)}, {"random": Decimal("0.5"), "exploration": Decimal("0.5")}, {"red": -1},
     {"trusted": Decimal("NaN")}, {"expected_rate": Decimal(2)}],
)  # fmt: skip
def test_a_plan_without_a_random_share_or_with_nonsense_is_refused(changes: dict[str, Any]) -> None:
    from dataclasses import replace

    with pytest.raises(Refused):
        selecting.check(replace(selecting.DEFAULT, **changes))
    selecting.check(selecting.DEFAULT)


def both(truck: life.Truck) -> tuple[dict[str, Any], dict[str, Any]]:
    return life.import_declaration(truck), life.export_declaration(truck)


def kinds(truck: life.Truck) -> set[str]:
    ours, theirs = both(truck)
    return {one.kind for one in mirroring.suspicions(mirroring.compare_books([ours], [theirs], we_export=False))}


@pytest.mark.parametrize(
    ("planted", "expected"),
    [
        ("", set()),
        ("undervalued", {Kind.UNDERVALUED}),
        ("overweight", {Kind.MASS}),
        ("other_goods", {Kind.OTHER_GOODS}),
    ],
)
def test_each_planted_difference_is_named_and_freight_is_innocent(planted: str, expected: set[str]) -> None:
    assert kinds(declarations.truck(planted=planted)) == expected


def test_a_split_consignment_is_compared_as_a_sum() -> None:
    ours, theirs = both(declarations.truck())
    parts = []
    for share in (Decimal("0.6"), Decimal("0.4")):
        item = dict(ours["items"][0])
        item["net_mass_kg"] = str(Decimal(item["net_mass_kg"]) * share)
        amount = str(Decimal(ours["invoice"]["amount"]["amount"]) * share)
        parts.append({**ours, "items": [item], "invoice": {"amount": {"amount": amount, "currency": "USD"}}})
    whole = mirroring.compare_books(parts, [theirs], we_export=False)
    assert not mirroring.suspicions(whole)
    assert "split" in whole.causes
    half = mirroring.compare_books(parts[:1], [theirs], we_export=False)
    assert {one.kind for one in mirroring.suspicions(half)} >= {Kind.UNDERVALUED, Kind.MASS}


def test_two_currencies_are_not_compared() -> None:
    ours, theirs = both(declarations.truck(planted="undervalued"))
    theirs["invoice"]["amount"]["currency"] = "MXN"
    found = mirroring.compare_books([ours], [theirs], we_export=False)
    assert found.value_ratio is None
    assert Kind.UNDERVALUED not in {one.kind for one in mirroring.suspicions(found)}


@pytest.mark.parametrize(
    "broken",
    [{}, {"items": None}, {"items": [{}]}, {"invoice": None}, {"items": [{"net_mass_kg": "-5", "hs": "x"}]},
     {"items": [{"net_mass_kg": "1e999", "quantity": {"value": "ten", "unit": "??"}}]}, {"incoterm": 5}],
)  # fmt: skip
def test_a_record_with_gaps_or_nonsense_compares_without_a_crash(broken: dict[str, Any]) -> None:
    ours = life.import_declaration(declarations.truck())
    for pair in (
        (ours, {"type": "export", **broken}),
        ({**ours, **broken}, life.export_declaration(declarations.truck())),
    ):
        mirroring.compare_books([pair[0]], [pair[1]], we_export=False)


@given(st.lists(st.integers(0, 100), max_size=12))
def test_more_doubts_never_lower_the_rank(weights: list[int]) -> None:
    criteria = [scoring.Criterion("x", weight) for weight in weights]
    ranks = [scoring.combined(criteria[:count]) for count in range(len(criteria) + 1)]
    assert ranks == sorted(ranks)
    assert all(0 <= rank < 1 for rank in ranks)


def test_missing_duty_rests_on_the_missing_value() -> None:
    given = {"amount": Decimal(1000), "rate": Decimal("0.1")}
    assert scoring.missing_duty(**given, value_ratio=Decimal("0.5"), price_ratio=None) == Decimal("100.00")
    assert scoring.missing_duty(**given, value_ratio=Decimal("1.2"), price_ratio=Decimal("0.5")) == 0
    assert scoring.missing_duty(**given, value_ratio=None, price_ratio=None) == 0


def test_the_day_of_a_record_without_one_is_unknown() -> None:
    assert mirroring.day_of({"lodged_at": "2026-03-02T10:00:00+00:00"}) == date(2026, 3, 2)
    assert mirroring.day_of({}) is None
    assert mirroring.day_of({"lodged_at": "soon"}) is None
