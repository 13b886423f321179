"""Who is screened and what a hit is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.core.i18n import translate

LEAST_DOCUMENT = 5  # characters of a number that identifies somebody


class Kind(StrEnum):
    """What an entry or a party is."""

    PERSON = "person"
    ORGANISATION = "organisation"
    DOCUMENT = "document"


class Band(StrEnum):
    """How soon an officer should look."""

    STRONG = "strong"
    PROBABLE = "probable"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True)
class Document:
    """A document: its number as printed, its type (``P``, ``passport``, ``RFC``...) and the state that issued it."""

    number: str
    type: str = ""
    issuer: str = ""


@dataclass(frozen=True, slots=True)
class Party:
    """Somebody or something to screen.

    ``key`` is ``type:identifier`` and stable (``traveller:17``, ``trader:MX-ABC010101AB1``). ``kind``: person,
    organisation or document; empty where nobody knows whether it is a person or an organisation. Give ``given`` and
    ``surnames`` (both surnames in one text) where they are known apart, else ``full_name``. ``birth_date``:
    ``1980-03-15``, ``1980-03``, ``1980`` or a date. ``label``, ``url`` and ``port`` are for the review queue: what to
    call the party, where its page is, and whose port it concerns (empty: all).
    """

    key: str
    kind: str = Kind.PERSON
    given: str = ""
    surnames: str = ""
    full_name: str = ""
    birth_date: str | date = ""
    sex: str = ""
    nationality: str = ""
    documents: tuple[Document, ...] = ()
    label: str = ""
    url: str = ""
    port: str = ""

    @property
    def shown(self) -> str:
        """What to call the party."""
        return self.label or self.full_name or " ".join(filter(None, (self.given, self.surnames))) or self.key

    @property
    def birth_text(self) -> str:
        """The date of birth as text; empty where it is not known."""
        return self.birth_date.isoformat() if isinstance(self.birth_date, date) else self.birth_date

    def as_record(self) -> dict[str, Any]:
        """What was screened, as JSON."""
        return {
            "kind": str(self.kind), "given": self.given, "surnames": self.surnames, "full_name": self.full_name,
            "birth_date": self.birth_text, "sex": self.sex, "nationality": self.nationality,
            "documents": [
                {"number": item.number, "type": item.type, "issuer": item.issuer} for item in self.documents
            ],
        }  # fmt: skip

    @property
    def fingerprint(self) -> str:
        """Names the identity that was screened: another name, date, document or nationality is another one.

        A party without a document that identifies it is told apart by its ``key`` as well, so that clearing one of two
        namesakes never clears the other.
        """
        facts: dict[str, Any] = {
            name: " ".join(value.upper().split()) if isinstance(value, str) else value
            for name, value in self.as_record().items()
        }
        facts["documents"] = sorted([plain_number(item.number), item.issuer.upper()] for item in self.documents)
        if not any(number for number, _issuer in facts["documents"]):
            facts["key"] = self.key
        return digest(canonical_json(facts)).hex()


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence: what it is about, which way it points (supports, opposes, notes), and a sentence."""

    about: str
    stance: str
    message: str
    params: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """The sentence in ``language``."""
        return translate(self.message, language, **self.params)

    def as_record(self) -> dict[str, Any]:
        """The shape that is stored; :meth:`from_record` reads it back."""
        return {"about": self.about, "stance": self.stance, "message": self.message, "params": dict(self.params)}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> Reason:
        """Read back what :meth:`as_record` wrote."""
        return cls(**record)


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that a party may be.

    ``entry`` and ``version`` name the entry within ``list`` and its version; ``entry_id`` is the row of that version.
    ``score`` is that of the name alone, 0 to 1. ``cleared``: an officer said before that the party is not this entry,
    and neither has changed since; ``confirmed``: an officer said that it is. ``id`` is the row in the review queue (0
    where it was not kept).
    """

    list: str
    list_title: str
    entry: str
    version: int
    entry_id: int
    entry_name: str
    category: str
    band: Band
    score: float
    reasons: tuple[Reason, ...] = ()
    cleared: bool = False
    confirmed: bool = False
    id: int = 0


def plain_number(number: str) -> str:
    """A document number without spaces and signs; empty where it is too short to identify anybody."""
    plain = "".join(letter for letter in number.upper() if letter.isascii() and letter.isalnum())
    return plain if len(plain) >= LEAST_DOCUMENT else ""
