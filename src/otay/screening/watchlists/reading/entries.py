"""An entry as it is kept, made from what a file says of it; every value is checked and bounded."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from otay.core.canonical import canonical_json, digest
from otay.core.findings import Finding, Severity, error, warning
from otay.core.i18n import N_
from otay.engines.names.birth_dates import birth_text, read_birth_date
from otay.engines.names.structure import parse_name
from otay.screening.watchlists.domain import Kind, plain_number

MAX_BYTES = 128 * 1024**2
MAX_ENTRIES = 500_000
MAX_FINDINGS = 1_000
MAX_NAMES, MAX_BIRTHS, MAX_DOCUMENTS, MAX_NATIONALITIES = 60, 8, 40, 12
MAX_TEXT, MAX_KEY, MAX_REMARKS, MAX_EXTRAS = 300, 120, 4_000, 16_000
_REPORT_EVERY = 500
Report = Callable[[int, int], None]
"""Told how many entries of how many were checked; what it raises ends the reading."""
CATEGORIES = frozenset(
    ["wanted", "missing", "sanction", "immigration", "customs", "smuggling", "document", "other"]
)  # models.Category; a test holds the two together
_SEXES = {"M": "M", "MALE": "M", "HOMBRE": "M", "H": "M", "F": "F", "FEMALE": "F", "MUJER": "F", "X": "X", "OTHER": "X"}
_UNKNOWN = frozenset(["", "U", "UNKNOWN", "<", "DESCONOCIDO"])


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry; ``body`` has the names, birth_dates, sex, nationalities, documents, reference, remarks, action and
    extras. ``name`` is what to call it."""

    key: str
    kind: str
    category: str
    name: str
    body: Mapping[str, Any]
    valid_from: date | None = None
    valid_until: date | None = None

    @property
    def digest(self) -> bytes:
        """SHA-256 of all that it says: two entries with one digest are the same."""
        return digest(
            canonical_json(
                [self.kind, self.category, self.name, dict(self.body), self.valid_from, self.valid_until]
            )
        )  # fmt: skip


@dataclass(slots=True)
class Read:
    """What a file holds, and what was found wrong with it."""

    format: str
    entries: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    dropped: int = 0  # findings beyond the most that are kept

    def found(self, finding: Finding) -> None:
        """Keep ``finding``; errors push out warnings where there are too many."""
        if len(self.findings) < MAX_FINDINGS:
            self.findings.append(finding)
            return
        self.dropped += 1
        if finding.severity is Severity.ERROR:
            last = next((place for place in range(MAX_FINDINGS - 1, -1, -1)
                         if self.findings[place].severity is not Severity.ERROR), None)  # fmt: skip
            if last is not None:
                self.findings[last] = finding


@dataclass(frozen=True, slots=True)
class Raw:
    """What a file says of one entry, in the words of this module, not yet checked."""

    place: str
    key: str = ""
    kind: str = ""
    category: str = ""
    names: Sequence[Mapping[str, str]] = ()
    births: Sequence[str] = ()
    sexes: Sequence[str] = ()
    nationalities: Sequence[str] = ()
    documents: Sequence[Mapping[str, str]] = ()
    valid_from: str = ""
    valid_until: str = ""
    reference: str = ""
    remarks: str = ""
    action: str = ""
    extras: Mapping[str, Any] = field(default_factory=dict)


def name_parts(given: str = "", surnames: str = "", full_name: str = "") -> dict[str, str]:
    """A name as an entry keeps it."""
    return {"given": given, "surnames": surnames, "full_name": full_name}


def shown(name: Mapping[str, str]) -> str:
    """A name in one text."""
    return name["full_name"] or " ".join(filter(None, (name["given"], name["surnames"])))


def keep(
    read: Read, raws: Iterable[Raw], category: str, *, total: int, report: Report | None = None
) -> Read:  # fmt: skip
    """Check each of ``raws`` and add it to ``read``; one that cannot be used is an error, not left out silently."""
    seen: dict[str, str] = {}
    for number, raw in enumerate(raws):
        if report and number % _REPORT_EVERY == 0:
            report(number, total)
        if len(read.entries) >= MAX_ENTRIES:
            read.found(
                error(raw.place, "watchlist.entries", N_("A list has at most %(limit)d entries."), limit=MAX_ENTRIES)
            )
            break
        checker = _Checker(read, raw, category)
        entry = checker.entry()
        if entry is None:
            continue
        if entry.key in seen:
            read.found(
                error(
                    raw.place, "watchlist.key_twice", N_("This entry has the key of the one at %(first)s."), entry.key,
                    N_("Give every entry a key of its own."), first=seen[entry.key],
                )
            )  # fmt: skip
            continue
        seen[entry.key] = raw.place
        read.entries.append(entry)
    if not read.entries and not read.findings:
        read.found(error("", "watchlist.empty", N_("There is no entry in this file.")))
    return read


class _Checker:
    """One raw entry under check."""

    def __init__(self, read: Read, raw: Raw, category: str) -> None:
        self.read, self.raw, self.category = read, raw, category
        self.wrong = False

    def entry(self) -> Entry | None:
        raw = self.raw
        names, documents = self._names(), self._documents()
        kind = self._kind(names, documents)
        starts, ends = self._day("valid_from"), self._day("valid_until")
        if starts and ends and ends < starts:
            self._refuse("valid_until", N_("It ends before it begins."), raw.valid_until)
        if kind == Kind.DOCUMENT:
            if not any(plain_number(item["number"]) for item in documents):
                self._refuse("documents", N_("An entry for a document needs a number of five characters or more."))
        elif not names:
            self._refuse("names", N_("There is no name here."))
        body = {
            "names": names, "birth_dates": self._births(), "sex": self._sex(),
            "nationalities": self._nationalities(), "documents": documents,
            "reference": self._text("reference", raw.reference, MAX_TEXT),
            "remarks": self._text("remarks", raw.remarks, MAX_REMARKS),
            "action": self._text("action", raw.action, MAX_REMARKS), "extras": self._extras(),
        }  # fmt: skip
        called = shown(names[0]) if names else documents[0]["number"] if documents else ""
        key = self._text("key", raw.key, MAX_KEY)
        if self.wrong:
            return None
        key = key or digest(canonical_json([kind, names, body["birth_dates"], documents])).hex()[:16]
        return Entry(key, kind, self._category(), called[:MAX_TEXT], body, starts, ends)

    def _refuse(self, member: str, message: str, value: object = "", remedy: str = "", **params: Any) -> None:
        self.wrong = True
        place = f"{self.raw.place}, {member}"
        self.read.found(error(place, f"watchlist.{member}", message, value, remedy, **params))

    def _warn(self, member: str, message: str, value: object = "", remedy: str = "", **params: Any) -> None:
        place = f"{self.raw.place}, {member}"
        self.read.found(warning(place, f"watchlist.{member}", message, value, remedy, **params))

    def _text(self, member: str, value: object, most: int) -> str:
        if not isinstance(value, str):
            self._refuse(member, N_("Expected text."), value)
            return ""
        text = unicodedata.normalize("NFC", value).strip()
        if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in text):
            self._refuse(member, N_("There is a character here that is no text."), repr(text[:60]))
            return ""
        if len(text) > most:
            self._refuse(member, N_("At most %(limit)d characters."), text, limit=most)
            return ""
        return text

    def _told_by(self, names: Sequence[Mapping[str, str]], documents: Sequence[object]) -> str:
        """What an entry is that does not say it."""
        if not names:
            return Kind.DOCUMENT if documents else Kind.PERSON
        apart = any(name["surnames"] for name in names)
        return Kind.ORGANISATION if not apart and parse_name(shown(names[0])).organisation else Kind.PERSON

    def _kind(self, names: Sequence[Mapping[str, str]], documents: Sequence[object]) -> str:
        kind = self.raw.kind or self._told_by(names, documents)
        if kind not in set(Kind):
            self._refuse("kind", N_("Expected person, organisation or document."), self.raw.kind)
        return str(kind)

    def _category(self) -> str:
        if not self.raw.category:
            return self.category
        if self.raw.category not in CATEGORIES:
            message = N_("No such category; the list's own is used.")
            self._warn("category", message, self.raw.category)
            return self.category
        return self.raw.category

    def _most(self, member: str, values: Sequence[Any], most: int) -> Sequence[Any]:
        if len(values) > most:
            self._refuse(member, N_("At most %(limit)d of them."), len(values), limit=most)
        return values[:most]

    def _names(self) -> list[dict[str, str]]:
        found = []
        for raw in self._most("names", self.raw.names, MAX_NAMES):
            name = {
                part: self._text("names", raw.get(part, ""), MAX_TEXT) for part in ("given", "surnames", "full_name")
            }
            if shown(name) and name not in found:
                found.append(name)
        return found

    def _births(self) -> list[str]:
        found = []
        for raw in self._most("birth_dates", self.raw.births, MAX_BIRTHS):
            text = self._text("birth_dates", raw, MAX_TEXT)
            try:
                value = birth_text(read_birth_date(text))
            except ValueError:
                self._warn(
                    "birth_dates", N_("This is no date of birth, or could be two; it is not compared."), text,
                    N_("Write it as 1980-03-15; where less is known, 1980-03 or 1980."),
                )  # fmt: skip
                continue
            if value and value not in found:
                found.append(value)
        return found

    def _sex(self) -> str:
        known = {_SEXES.get(self._text("sex", raw, MAX_TEXT).upper(), raw) for raw in self.raw.sexes}
        known -= {value for value in known if isinstance(value, str) and value.upper() in _UNKNOWN}
        if len(known) == 1 and known <= set("MFX"):
            return known.pop()
        if known:
            self._warn(
                "sex", N_("Expected M, F or X; it is not compared."), ", ".join(map(str, sorted(known, key=str)))
            )
        return ""

    def _nationalities(self) -> list[str]:
        found = [self._text("nationalities", raw, 40) for raw in self._most(
            "nationalities", self.raw.nationalities, MAX_NATIONALITIES)]  # fmt: skip
        return list(dict.fromkeys(code.upper() for code in found if code))

    def _documents(self) -> list[dict[str, str]]:
        found: list[dict[str, str]] = []
        for raw in self._most("documents", self.raw.documents, MAX_DOCUMENTS):
            item = {part: self._text("documents", raw.get(part, ""), 80) for part in ("number", "type", "issuer")}
            if not item["number"] or item in found:
                continue
            if not plain_number(item["number"]):
                self._warn(
                    "documents", N_("A number this short identifies nobody; it is not compared."), item["number"]
                )
            found.append(item)
        return found

    def _day(self, member: str) -> date | None:
        text = self._text(member, getattr(self.raw, member), MAX_TEXT)
        try:
            return date.fromisoformat(text[:10]) if text else None
        except ValueError:
            self._refuse(member, N_("Expected a day such as 2026-01-31."), text)
            return None

    def _extras(self) -> dict[str, Any]:
        kept = {key: value for key, value in self.raw.extras.items() if value not in (None, "", [], {})}
        try:
            text = canonical_json(kept)
            text.decode()
        except (TypeError, ValueError, UnicodeError):
            self._refuse("extras", N_("There is a character here that is no text."))
            return {}
        if b"\\u0000" in text or len(text) > MAX_EXTRAS:
            if len(text) > MAX_EXTRAS:
                self._warn("extras", N_("What else the entry says is longer than %(limit)d bytes and is left out."),
                           limit=MAX_EXTRAS)  # fmt: skip
            else:
                self._refuse("extras", N_("There is a character here that is no text."))
            return {}
        return kept
