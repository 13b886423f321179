"""The table by which carriers are answered."""

from __future__ import annotations

from typing import Any

import pytest

from otay.people.passengers.airports import airports, office_of
from otay.people.passengers.domain.answers import Kind, Match, Why, decide, needs_second
from otay.screening.watchlists.domain import Band

WHOLE: dict[str, Any] = {
    "full_name": "ANA GARCIA", "birth_date": "1980-02-29", "documents": [{"number": "G1"}], "references": {},
}  # fmt: skip
STRONG = Match("strong", "immigration")


@pytest.mark.parametrize(
    ("person", "matches", "decided", "code", "why"),
    [
        (WHOLE, [], None, "0Z", Why.NOTHING),
        ({**WHOLE, "documents": []}, [], None, "4Z", Why.INSUFFICIENT),
        ({**WHOLE, "birth_date": None}, [STRONG], None, "4Z", Why.INSUFFICIENT),
        (WHOLE, [STRONG], None, "1Z", Why.NO_BOARD_LIST),
        (WHOLE, [Match("strong", "sanction")], None, "1Z", Why.NO_BOARD_LIST),
        (WHOLE, [Match("strong", "document")], None, "1Z", Why.NO_BOARD_LIST),
        (WHOLE, [Match("probable", "immigration")], None, "2Z", Why.OPEN_MATCH),
        (WHOLE, [Match("strong", "wanted")], None, "2Z", Why.OPEN_MATCH),
        (WHOLE, [Match("strong", "missing")], None, "2Z", Why.OPEN_MATCH),
        (WHOLE, [Match("strong", "immigration", cleared=True)], None, "0Z", Why.NOTHING),
        (WHOLE, [Match("strong", "wanted", confirmed=True)], None, "2Z", Why.OPEN_MATCH),
        (WHOLE, [STRONG], Kind.ALLOW, "0Z", Why.DECISION),
        (WHOLE, [], Kind.NO_BOARD, "1Z", Why.DECISION),
        (WHOLE, [], Kind.REFER, "2Z", Why.DECISION),
    ],
)
def test_the_first_row_that_applies_decides(
    person: dict[str, Any], matches: list[Match], decided: Kind | None, code: str, why: Why
) -> None:
    given = decide(person, matches, decided=decided)
    assert (given.answer.code, given.why) == (code, why)


def test_what_is_missing_is_named_to_the_carrier() -> None:
    assert decide({**WHOLE, "birth_date": None, "documents": []}, []).answer.text.endswith("DATE OF BIRTH, DOCUMENT")


@pytest.mark.parametrize(("kind", "current", "second"), [
    (Kind.ALLOW, "1Z", True), (Kind.REFER, "1Z", True), (Kind.NO_BOARD, "1Z", False), (Kind.ALLOW, "2Z", False),
])  # fmt: skip
def test_only_letting_board_after_no_board_takes_two(kind: Kind, current: str, second: bool) -> None:
    assert needs_second(kind, current) is second


def test_the_bands_are_those_of_screening() -> None:
    assert Band.STRONG == "strong"


def test_airports_have_a_real_zone_and_an_office() -> None:
    from zoneinfo import ZoneInfo

    for one in airports().values():
        assert ZoneInfo(one.zone)
        assert len(one.iata) == 3
        assert len(one.country) == 2
    assert office_of("TIJ", "LAX", "MX") == "2506"
    assert office_of("TIJ", "LAX", "US") == "LAX"
    assert office_of("QQQ", "ZZZ", "US") == "ZZZ"
