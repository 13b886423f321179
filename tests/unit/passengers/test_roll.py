"""What messages about a flight add up to: one end, whatever order they come in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from otay.people.passengers.domain import roll
from otay.people.passengers.domain.roll import Closing, Effect, Outcome, State

PEOPLE = ("ana", "ben", "eva")


@dataclass
class Row:
    """A traveller as the database keeps one, for as far as the rules look."""

    facts_stamp: str = ""
    listed_stamp: str = ""
    cancelled_stamp: str = ""
    facts: str = ""


@dataclass(frozen=True)
class Said:
    """One message about some travellers."""

    effect: Effect
    names: frozenset[str]
    subcode: str = ""
    text: str = ""


class Book:
    """A roll kept by the rules, message by message."""

    def __init__(self) -> None:
        self.rows: dict[str, Row] = {}
        self.closing = Closing()
        self.stale: list[str] = []

    def take(self, said: Said, at: str) -> None:
        """One message."""
        if said.effect is Effect.CLOSE:
            new = Closing(at, said.subcode, said.names)
            self.closing = roll.later(self.closing, new)
            if self.closing is not new:
                self.stale.append(at)
            return
        for name in sorted(said.names):
            row = self.rows.setdefault(name, Row())
            if said.effect is Effect.CANCEL:
                outcome = roll.take_cancellation(row, at)
            else:
                outcome = roll.take_listing(row, at)
                if outcome is not Outcome.STALE:
                    row.facts = said.text
            if outcome is Outcome.STALE:
                self.stale.append(at)

    def end(self) -> dict[str, tuple[State, str]]:
        """Where everybody stands, with which facts. Who was only ever named by a close-out is nobody's row."""
        return {name: (roll.state_of(row, [name], self.closing), row.facts) for name, row in self.rows.items()}


says = st.builds(
    Said,
    st.sampled_from([Effect.LIST, Effect.CHANGE, Effect.CANCEL, Effect.CLOSE]),
    st.frozensets(st.sampled_from(PEOPLE), min_size=1),
    st.sampled_from(["CL", "CLOB", "CLNB"]),
    st.text("xyz", max_size=3),
)


class AnyOrder(RuleBasedStateMachine):
    """Messages are written at times of their own and come in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = Book()
        self.written: list[tuple[str, Said]] = []
        self.count = 0

    @rule(said=says, minute=st.integers(0, 59))
    def a_message_comes(self, said: Said, minute: int) -> None:
        """With the time that its sender wrote into it."""
        self.count += 1
        at = f"2026-03-01T08:{minute:02d}#{self.count:012d}"
        self.written.append((at, said))
        self.arrived.take(said, at)

    @invariant()
    def the_end_is_that_of_the_right_order(self) -> None:
        """And whoever came too late to change anything was told so."""
        right = Book()
        for at, said in sorted(self.written, key=lambda pair: pair[0]):
            right.take(said, at)
        assert self.arrived.end() == right.end()
        assert self.arrived.closing == right.closing
        overtaken = {at for at, said in self.written if said.effect is Effect.CLOSE and at < right.closing.at}
        late = [at for at, _said in self.written]
        came_after = {at for at in overtaken if late.index(at) > late.index(right.closing.at)}
        assert came_after <= set(self.arrived.stale)


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=14)


@given(st.permutations([("08:30", "LIST"), ("08:40", "CHANGE"), ("08:50", "CANCEL"), ("10:40", "CLOSE")]))
def test_the_usual_four_end_the_same_in_any_order(order: list[tuple[str, str]]) -> None:
    book = Book()
    names = {"LIST": set(PEOPLE), "CHANGE": {"ben"}, "CANCEL": {"eva"}, "CLOSE": {"ana"}}
    for number, (clock, effect) in enumerate(order):
        said = Said(Effect[effect], frozenset(names[effect]), "CLOB", effect)
        book.take(said, f"2026-03-01T{clock}#{number:012d}")
    states = {name: state for name, (state, _facts) in book.end().items()}
    assert states == {"ana": State.BOARDED, "ben": State.MISSING, "eva": State.CANCELLED}
    assert book.end()["ben"][1] == "CHANGE"


@pytest.mark.parametrize(
    ("subcode", "named", "crew", "expected"),
    [
        ("CLOB", True, False, State.BOARDED),
        ("CLOB", False, False, State.MISSING),
        ("CLNB", True, False, State.MISSING),
        ("CLNB", False, False, State.BOARDED),
        ("CL", False, False, State.LISTED),
        ("CLOB", False, True, State.LISTED),
        ("CLOB", True, True, State.BOARDED),
    ],
)
def test_what_a_close_out_says(subcode: str, named: bool, crew: bool, expected: State) -> None:
    row = Row(listed_stamp="2026-03-01T08:00#1")
    closing = Closing("2026-03-01T10:00#2", subcode, frozenset({"R:1"} if named else ()))
    assert roll.state_of(row, ["R:1"], closing, crew=crew) is expected


def test_who_is_listed_after_the_close_out_is_neither_on_board_nor_missing() -> None:
    row = Row(listed_stamp="2026-03-01T11:00#3")
    assert roll.state_of(row, ["R:1"], Closing("2026-03-01T10:00#2", "CLOB", frozenset({"R:2"}))) is State.LISTED


def test_a_listing_after_a_cancellation_brings_back() -> None:
    row = Row()
    assert roll.take_listing(row, "1") is Outcome.ADDED
    assert roll.take_cancellation(row, "2") is Outcome.CANCELLED
    assert roll.take_cancellation(row, "2") is Outcome.STALE
    assert roll.state_of(row, [], Closing()) is State.CANCELLED
    assert roll.take_listing(row, "3") is Outcome.CHANGED
    assert roll.state_of(row, [], Closing()) is State.LISTED


def test_a_message_without_a_time_counts_as_made_when_it_came() -> None:
    received = datetime(2026, 3, 1, 8, 30, 59, tzinfo=UTC)
    assert roll.stamp(None, received, 7) == "2026-03-01T08:30#000000000007"
    assert roll.stamp("2026-03-01T08:30", received, 8) > roll.stamp(None, received, 7)
    assert roll.stamp("2026-03-01", received, 7) == roll.stamp(None, received, 7)


def test_every_function_of_the_guide_has_its_effect() -> None:
    from otay.formats.paxlst.functions import FUNCTIONS

    lists = {codes for codes in FUNCTIONS if roll.effect_of(*codes) is Effect.LIST}
    assert {("745", ""), ("10", ""), ("250", ""), ("250", "C"), ("250", "B"), ("336", ""), ("336", "G")} <= lists
    assert {codes[0] for codes in lists} == {"745", "10", "250", "336"}
    for codes, function in FUNCTIONS.items():
        if function.startswith("change") and codes[0] != "266":
            assert roll.effect_of(*codes) is Effect.CHANGE, codes
