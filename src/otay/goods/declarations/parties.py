"""The parties of declarations as watchlists know them, and what rules may know of their hits.

A party is a trader under one way of writing its name, so that a trader of a thousand declarations is one hit to review.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse

from otay.core.canonical import digest
from otay.screening.watchlists import Document, Party, screen
from otay.screening.watchlists.queries import states_of

ROLES = ("declarant", "agent", "exporter", "importer", "consignee", "seller", "buyer")
_PERSON_RFC = 13  # characters; a firm's has twelve


def parties_of(number: str, core: Mapping[str, Any]) -> list[Party]:
    """The named parties of a declaration, each once."""
    found: dict[str, Party] = {}
    for role in ROLES:
        raw = core.get(role) or {}
        name, identifier = str(raw.get("name") or "").strip(), str(raw.get("id") or "").strip()
        if not name and not identifier:
            continue
        country = str(raw.get("country") or "")
        person = raw.get("id_scheme") == "mx.curp" or (
            raw.get("id_scheme") == "mx.rfc" and len(identifier) == _PERSON_RFC
        )
        party = Party(
            key=f"trader:{identifier or '-'}:{digest(name.upper().encode()).hex()[:12]}",
            kind="person" if person else "" if raw.get("id_scheme") in (None, "") else "organisation",
            full_name=name,
            documents=(Document(identifier, "", country),) if identifier else (),
            label=f"{name} ({identifier})" if name and identifier else name or identifier,
            url=reverse("declarations:declaration", args=[number]),
        )
        found.setdefault(party.key, party)
    return list(found.values())


def screen_parties(numbers: Sequence[str], cores: Sequence[Mapping[str, Any]]) -> None:
    """Screen the parties of declarations that are lodged; their hits wait for review."""
    found: dict[str, Party] = {}
    for number, core in zip(numbers, cores, strict=True):
        for party in parties_of(number, core):
            found.setdefault(party.key, party)
    screen(list(found.values()))


def facts_of_parties(cores: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """What rules may know of the parties of each declaration: hits that wait for review, and whether one was
    confirmed. Cleared matches do not count."""
    keys = [[party.key for party in parties_of("-", core)] for core in cores]
    states = states_of({key for some in keys for key in some})
    return [
        {
            "watchlist_hits": sum(states[key].count("open") for key in some if key in states),
            "watchlist_confirmed": any("confirmed" in states.get(key, ()) for key in some),
        }
        for some in keys
    ]
