"""How a node is told apart at a glance: its country's name in the reader's language and its accent colour."""

from __future__ import annotations

import gettext
from functools import cache

import pycountry

ACCENTS = ("blue", "green", "plum", "rust", "teal", "gold")  # classes ``accent--*`` of otay.css
ACCENT_OF = {"US": "blue", "MX": "green", "CA": "rust", "GT": "teal", "BZ": "plum"}


def accent(country: str) -> str:
    """The accent of a country's node; a country without one of its own gets one of the six by its code."""
    return ACCENT_OF.get(country) or ACCENTS[sum(country.encode()) % len(ACCENTS)]


@cache
def country_name(country: str, language: str) -> str:
    """Name of the country ``country`` (ISO 3166 alpha-2); the code itself where it is no country's."""
    found = pycountry.countries.get(alpha_2=country)
    if found is None:
        return country
    names = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language.split("-")[0]], fallback=True)
    return str(names.gettext(getattr(found, "common_name", found.name)))
