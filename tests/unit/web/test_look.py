from __future__ import annotations

from itertools import combinations
from pathlib import Path

from otay.web import look

STATIC = Path(look.__file__).parent / "static" / "web"


def test_neighbours_never_share_an_accent() -> None:
    for one, other in combinations(("US", "MX", "GT", "BZ"), 2):
        assert look.accent(one) != look.accent(other)
    assert look.accent("CA") != look.accent("US")


def test_every_country_has_an_accent_that_the_style_sheet_and_the_mark_know() -> None:
    sheet = (STATIC / "otay.css").read_text()
    for country in ("US", "MX", "PL", "ZZ", ""):
        assert look.accent(country) in look.ACCENTS
    for accent in look.ACCENTS:
        assert accent == "blue" or f".accent--{accent}" in sheet
        assert (STATIC / f"mark-{accent}.svg").is_file()


def test_a_country_is_named_in_the_language_of_the_reader() -> None:
    assert look.country_name("US", "en") == "United States"
    assert look.country_name("US", "es-mx") == "Estados Unidos"
    assert look.country_name("MX", "es-mx") == "México"
    assert look.country_name("ZZ", "en") == "ZZ"
