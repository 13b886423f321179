"""Who on a list is who."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.people.passengers.domain import identity, journeys
from otay.people.passengers.domain.identity import Register


def person(given: str = "ANA MARIA", surnames: str = "GARCIA LOPEZ", **more: Any) -> dict[str, Any]:
    return {"given": given, "surnames": surnames, "birth_date": "1980-02-29", "documents": [], "references": {}} | more


def known(*people: dict[str, Any]) -> Register:
    register = Register()
    for one in people:
        register.add(one)
    return register


R1, R2 = {"AVF": "ABC123", "ABO": "1"}, {"AVF": "ABC123", "ABO": "2"}
PAPER = [{"type": "P", "number": "g-1234 5678", "issuer": "MEX"}]


def test_references_decide_whatever_the_name() -> None:
    register = known(person(references=R1), person("OTHER", references=R2))
    assert register.find(person("OTRA", "PERSONA", references=R2)) == 1


def test_two_under_one_reference_are_told_apart_by_name() -> None:
    register = known(person("ANA", references=R1), person("LUIS", references=R1))
    assert register.find(person("LUIS", references=R1)) == 1
    assert register.find(person("PEDRO", references=R1, birth_date="2001-01-01")) is None


def test_nobody_is_found_twice() -> None:
    register = known(person())
    assert register.find(person()) == 0
    assert register.find(person()) is None


def test_a_document_counts_where_the_names_agree() -> None:
    register = known(person(documents=PAPER, references=R1))
    assert (
        register.find(person(birth_date=None, documents=[{"type": "P", "number": "G12345678", "issuer": "MEX"}])) == 0
    )
    assert known(person(documents=PAPER)).find(person("LUIS", "PEREZ", documents=PAPER)) is None
    visa = [{"type": "V", "number": "G12345678", "issuer": "MEX"}]
    assert identity.document_key(person(documents=visa)) == ""


def test_a_booking_joins_its_traveller_by_locator_and_name() -> None:
    register = known(person(references=R1))
    assert register.find(person("ANAMARIA", "GARCIA", birth_date=None, references={"AVF": "ABC123"})) == 0
    other = known(person(references=R1))
    assert other.find(person("ANAMARIA", "GARCIA", birth_date="1999-01-01", references={"AVF": "ABC123"})) is None


@pytest.mark.parametrize(
    ("first", "second", "agree"),
    [
        (("ANA MARIA", "GARCIA LOPEZ"), ("ANAMARIA", "GARCIA"), True),
        (("JOSE", "NÚÑEZ"), ("JOSÉ LUIS", "NUNEZ"), True),
        (("", "SUKARNO"), ("", "SUKARNO"), True),
        (("", ""), ("ANA", "GARCIA"), True),
        (("ANA", "GARCIA"), ("ANA", "PEREZ"), False),
        (("ANA", "GARCIA"), ("LUIS", "GARCIA"), False),
        (("ANA", "DE LA CRUZ"), ("ANA", "DELACRUZ"), True),
    ],
)
def test_names_agree(first: tuple[str, str], second: tuple[str, str], agree: bool) -> None:
    one, other = person(*first), person(*second)
    assert identity.names_agree(one, other) is agree
    assert identity.names_agree(other, one) is agree


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_keys_fit_their_columns_whatever_is_sent(given_names: str, surnames: str, reference: str) -> None:
    one = person(given_names, surnames, references={"AVF": reference, "ABO": reference})
    for key in (*identity.keys_of(one), identity.closing_key(one), identity.locator_key(one["references"])):
        assert len(key) <= identity.KEY_LENGTH
    assert identity.keys_of(one) == identity.keys_of(dict(one))


@pytest.mark.parametrize(
    ("number", "plain"), [("0498", "498"), ("498", "498"), ("0007A", "7A"), ("0", "0"), ("XY", "XY"), (" 12 ", "12")]
)
def test_leading_zeros_are_no_part_of_a_flight_s_number(number: str, plain: str) -> None:
    assert journeys.plain_flight_number(number) == plain


def test_the_leg_over_the_border_is_the_one_that_says_so() -> None:
    legs = [{"origin": "GDL", "border": False}, {"origin": "TIJ", "border": True}]
    assert journeys.border_leg(legs) == legs[1]
    assert journeys.border_leg(legs[:1]) == legs[0]
    assert journeys.border_leg([]) is None


def test_a_port_s_local_time_is_an_instant() -> None:
    found = journeys.moment("2026-03-01T10:42", "America/Tijuana")
    assert found is not None
    assert found.utctimetuple()[3:5] == (18, 42)
    assert journeys.moment("2026-03-01", "America/Tijuana") is None
    assert journeys.moment(None, "") is None
