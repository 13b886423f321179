"""Parties against the entries of a list: the names engine does the search, this says which of its hits stand.

An equal document number is a hit whatever the name, unless both sides name the state that issued it and the states
differ. A person is not an organisation. An entry counts on the days it is valid.

Import inside functions: the engine loads compiled code.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import numpy as np

from otay.core.i18n import N_
from otay.engines.names import screening as names
from otay.engines.names.birth_dates import BirthAgreement, compare_birth_dates, read_birth_date
from otay.engines.names.evidence import Evidence, Stance, birth_evidence, field_evidence, name_evidence
from otay.engines.names.scoring import THRESHOLD, compare
from otay.engines.names.structure import Name, parse_name, parse_parts
from otay.screening.watchlists.countries import state
from otay.screening.watchlists.domain import Band, Document, Kind, Party, Reason, plain_number
from otay.screening.watchlists.models import EntryVersion

NOBODY = Name("", (), (), ())
_BANDS = list(Band)


@dataclass(frozen=True, slots=True)
class Match:
    """A party (by its place in the batch) that may be an entry."""

    party: int
    entry: EntryVersion
    band: Band
    score: float
    reasons: tuple[Reason, ...]


class Index:
    """Entries, searchable. Each of an entry's names with each of its dates of birth is a row of the engine's list."""

    def __init__(self, entries: Sequence[EntryVersion]) -> None:
        self.entries = entries
        rows = [(place, row) for place, entry in enumerate(entries) for row in _entry_rows(entry)]
        self._entry_of = [place for place, _row in rows]
        self._list = names.Watchlist([row for _place, row in rows])

    def match(self, parties: Sequence[Party], today: date | None, *, without: Collection[str] = ()) -> list[Match]:
        """What stands of ``parties`` on the day ``today`` (None: valid or not), by party, best first.

        A party and an entry have at most one match.
        """
        rows = [(place, row) for place, party in enumerate(parties) for row in _party_rows(party)]
        if not rows or not self._entry_of:
            return []
        found: dict[tuple[int, int], tuple[int, float, names.Hit]] = {}
        asked = [row for _place, row in rows]
        for hit in self._list.screen(asked).hits:
            pair = rows[hit.query][0], self._entry_of[hit.entry]
            entry = self.entries[pair[1]]
            if entry.key in without or not _valid(entry, today):
                continue
            band = _band(parties[pair[0]], entry, hit)
            if band is None:
                continue
            rank = _BANDS.index(band), -hit.score, hit
            if pair not in found or rank[:2] < found[pair][:2]:
                found[pair] = rank
        return [
            self._match(party, place, parties[party], asked[hit.query], _BANDS[band], hit)
            for (party, place), (band, _score, hit) in sorted(
                found.items(), key=lambda item: (item[0][0], item[1][:2], self.entries[item[0][1]].pk)
            )
        ]

    def _match(self, number: int, place: int, party: Party, asked: names.Party, band: Band, hit: names.Hit) -> Match:
        entry, row, score = self.entries[place], self._list.entries[hit.entry], hit.score
        if hit.document:  # the number stands in any row of the entry: tell how well its best name agrees
            scores = [(compare(asked.name, other.name).score, other) for other in _entry_rows(entry)]
            score, row = max(scores, key=lambda item: (item[0], _births(asked, item[1])))
        return Match(number, entry, band, score, _reasons(party, entry, asked, row))


def _births(asked: names.Party, row: names.Party) -> BirthAgreement:
    pair = np.array([[asked.birth_date], [row.birth_date]], np.int64)
    return BirthAgreement(int(compare_birth_dates(pair[0], pair[1])[0]))


def _valid(entry: EntryVersion, today: date | None) -> bool:
    return today is None or (
        (entry.valid_from is None or entry.valid_from <= today)
        and (entry.valid_until is None or today <= entry.valid_until)
    )


def _band(party: Party, entry: EntryVersion, hit: names.Hit) -> Band | None:
    """How strong a hit is; None where it does not stand."""
    kinds = {str(party.kind), str(entry.kind)} - {""}
    if hit.document and equal_documents(party, entry):
        return Band.STRONG
    if Kind.DOCUMENT in kinds or len(kinds) > 1:
        return None
    if not hit.document:
        return Band(str(hit.tier))
    if hit.score < max(THRESHOLD, names.LEAST_SCORE[hit.birth]):
        return None
    return Band(str(names.tier_of(hit.score, hit.birth)))


def equal_documents(party: Party, entry: EntryVersion) -> list[tuple[Document, Document]]:
    """Documents of the two with one number, and not of two different states."""
    theirs: dict[str, list[Document]] = {}
    for raw in entry.body["documents"]:
        item = Document(**raw)
        if number := plain_number(item.number):
            theirs.setdefault(number, []).append(item)
    return [
        (ours, other)
        for ours in party.documents
        for other in theirs.get(plain_number(ours.number), ())
        if not ours.issuer or not other.issuer or state(ours.issuer) == state(other.issuer)
    ]


def _name_of(raw: Mapping[str, str], kind: str) -> Name:
    if kind == Kind.DOCUMENT:
        return NOBODY
    if not kind and not raw["surnames"]:
        return parse_name(raw["full_name"] or raw["given"])
    if kind == Kind.ORGANISATION:
        return parse_name(raw["full_name"] or f"{raw['given']} {raw['surnames']}".strip(), True)
    if raw["surnames"]:
        return parse_parts(raw["given"], raw["surnames"])
    return parse_name(raw["full_name"] or raw["given"], False)


def birth_number(text: str) -> int:
    """A date of birth as the engine wants it; 0 for one that cannot be read, which is then no evidence."""
    try:
        return read_birth_date(text)
    except ValueError:
        return 0


def _rows(found: Sequence[Name], births: Sequence[int], numbers: Sequence[str], sex: str) -> list[names.Party]:
    """Every name with every date, and the documents spread over these rows; more rows where there are more of them."""
    pairs = list(product(found or [NOBODY], births or [0]))
    count = max(len(pairs), len(numbers))
    return [
        names.Party(*pairs[min(row, len(pairs) - 1)], numbers[row] if row < len(numbers) else "", sex=sex)
        for row in range(count)
    ]


def _entry_rows(entry: EntryVersion) -> list[names.Party]:
    body: dict[str, Any] = entry.body
    found = [name for raw in body["names"] if (name := _name_of(raw, entry.kind)).words]
    births = list(dict.fromkeys(filter(None, map(birth_number, body["birth_dates"]))))
    numbers = [plain_number(item["number"]) for item in body["documents"]]
    return _rows(list(dict.fromkeys(found)), births, list(filter(None, numbers)), body["sex"])


def _party_rows(party: Party) -> list[names.Party]:
    raw = {"given": party.given, "surnames": party.surnames, "full_name": party.full_name}
    name = _name_of(raw, str(party.kind))
    numbers = [plain_number(item.number) for item in party.documents]
    if not name.words and not any(numbers):
        return []
    return _rows([name], [birth_number(party.birth_text)], list(filter(None, numbers)), party.sex)


def _reasons(party: Party, entry: EntryVersion, asked: names.Party, row: names.Party) -> tuple[Reason, ...]:
    found: list[Evidence] = []
    for ours, other in equal_documents(party, entry)[:1]:
        both = field_evidence("document", ours.number, ours.number)
        found += [both] if both else []
        if not ours.issuer or not other.issuer:
            found.append(Evidence("document", Stance.NOTES, N_("which state issued it is not known on both sides")))
    if asked.name.words and row.name.words:
        found += name_evidence(compare(asked.name, row.name))
    if str(entry.kind) == Kind.PERSON:
        found.append(birth_evidence(_births(asked, row), asked.birth_date, row.birth_date))
    found += [item for item in (_nationality(party, entry), _sex(party, entry)) if item]
    return tuple(Reason(item.about, str(item.stance), item.message, _plain(item.params)) for item in found)


def _nationality(party: Party, entry: EntryVersion) -> Evidence | None:
    theirs = [state(code) for code in entry.body["nationalities"]]
    ours = state(party.nationality)
    return field_evidence("nationality", ours, ours if ours in theirs else ", ".join(theirs))


def _sex(party: Party, entry: EntryVersion) -> Evidence | None:
    return field_evidence("sex", party.sex.upper(), entry.body["sex"].upper())


def _plain(params: Mapping[str, object]) -> dict[str, Any]:
    return {name: value if isinstance(value, int) else str(value) for name, value in params.items()}
