from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from otay.core.errors import Refused
from otay.formats.mrz.characters import alternatives, check_digit, fits, transliterate
from otay.formats.mrz.layouts import LAYOUTS, MRV_A, TD1, TD2, TD3
from otay.formats.mrz.reading import read
from otay.formats.mrz.writing import name_field, write, zone
from otay.formats.registry import ReadResult, detect

# specimens of ICAO Doc 9303 parts 4 to 7 and 11
TD3_ZONE = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10\n"
TD1_ZONE = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<\n"
TD2_ZONE = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6\n"
MRV_A_ZONE = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8988901C4XXX4009078F96121096ZE184226B<<<<<<\n"
MRV_B_ZONE = "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nL8988901C4XXX4009078F9612109<<<<<<<<\n"
LONG_TD1 = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<\n"
LONG_TD2 = "I<UTOSTEVENSON<<PETER<JOHN<<<<<<<<<<\nD23145890<UTO3407127M95071227349<<<8\n"


def one(text: str) -> tuple[dict[str, Any], dict[str, Any], list[str]]:
    result = read(text.encode())
    (record,) = result.records
    return record["travellers"][0], record["mrz"], [finding.rule for finding in result.findings]


@pytest.mark.parametrize(
    ("text", "layout", "number", "birth", "expiry", "full_name"),
    [
        (TD3_ZONE, "TD3", "L898902C3", "1974-08-12", "2012-04-15", "ANNA MARIA ERIKSSON"),
        (TD1_ZONE, "TD1", "D23145890", "1974-08-12", "2012-04-15", "ANNA MARIA ERIKSSON"),
        (TD2_ZONE, "TD2", "D23145890", "1974-08-12", "2012-04-15", "ANNA MARIA ERIKSSON"),
        (MRV_A_ZONE, "MRV-A", "L8988901C", "1940-09-07", "1996-12-10", "ANNA MARIA ERIKSSON"),
        (MRV_B_ZONE, "MRV-B", "L8988901C", "1940-09-07", "1996-12-10", "ANNA MARIA ERIKSSON"),
        (LONG_TD1, "TD1", "D23145890734", "1934-07-12", "1995-07-12", "PETER JOHN STEVENSON"),
        (LONG_TD2, "TD2", "D23145890734", "1934-07-12", "1995-07-12", "PETER JOHN STEVENSON"),
    ],
)
def test_specimens(text: str, layout: str, number: str, birth: str, expiry: str, full_name: str) -> None:
    person, mrz, found = one(text)
    assert found == []
    assert all(mrz["checks"].values())
    assert (mrz["layout"], person["full_name"], person["birth_date"]) == (layout, full_name, birth)
    assert (person["documents"][0]["number"], person["documents"][0]["expiry"]) == (number, expiry)
    assert detect(text.encode()) == "mrz"
    assert write(read(text.encode())) == [text.encode()]


@pytest.mark.parametrize(
    "text",
    [
        TD3_ZONE.replace("\n", ""),
        TD3_ZONE.replace("\n", "\r\n\r\n", 1).replace("\r\n\r\n", "\r\n"),
        TD3_ZONE.lower(),
        TD3_ZONE.replace("<<<<<<<<<<<<<<<<<<<\n", "\n"),
        "\ufeff " + TD3_ZONE.replace("ANNA", "AN NA"),
        TD3_ZONE.replace("ERIKSSON<<", "ERIKSSON«"),
    ],
)
def test_as_readers_and_editors_leave_it(text: str) -> None:
    person, mrz, found = one(text)
    assert person["full_name"] == "ANNA MARIA ERIKSSON"
    assert mrz["lines"] == TD3_ZONE.split()
    assert set(found) <= {"mrz.width"}


def test_several_zones() -> None:
    result = read((TD3_ZONE + TD1_ZONE + "\n" + MRV_B_ZONE + TD2_ZONE).encode())
    assert [record["mrz"]["layout"] for record in result.records] == ["TD3", "TD1", "MRV-B", "TD2"]


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        ("L898902C36", "L898902C37", ["mrz.check.number", "mrz.check.composite"]),
        ("7408122F", "7408123F", ["mrz.check.birth", "mrz.check.composite"]),
        ("1204159", "1204158", ["mrz.check.expiry", "mrz.check.composite"]),
        ("<<<<<10", "<<<<<20", ["mrz.check.optional", "mrz.check.composite"]),
        ("<<<<<10", "<<<<<11", ["mrz.check.composite"]),
        ("7408122F", "74O8I22F", ["mrz.misread"]),
        ("UTOERIKSSON", "QQQERIKSSON", ["mrz.issuer"]),
        ("2F12", "2Q12", ["mrz.sex"]),
        ("ANNA", "ANN4", ["mrz.name"]),
    ],
)
def test_what_does_not_fit_is_a_finding(old: str, new: str, rules: list[str]) -> None:
    person, _, found = one(TD3_ZONE.replace(old, new))
    assert found == rules
    assert person["surnames"] == "ERIKSSON"


@pytest.mark.parametrize(
    ("birth", "sent"),
    [("74<<<<", "74<<<<"), ("<<<<<<", "<<<<<<"), ("7408<<", "7408<<"), ("740000", "740000")],
)
def test_a_birth_that_is_not_fully_known(birth: str, sent: str) -> None:
    head, line = TD3_ZONE.split()
    line = line[:13] + birth + check_digit(birth) + line[20:43]
    line += check_digit(line[:10] + line[13:20] + line[21:43])
    person, _, found = one(f"{head}\n{line}")
    assert (person["birth_date"], person["birth_date_sent"]) == (None, sent)
    assert found == ["mrz.birth_unknown"]
    assert write(read(f"{head}\n{line}".encode())) == [f"{head}\n{line}\n".encode()]


def test_a_day_that_is_none() -> None:
    head, line = TD3_ZONE.split()
    line = line[:13] + "740231" + check_digit("740231") + line[20:43]
    line += check_digit(line[:10] + line[13:20] + line[21:43])
    assert one(f"{head}\n{line}")[2] == ["mrz.date"]


def test_the_century_depends_on_today() -> None:
    text = TD3_ZONE.encode()
    old = read(text, today=date(1974, 8, 11)).records[0]["travellers"][0]
    assert old["birth_date"] == "1874-08-12"


@pytest.mark.parametrize("text", ["Dear sirs", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<", ""])
def test_what_is_no_zone(text: str) -> None:
    result = read(text.encode())
    assert result.records == []
    assert len(result.findings) == 1


# characters


def test_check_digits() -> None:
    assert check_digit("L898902C3") == "6"
    assert check_digit("D23145890734") == "9"
    assert check_digit("<<<<<<") == "0"
    assert fits("<<<<", "<")
    assert not fits("A<<<", "<")
    assert not fits("É", "1")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Muñoz", ("MUNOZ", "MUNXXOZ")),
        ("Güemez", ("GUEEMEZ", "GUXXEMEZ", "GUEMEZ")),
        ("Østergård", ("OESTERGAARD", "OESTERGARD", "OSTERGAARD", "OSTERGARD")),
        ("Groß", ("GROSS",)),
        ("Þórr Łukasz", ("THORR<LUKASZ",)),
        ("O'Hara-Núñez", ("OHARA<NUNEZ", "OHARA<NUNXXEZ")),
        ("D’Arc,  Jr.", ("DARC<JR",)),
        ("李", ("",)),
    ],
)
def test_transliteration_with_its_alternatives(name: str, expected: tuple[str, ...]) -> None:
    assert alternatives(name) == expected
    assert transliterate(name) == expected[0]


def test_alternatives_are_bounded() -> None:
    assert len(alternatives("Ü" * 30)) == 32


# writing


@pytest.mark.parametrize(
    ("surnames", "given_names", "width", "field"),
    [
        ("ERIKSSON", "ANNA MARIA", 39, "ERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
        ("SUKARNO", "", 30, "SUKARNO<<<<<<<<<<<<<<<<<<<<<<<"),
        ("", "SUKARNO", 30, "SUKARNO<<<<<<<<<<<<<<<<<<<<<<<"),
        ("NILAVADHANANANDA", "CHAYAPA DEJTHAMRONG KRASUANG", 39, "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<K"),
        ("BENNELONG WOOLOOMOOLOO WARRANDYTE WARNAMBOOL", "DINGO", 39, "BENNELONG<WOOLOOMOOLOO<WARRANDYTE<WA<<D"),
        ("DE LA CRUZ Y MONTES DE OCA", "MARIA DE LOS", 39, "DE<LA<CRUZ<Y<MONTES<DE<OCA<<MARIA<DE<LO"),
        ("A" * 40, "", 39, "A" * 39),
    ],
)
def test_names_are_cut_so_that_a_letter_is_last(surnames: str, given_names: str, width: int, field: str) -> None:
    assert name_field(surnames, given_names, width) == field
    assert len(field) == width


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet="ABCÑ ", min_size=1, max_size=60), st.text(alphabet="XYZÜ -", max_size=60))
def test_a_name_always_fits(surnames: str, given_names: str) -> None:
    try:
        field = name_field(surnames, given_names, 39)
    except Refused:
        assert not surnames.strip()
        assert not given_names.strip(" -")
        return
    assert len(field) == 39
    whole = re.sub("<+", "<", transliterate(surnames) + "<<" + transliterate(given_names)).strip("<")
    if len(field.rstrip("<")) < 38:
        assert re.sub("<+", "<", field).strip("<")[:1] == whole[:1]


@pytest.mark.parametrize(
    ("person", "paper", "layout", "rule"),
    [
        ({"surnames": "A"}, {"type": "P", "number": "1234567890"}, None, "mrz.number"),
        ({"surnames": "A"}, {"type": "I", "number": "1" * 24}, TD1, "mrz.number"),
        ({"surnames": "A"}, {"type": "I", "number": "12/34"}, TD2, "mrz.characters"),
        ({"surnames": "李"}, {"type": "P", "number": "1"}, TD3, "mrz.name"),
        ({}, {"type": "V", "number": "1"}, MRV_A, "mrz.name"),
    ],
)
def test_what_cannot_be_written_is_refused(person: Any, paper: Any, layout: Any, rule: str) -> None:
    with pytest.raises(Refused) as problem:
        zone(person, paper, layout=layout)
    assert [finding.rule for finding in problem.value.findings] == [rule]
    with pytest.raises(Refused):
        write(ReadResult("mrz", [{"travellers": [{"surnames": "A", "documents": []}]}]))


@settings(deadline=None, max_examples=40)
@given(
    st.sampled_from(sorted(LAYOUTS)),
    st.from_regex(r"[A-Z]{1,12}( [A-Z]{1,8})?", fullmatch=True),
    st.from_regex(r"([A-Z]{1,8})?", fullmatch=True),
    st.from_regex(r"[A-Z0-9]{1,14}", fullmatch=True),
    st.dates(min_value=date(1927, 1, 1), max_value=date(2026, 12, 31)),
    st.dates(min_value=date(1977, 1, 1), max_value=date(2075, 12, 31)),
    st.sampled_from(["M", "F", "X"]),
)
def test_what_is_written_is_read_back(
    key: str, surnames: str, given_names: str, number: str, birth: date, expiry: date, sex: str
) -> None:
    layout = LAYOUTS[key]
    if not layout.long_number:
        number = number[:9]
    elif key == "TD2":
        number = number[:13]
    code = "V" if key.startswith("MRV") else "P" if key == "TD3" else "I"
    person = {"surnames": surnames, "given": given_names, "sex": sex, "birth_date": str(birth), "nationality": "MEX"}
    paper = {"type": code, "number": number, "issuer": "MEX", "expiry": str(expiry)}
    lines = zone(person, paper, layout=layout)
    assert [len(line) for line in lines] == [layout.width] * layout.lines
    back, mrz, found = one("\n".join(lines))
    assert found == []
    assert mrz["layout"] == key
    assert back["documents"] == [paper]
    assert (back["birth_date"], back["sex"], back["nationality"]) == (str(birth), sex, "MEX")
    if not mrz["truncated"]:
        assert (back["surnames"], back["given"]) == (surnames, given_names)


@settings(deadline=None, max_examples=40)
@given(st.text(alphabet="PIV<ABC0123456789UTO\n ", max_size=200) | st.text(max_size=100))
def test_reading_never_raises(text: str) -> None:
    for finding in read(text.encode()).findings:
        assert finding.as_dict("es")["message"]
