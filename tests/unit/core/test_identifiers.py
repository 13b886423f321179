from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from otay.core import identifiers

# published by CBP with the computation formula of Form 7512
IN_BOND = [
    "257700004", "257700074", "257700144", "257700015", "257700026", "257700030", "257700041",
    "257700052", "257700063", "257700085", "257700096", "257700100", "257700111", "257700122",
    "257700133", "257700155", "257700166", "257700170", "257700181", "257700192", "257700203",
]  # fmt: skip


@pytest.mark.parametrize("number", IN_BOND)
def test_published_in_bond_numbers(number: str) -> None:
    assert identifiers.check_in_bond(number) is None


@given(st.integers(0, 99_999_999), st.integers(1, 6))
def test_an_in_bond_number_with_another_digit_is_refused(serial: int, shift: int) -> None:
    right = serial % 7
    finding = identifiers.check_in_bond(f"{serial:08d}{(right + shift) % 7}")
    assert finding is not None
    assert finding.params["expected"] == right


@pytest.mark.parametrize(
    ("check", "good", "bad", "rule"),
    [
        ("container", "CSQU3054383", "CSQU3054384", "iso6346.check_digit"),
        ("container", "csqu 305438-3", "AD12345", "iso6346.shape"),
        ("rfc", "GODE561231GR8", "GODE561231GR9", "mx.rfc.check_digit"),
        ("rfc", "XAXX010101000", "not an rfc", "mx.rfc.shape"),
        ("curp", "BOXW310820HNERXN09", "BOXW310820HNERXN08", "mx.curp.check_digit"),
        ("curp", "BOXW310820XNERXN03", "BOXW310820XNERXN09", "mx.curp.check_digit"),
        ("curp", "GODE030120XDFMXVA4", "GODE031320XDFMXVA4", "mx.curp.shape"),
        ("curp", "GODE-030120-XDFMXVA4", "GODE030120XZZMXVA4", "mx.curp.shape"),
        ("ein", "04-2103594", "07-1144442", "us.ein.shape"),
        ("ein", "04-210359400", "04-21035", "us.ein.shape"),
        ("imo", "IMO 9319466", "9319467", "imo.check_digit"),
        ("lei", "213800KUD8LAJWSQ9D15", "213800KUD8LAJWSQ9D16", "lei.check_digit"),
        ("patente", "3123", "312", "mx.patente.shape"),
        ("pedimento", "26 40 3123 6000001", "26 40 3123 6000000", "mx.pedimento.serial"),
        ("pedimento", "264031236000001", "264031235000001", "mx.pedimento.year"),
        ("pedimento", "264031236000001", "26403123600000", "mx.pedimento.shape"),
        ("in_bond", "257700052", "2577000", "us.in_bond.shape"),
    ],
)
def test_identifiers_prove_themselves(check: str, good: str, bad: str, rule: str) -> None:
    function = getattr(identifiers, f"check_{check}")
    assert function(good, "/here") is None
    finding = function(bad, "/here")
    assert (finding.rule, finding.place, finding.value) == (rule, "/here", bad)
    assert finding.text() != finding.text("es")


def test_a_party_is_checked_by_its_scheme() -> None:
    assert identifiers.check_party("mx.rfc", "GODE561231GR9") is not None
    assert identifiers.check_party("us.mid", "whatever it is") is None


@pytest.mark.parametrize(("number", "looks"), [("MSCU1234567", True), ("53' trailer", False), ("AD12345", False)])
def test_what_looks_like_a_carriers_container(number: str, looks: bool) -> None:
    assert identifiers.looks_like_container(number) is looks


@given(st.text(max_size=40))
def test_no_text_breaks_a_check(text: str) -> None:
    for check in ("container", "rfc", "curp", "ein", "imo", "lei", "patente", "pedimento", "in_bond"):
        getattr(identifiers, f"check_{check}")(text)
