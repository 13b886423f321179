"""The life of a declaration, the booth's rule and the comparison with the neighbour's record."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_10

from otay.core.errors import Conflict
from otay.goods.declarations import domain
from otay.goods.declarations.domain import Kind, State, Verdict
from otay.goods.declarations.tariff.domain import Rate, Rates


@given(st.lists(st.sampled_from(list(Kind)), max_size=12))
def test_no_sequence_of_events_leaves_the_table(kinds: list[Kind]) -> None:
    """From acceptance on, whatever is tried, the state is one the table leads to, and a final state stays."""
    state = State.ACCEPTED
    for kind in kinds:
        before = state
        try:
            state = domain.after(state, kind)
        except Conflict:
            assert (before, kind) not in domain.TRANSITIONS
            continue
        assert before not in domain.FINAL
        assert domain.TRANSITIONS[before, kind] is state


def test_every_state_can_be_reached() -> None:
    reached, edge = {State.LODGED}, {State.LODGED}
    while edge:
        edge = {after for (at, _kind), after in domain.TRANSITIONS.items() if at in edge} - reached
        reached |= edge
    assert reached == set(State)


@pytest.mark.parametrize("lane", ["red", "yellow"])
def test_red_and_yellow_need_an_inspection(lane: str) -> None:
    with pytest.raises(Conflict, match=lane):
        domain.may_release(State.AT_PORT, lane)
    domain.may_release(State.INSPECTED, lane)
    domain.may_release(State.AT_PORT, lane, override_reason="perishable, scanned at origin")
    with pytest.raises(Conflict):
        domain.may_release(State.AT_PORT, lane, override_reason="   ")


@pytest.mark.parametrize("lane", ["blue", "green"])
def test_blue_and_green_are_released_at_the_booth(lane: str) -> None:
    domain.may_release(State.AT_PORT, lane)


@pytest.mark.parametrize(
    ("kind", "detail"),
    [
        (Kind.INSPECTED, {}),
        (Kind.INSPECTED, {"result": "fine"}),
        (Kind.INSPECTED, {"result": "offence", "remarks": " "}),
        (Kind.REFUSED, {}),
    ],
)
def test_a_step_without_what_it_must_say_is_not_taken(kind: Kind, detail: dict[str, str]) -> None:
    with pytest.raises(Conflict):
        domain.check_detail(kind, detail)


@given(st.integers(2000, 2099), st.integers(1, 10**12 - 1))
def test_declaration_numbers_carry_their_check_digit(year: int, serial: int) -> None:
    number = domain.declaration_number("US", year, serial)
    assert len(number) == 17
    assert number[2:4] == "US"
    assert mod_11_10.is_valid(number[:2] + number[4:])


def test_two_serials_never_share_a_number() -> None:
    numbers = {domain.declaration_number("MX", 2026, serial) for serial in range(1, 5000)}
    assert len(numbers) == 4999


OURS = {
    "ucr": "6MXA-1",
    "transport": {"vehicle_id": "12AB3D"},
    "containers": ["DMOU1234567"],
    "gross_mass_kg": "10000",
    "invoice": {"amount": {"amount": "100.00", "currency": "USD"}},
    "items": [{"hs": "0702000000", "origin": "MX"}],
}


def verdicts(theirs: dict[str, object]) -> dict[str, Verdict]:
    return {line.element: line.verdict for line in domain.compare(OURS, {**OURS, **theirs})}


def test_equal_records_are_equal_in_every_element() -> None:
    assert set(verdicts({}).values()) == {Verdict.EQUAL}


@pytest.mark.parametrize(
    ("change", "element", "verdict"),
    [
        ({"gross_mass_kg": "10150"}, "gross_mass", Verdict.CLOSE),
        ({"gross_mass_kg": "14000"}, "gross_mass", Verdict.DIFFERENT),
        ({"gross_mass_kg": "10000.0"}, "gross_mass", Verdict.EQUAL),
        ({"invoice": {"amount": {"amount": "97.10", "currency": "USD"}}}, "invoice", Verdict.CLOSE),
        ({"invoice": {"amount": {"amount": "45.00", "currency": "USD"}}}, "invoice", Verdict.DIFFERENT),
        ({"invoice": {"amount": {"amount": "100.00", "currency": "MXN"}}}, "invoice", Verdict.NOT_COMPARED),
        ({"items": [{"hs": "070200", "origin": "MX"}]}, "hs6", Verdict.EQUAL),
        ({"items": [{"hs": "070960", "origin": "MX"}]}, "hs6", Verdict.DIFFERENT),
        ({"items": [{"hs": "070200", "origin": "CN"}]}, "origin", Verdict.DIFFERENT),
        ({"containers": []}, "containers", Verdict.ONE_SIDED),
    ],
)
def test_a_difference_is_judged_by_its_element(change: dict[str, object], element: str, verdict: Verdict) -> None:
    assert verdicts(change)[element] is verdict


@pytest.mark.parametrize(("ours", "theirs"), [("0", "5"), ("5", None), ("x", "5"), ("-1", "5")])
def test_a_ratio_needs_two_positive_numbers(ours: object, theirs: object) -> None:
    assert domain.value_ratio(ours, theirs) is None
    assert domain.value_ratio("10", "4") == Decimal("2.5")


def reckoning(rate: str, *, days: int = 95, since: date = date(2026, 1, 1)) -> domain.Reckoning:
    rates = Rates("USD", days, (Rate("MXN", since, Decimal(rate), "Test"),))
    return domain.Reckoning(rates, date(2026, 3, 2), date(2026, 3, 1))


@pytest.mark.parametrize(
    ("pesos", "verdict"), [("2000", Verdict.CLOSE), ("2150", Verdict.CLOSE), ("900", Verdict.DIFFERENT)]
)
def test_values_of_two_currencies_compare_at_the_rate_of_the_day(pesos: str, verdict: Verdict) -> None:
    theirs = {**OURS, "invoice": {"amount": {"amount": pesos, "currency": "MXN"}}}
    (line,) = [one for one in domain.compare(OURS, theirs, reckoning("0.05")) if one.element == "invoice"]
    assert line.verdict is verdict
    assert line.theirs == f"{pesos} MXN"
    assert [quote.rate.rate for quote in line.quotes] == [Decimal("0.05")]


def test_without_a_rate_or_with_a_stale_one_values_are_not_compared() -> None:
    theirs = {**OURS, "invoice": {"amount": {"amount": "2000", "currency": "MXN"}}}
    for known in (reckoning("0.05", since=date(2026, 3, 2)), reckoning("0.05", days=10)):
        (line,) = [one for one in domain.compare(OURS, theirs, known) if one.element == "invoice"]
        assert line.verdict is Verdict.NOT_COMPARED
