"""The procedure goes only where its table leads, and from everywhere an end can be reached."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Conflict
from otay.engines.transit.procedure import FINAL, NCTS, PROCEDURES, Standing, State, advance, allowed


def walk(*messages: str, procedure: str = "ncts") -> Standing:
    standing = Standing(procedure)
    for message in messages:
        standing = advance(standing, message)
    return standing


@pytest.mark.parametrize(
    ("messages", "state"),
    [
        (("IE015", "IE028", "IE029", "IE007", "IE025", "IE045"), State.DISCHARGED),
        (("IE015-D", "IE170", "IE060", "IE029", "IE007", "IE043", "IE044", "IE025"), State.GOODS_RELEASED),
        (("IE015", "IE028", "IE055", "IE013", "IE004", "IE029"), State.RELEASED),
        (("IE015", "IE028", "IE014", "IE009"), State.CANCELLED),
        (("IE015", "IE028", "IE029", "depart", "IE182", "continue", "IE007"), State.ARRIVED),
        (("IE015", "IE028", "IE029", "IE007", "IE043", "IE044", "IE019", "IE035", "IE045"), State.DISCHARGED),
        (("IE015", "IE028", "IE029", "IE140", "IE141", "IE035"), State.RECOVERY),
        (("IE015", "IE056"), State.REJECTED),
    ],
)
def test_the_ways_of_the_procedure(messages: tuple[str, ...], state: State) -> None:
    assert walk(*messages).state is state


def test_a_tir_operation_is_started_terminated_and_discharged() -> None:
    ways = ("declare", "accept", "start", "incident", "terminate", "reserve", "discharge")
    assert walk(*ways, procedure="tir").state is State.DISCHARGED


@pytest.mark.parametrize("message", ["IE014", "IE029", "IE015", "IE045", "nonsense"])
def test_what_is_out_of_sequence_is_refused(message: str) -> None:
    released = walk("IE015", "IE028", "IE029", "depart")
    with pytest.raises(Conflict) as refused:
        advance(released, message)
    assert "in_transit" in str(refused.value)
    assert "IE007" in str(refused.value)


def test_nine_incidents_and_no_more() -> None:
    standing = walk("IE015", "IE028", "IE029", *["IE182"] * 9)
    assert "IE182" not in allowed(standing)
    with pytest.raises(Conflict, match="9"):
        advance(standing, "IE182")


@pytest.mark.parametrize("procedure", sorted(PROCEDURES))
def test_final_states_have_no_way_out_and_every_other_leads_to_one(procedure: str) -> None:
    table = PROCEDURES[procedure]
    sources = {source for steps in table.values() for source in steps}
    assert not sources & FINAL
    ends = set(FINAL)
    while True:
        more = {source for steps in table.values() for source, target in steps.items() if target in ends} - ends
        if not more:
            break
        ends |= more
    assert {target for steps in table.values() for target in steps.values()} <= ends


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(PROCEDURES)), st.data())
def test_what_is_allowed_is_exactly_what_does_not_refuse(procedure: str, data: st.DataObject) -> None:
    standing = Standing(procedure)
    for _ in range(data.draw(st.integers(0, 30))):
        message = data.draw(st.sampled_from(sorted(PROCEDURES[procedure])))
        possible = allowed(standing)
        try:
            following = advance(standing, message)
        except Conflict:
            assert message not in possible
            continue
        assert message in possible
        assert following.incidents <= 9
        standing = following


def test_every_state_of_the_table_is_reached() -> None:
    reached, pending = {State.DRAFT}, [Standing()]
    while pending:
        standing = pending.pop()
        for message in allowed(Standing(state=standing.state)):
            target = NCTS[message][standing.state]
            if target not in reached:
                reached.add(target)
                pending.append(Standing(state=target))
    assert reached == {target for steps in NCTS.values() for target in steps.values()} | {State.DRAFT}
