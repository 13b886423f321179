"""Parties against a list: hits in tiers, each with its evidence.

The name opens a hit, the date of birth confirms or refutes it, an equal document number is a hit whatever the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from otay.engines.names.birth_dates import BirthAgreement, compare_birth_dates
from otay.engines.names.evidence import Evidence, birth_evidence, field_evidence, name_evidence
from otay.engines.names.index import NameIndex
from otay.engines.names.scoring import THRESHOLD, compare
from otay.engines.names.structure import Name

_PLAIN = re.compile(r"[^A-Z0-9]")


class Tier(StrEnum):
    """How soon an officer should look."""

    STRONG = "strong"  # document, or a close name with its date of birth
    PROBABLE = "probable"  # a name with its date of birth, or a close name with a nearly equal one
    POSSIBLE = "possible"  # a close name and nothing that refutes it


# the least score of a name for a hit, by how the dates of birth agree; a refuted name is no hit
LEAST_SCORE = {
    BirthAgreement.DIFFERS: 2.0,
    BirthAgreement.UNKNOWN: 0.86,
    BirthAgreement.PARTIAL: 0.8,
    BirthAgreement.MISTYPED: 0.82,
    BirthAgreement.SWAPPED: 0.78,
    BirthAgreement.EQUAL: 0.0,  # the threshold of the search decides
}
CLOSE = 0.88  # a name this close with its date of birth is a strong hit
_LEAST = np.array([LEAST_SCORE[agreement] for agreement in BirthAgreement], np.float32)


@dataclass(frozen=True, slots=True)
class Party:
    """Who is screened, or who is on a list. ``birth_date`` is ``YYYYMMDD`` with zeros for what is not known."""

    name: Name
    birth_date: int = 0
    document: str = ""
    nationality: str = ""
    sex: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that the party may be."""

    query: int
    entry: int
    tier: Tier
    score: float  # of the name alone
    birth: BirthAgreement
    document: bool


@dataclass(frozen=True, slots=True)
class Screened:
    """The hits, best first for each query, and how many names were set aside because the date of birth is another."""

    hits: list[Hit]
    refuted: int


def plain_document(number: str) -> str:
    """A document number without spaces and signs; numbers of fewer than five characters identify nobody."""
    plain = _PLAIN.sub("", number.upper())
    return plain if len(plain) >= 5 else ""


class Watchlist:
    """A list of parties, ready to be screened against."""

    def __init__(self, entries: Sequence[Party]) -> None:
        self.entries = tuple(entries)
        self._index = NameIndex([entry.name for entry in entries])
        self._births = np.fromiter((entry.birth_date for entry in entries), np.int64, len(entries))
        self._documents: dict[str, list[int]] = {}
        for number, entry in enumerate(entries):
            if document := plain_document(entry.document):
                self._documents.setdefault(document, []).append(number)

    def __len__(self) -> int:
        return len(self.entries)

    def screen(self, parties: Sequence[Party], *, threshold: float = THRESHOLD) -> Screened:
        """All hits of ``parties``. A higher ``threshold`` asks more of every name, a lower one of none."""
        found = self._index.search([party.name for party in parties], threshold=threshold)
        births = np.fromiter((party.birth_date for party in parties), np.int64, len(parties))[found.queries]
        agreement = compare_birth_dates(births, self._births[found.entries])
        kept = found.scores >= _LEAST[agreement]
        refuted = int(
            ((agreement == BirthAgreement.DIFFERS) & (found.scores >= LEAST_SCORE[BirthAgreement.UNKNOWN])).sum()
        )
        hits = self._named(found.queries[kept], found.entries[kept], found.scores[kept], agreement[kept])
        self._add_documents(parties, hits)
        return Screened(sorted(hits.values(), key=_rank), refuted)

    def evidence(self, party: Party, hit: Hit) -> list[Evidence]:
        """Every reason for and against ``hit``, the name's first."""
        entry = self.entries[hit.entry]
        reasons = name_evidence(compare(party.name, entry.name))
        reasons.append(birth_evidence(hit.birth, party.birth_date, entry.birth_date))
        fields = (
            ("document", plain_document(party.document), plain_document(entry.document)),
            ("nationality", party.nationality.upper(), entry.nationality.upper()),
            ("sex", party.sex.upper(), entry.sex.upper()),
        )
        return [*reasons, *filter(None, (field_evidence(*each) for each in fields))]

    def _named(
        self,
        queries: NDArray[np.int64],
        entries: NDArray[np.int64],
        scores: NDArray[np.float32],
        agreement: NDArray[np.int64],
    ) -> dict[tuple[int, int], Hit]:
        rows = zip(queries.tolist(), entries.tolist(), scores.tolist(), agreement.tolist(), strict=True)
        return {
            (query, entry): Hit(query, entry, tier_of(score, birth), score, BirthAgreement(birth), False)
            for query, entry, score, birth in rows
        }

    def _add_documents(self, parties: Sequence[Party], hits: dict[tuple[int, int], Hit]) -> None:
        for query, party in enumerate(parties):
            for entry in self._documents.get(plain_document(party.document), ()) if party.document else ():
                score = compare(party.name, self.entries[entry].name).score
                dates = np.array([[party.birth_date], [self.entries[entry].birth_date]], np.int64)
                birth = BirthAgreement(int(compare_birth_dates(dates[0], dates[1])[0]))
                hits[query, entry] = Hit(query, entry, Tier.STRONG, score, birth, True)


def tier_of(score: float, birth: int) -> Tier:
    """How soon to look at a name with this score whose dates of birth agree like this."""
    if birth == BirthAgreement.EQUAL:
        return Tier.STRONG if score >= CLOSE else Tier.PROBABLE
    return Tier.PROBABLE if birth > BirthAgreement.PARTIAL else Tier.POSSIBLE


def _rank(hit: Hit) -> tuple[int, int, bool, float, int]:
    return hit.query, list(Tier).index(hit.tier), not hit.document, -hit.score, hit.entry
