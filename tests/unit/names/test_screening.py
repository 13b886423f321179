"""Evidence beside the name: date of birth, document, nationality, sex; and the tiers of hits."""

from __future__ import annotations

import numpy as np
import pytest

from otay.engines.names.birth_dates import BirthAgreement, birth_text, compare_birth_dates, read_birth_date
from otay.engines.names.screening import Party, Tier, Watchlist, plain_document
from otay.engines.names.structure import parse_name, parse_parts


@pytest.mark.parametrize(
    ("first", "second", "agreement"),
    [
        ("1980-03-15", "1980-03-15", BirthAgreement.EQUAL),
        ("1980-03-05", "1980-05-03", BirthAgreement.SWAPPED),
        ("1980-03-15", "1980-03-16", BirthAgreement.MISTYPED),
        ("1980-03-15", "1908-03-15", BirthAgreement.MISTYPED),
        ("1989-03-15", "1990-03-15", BirthAgreement.MISTYPED),
        ("1980-03-15", "1980", BirthAgreement.PARTIAL),
        ("1980-03-15", "1980-03", BirthAgreement.PARTIAL),
        ("1980-03-15", "1980-04", BirthAgreement.DIFFERS),
        ("1980-03-15", "1981", BirthAgreement.DIFFERS),
        ("1980-03-15", "1991-07-22", BirthAgreement.DIFFERS),
        ("1980-03-15", "", BirthAgreement.UNKNOWN),
    ],
)
def test_dates_of_birth(first: str, second: str, agreement: BirthAgreement) -> None:
    one, two = (np.array([read_birth_date(text)]) for text in (first, second))
    assert compare_birth_dates(one, two)[0] == compare_birth_dates(two, one)[0] == agreement


def test_reading_a_date_of_birth() -> None:
    assert read_birth_date("15/03/1980") == read_birth_date("03/15/1980") == read_birth_date("19800315") == 19800315
    assert birth_text(read_birth_date("1980-03-XX")) == "1980-03"
    for wrong in ("1980-02-30", "03/04/1980", "1980-13", "yesterday", "0000-01-01"):
        with pytest.raises(ValueError):  # noqa: PT011 - any message
            read_birth_date(wrong)


def party(name: str, born: str = "", document: str = "", **rest: str) -> Party:
    return Party(parse_name(name), read_birth_date(born), document, **rest)


LISTED = Watchlist(
    [
        party("María García López", "1980-03-15", "G-1234567", nationality="MEX", sex="F"),
        party("Juan Pérez Rodríguez", "1975-05-05"),
        party("Pedro Ramos"),
    ]
)


def test_the_date_of_birth_confirms_or_refutes() -> None:
    hits = LISTED.screen([party("MARIA GARCIA", "1980-03-15")]).hits
    assert [(hit.entry, hit.tier, hit.birth) for hit in hits] == [(0, Tier.STRONG, BirthAgreement.EQUAL)]
    refuted = LISTED.screen([party("MARIA GARCIA LOPEZ", "1991-07-22")])
    assert refuted.hits == []
    assert refuted.refuted == 1


def test_without_a_date_only_a_close_name_is_a_hit() -> None:
    assert [hit.tier for hit in LISTED.screen([party("PEDRO RAMOS")]).hits] == [Tier.POSSIBLE]
    assert LISTED.screen([party("MARIO GARZIA LOPEZ")]).hits == []


def test_the_same_document_is_a_hit_whatever_the_name() -> None:
    asked = party("SOMEBODY ELSE", "1991-07-22", "g 1234567", nationality="USA", sex="M")
    (hit,) = LISTED.screen([asked]).hits
    assert (hit.entry, hit.tier, hit.document, hit.score) == (0, Tier.STRONG, True, 0.0)
    sentences = " | ".join(f"{each.about} {each.stance} {each.text()}" for each in LISTED.evidence(asked, hit))
    assert "document supports the same document number" in sentences
    assert "birth_date opposes another date of birth: 1991-07-22, not 1980-03-15" in sentences
    assert "nationality notes another nationality" in sentences
    assert "sex notes another sex" in sentences


def test_nationality_and_sex_decide_nothing() -> None:
    plain = LISTED.screen([party("MARIA GARCIA LOPEZ", "1980-03-15")]).hits
    other = LISTED.screen([party("MARIA GARCIA LOPEZ", "1980-03-15", nationality="USA", sex="M")]).hits
    assert plain == other


def test_a_threshold_below_the_usual_one_shows_more() -> None:
    asked = [Party(parse_parts("Juan", "Rodríguez"), 19750505)]
    assert LISTED.screen(asked).hits == []
    assert [hit.entry for hit in LISTED.screen(asked, threshold=0.3).hits] == [1]


def test_documents_too_short_identify_nobody() -> None:
    assert plain_document("12-34") == ""
    assert plain_document("ab 123") == "AB123"
