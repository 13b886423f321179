from __future__ import annotations

import pytest

from otay.core import codes


def test_lists_have_their_published_size() -> None:
    assert len(codes.countries()) == 249
    assert len(codes.currencies()) > 150
    assert codes.countries_alpha3()["MEX"] == "MX"
    assert len(codes.INCOTERMS) == 12


@pytest.mark.parametrize(
    ("code", "known"), [("MX", True), ("XI", True), ("ZU", True), ("QQ", True), ("ZB", False), ("mx", False)]
)
def test_countries(code: str, known: bool) -> None:
    assert codes.country_known(code) is known


@pytest.mark.parametrize(
    ("code", "known"),
    [
        ("854911", True),
        ("880621", True),
        ("851713", True),
        ("851712", False),
        ("970200", False),
        ("8471", True),
        ("TOTAL", False),
    ],
)
def test_harmonized_system_is_that_of_2022(code: str, known: bool) -> None:
    assert (codes.hs_description(code) is not None) is known


def test_places() -> None:
    assert codes.locode_name("MX NLD") == "Nuevo Laredo"
    assert codes.locode_name("USNOG") != "Nogales"  # that is Norton, Virginia
    assert codes.locode_name("USQQ1") is None
    assert codes.locode_name("Tijuana, Baja California") is None
