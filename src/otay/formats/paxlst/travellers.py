"""Groups 4 and 5: from segments to travellers.

This is where nearly all segments of a manifest pass. Four ways through, from fast to slow: a traveller of a known shape
is taken whole; a segment repeated word for word is known already; a plain name, reference, date, document or bag is
taken at once; the rest is interpreted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import DAYS, Calendar
from otay.formats.edifact.interchange import MAX_FINDINGS, Message
from otay.formats.manifest import Traveller, date_finding, titled
from otay.formats.paxlst.meanings import (
    DOCUMENT_DATES,
    MAX_CONTACTS,
    PLAIN_ROLES,
    REPEATED,
    Interpreter,
    Kind,
    Meaning,
    Trouble,
)
from otay.formats.paxlst.shapes import Shapes

_MAX_KNOWN = 50_000
_MAX_REPEATS = 20
_SHORT_DAY = len("YYMMDD")
_BIRTH_LENGTH = len("DTM+329:YYMMDD")

Taker = Callable[[str], bool]


class Travellers:
    """Collects the travellers of one message."""

    def __init__(self, message: Message, calendar: Calendar) -> None:
        self.message, self.calendar = message, calendar
        self.interpret = Interpreter(calendar)
        self.found: list[Traveller] = []
        self.findings: list[Finding] = []
        self.stated: dict[str, str] = {}
        self.unknown: Counter[str] = Counter()
        self.person: Traveller = {}
        self.references: dict[str, str] = {}
        self.position = 0
        self._element, self._component = message.separators.element, message.separators.component
        self._dates: dict[str, str] = {}
        self._whole: dict[str, tuple[Kind, str, Any, Trouble | None]] = {}  # bare tuples come apart faster
        # by what a reference's segment begins with, its qualifier; none where characters were released
        self._qualifiers: dict[str, str] = {}
        self.shapes = Shapes(message, self.interpret)
        self._takers = self._plain_forms() if message.releases is None else {}

    def _plain_forms(self) -> dict[str, Taker]:
        """Who takes the last element of a segment that begins like this."""
        mark = self._element
        forms: dict[str, Taker] = {f"FTX{mark}BAG{mark * 2}": self._bag}
        self._dates = {f"DTM{mark}{code}{self._component}": name for code, name in DOCUMENT_DATES.items()}
        for qualifier, role in PLAIN_ROLES.items():
            forms[f"NAD{mark}{qualifier}{mark * 2}"] = self._namer(role)
        return forms

    def read(self, start: int) -> None:
        """Takes all segments from ``start`` on: whole travellers of a known shape, the others segment by segment."""
        shapes, position, end = self.shapes, start, len(self.message.segments)
        while position < end:
            position = shapes.take(position, self.found)
            if self.found:
                self.person = self.found[-1]
                self.references = self.person["references"]
            before, known = position, len(self.found)
            position = self._read_slowly(position)
            if shapes.wanted and len(self.found) == known + 1:
                shapes.learn(before, position)
        shapes.remember()

    def _read_slowly(self, start: int) -> int:  # noqa: C901 one loop, for speed
        """Segment by segment, up to the next traveller where that one may have a known shape."""
        mark, between, takers = self._element, self._component, self._takers
        birth = f"DTM{mark}329{between}" if takers else ""
        birth_years, days = self.calendar.birth_years, DAYS
        segments, whole, qualifiers = self.message.segments, self._whole, self._qualifiers
        one_by_one = self.shapes.wanted
        person_kind, field_kind = Kind.PERSON, Kind.DOCUMENT_FIELD
        bags_kind, traveller_kind = Kind.BAGS, Kind.TRAVELLER
        person, references = self.person, self.references
        for position in range(start, len(segments)):
            segment = segments[position]
            meaning = whole.get(segment)
            if meaning is None:
                tag = segment[:3]
                if tag == "NAD" and one_by_one and position > start:
                    return position
                if tag == "RFF":
                    head, _, value = segment.partition(between)
                    key = qualifiers.get(head)
                    if key and value.isalnum() and key not in references:
                        references[key] = value
                        continue
                elif tag == "DTM":
                    head = tag
                    if segment[:8] == birth and len(segment) == _BIRTH_LENGTH:
                        year, day = birth_years.get(segment[8:10]), days.get(segment[10:])
                        if year and day and person:
                            person["birth_date"] = year + day
                            continue
                    elif person and self._document_date(segment):
                        continue
                else:
                    head, _, value = segment.rpartition(mark)
                    taker = takers.get(head)
                    if taker is not None:
                        self.position = position
                        if taker(value):
                            person, references = self.person, self.references
                            continue
                meaning = tuple(self._interpreted(segment, head))
                kind = meaning[0]
                if kind in REPEATED and len(whole) < _MAX_KNOWN:
                    whole[segment] = meaning
                elif kind is Kind.REFERENCE and takers and mark not in segment[4:]:
                    qualifiers[head] = meaning[1]
            kind, key, value, trouble = meaning
            if kind is person_kind and person:
                person[key] = value
            elif kind is field_kind and person:
                self._document()[key] = value
            elif kind is bags_kind and person and key != "tags":
                self._bags()[key] = value
            else:
                self._apply(kind, key, value, segment, position)
                if kind is traveller_kind:
                    person, references = self.person, self.references
            if trouble is not None:
                self._trouble(trouble, position, segment[:3].upper())
        return len(segments)

    def _interpreted(self, segment: str, head: str) -> Meaning:
        elements = self.message.elements(segment)
        meaning = self.interpret(elements)
        if meaning.kind is Kind.DOCUMENT and len(elements) == 3 and self.message.releases is None:
            self._takers[head] = self._documenter(meaning.key)
        return meaning

    # the plain forms: each says whether it took the value

    def _document_date(self, segment: str) -> bool:
        name = self._dates.get(segment[:-_SHORT_DAY])
        if name is None:
            return False
        year, day = self.calendar.event_years.get(segment[-6:-4]), DAYS.get(segment[-4:])
        if not year or not day:
            return False
        self._document()[name] = year + day
        return True

    def _bag(self, value: str) -> bool:
        number, _, count = value.partition(self._component)
        if count not in ("", "1") or not number or number != number.strip() or not self.person:
            return False
        self._bags()["tags"].append({"number": number, "count": 1})
        return True

    def _namer(self, role: str) -> Taker:
        def take(value: str) -> bool:
            surnames, *given = value.split(self._component)
            if not 1 <= len(given) <= 4 or not given[0] or not surnames:
                return False
            if "<" in value or (
                " " in value
                and (
                    f" {self._component}" in value or f"{self._component} " in value or " ".join(value.split()) != value
                )
            ):
                return False
            names = " ".join(given).strip()
            self.person = {
                "role": role,
                "given": names,
                "surnames": surnames,
                "full_name": f"{names} {surnames}",
                "sex": "",
                "birth_date": None,
                "nationality": "",
                "documents": [],
                "embark": "",
                "debark": "",
                "references": {},
                "bags": None,
                "segment": self.position + 2,
            }
            self.references = self.person["references"]
            self.found.append(self.person)
            return True

        return take

    def _documenter(self, type: str) -> Taker:
        def take(value: str) -> bool:
            if not self.person or not value or self._component in value or value != value.strip():
                return False
            self.person["documents"].append({"type": type, "number": value, "issuer": "", "expiry": None})
            return True

        return take

    # what was interpreted

    def _apply(self, kind: Kind, key: str, value: Any, segment: str, position: int) -> None:
        if kind is Kind.BAGS and self.person:
            self._bags()["tags"].extend(value)
        elif kind is Kind.TRAVELLER:
            self.person = value | {"segment": position + 2}
            self.references = self.person["references"]
            self.found.append(self.person)
        elif kind is Kind.TOTAL:
            self.stated[key] = value
        elif kind is Kind.UNKNOWN:
            self.unknown[segment[:3].upper()] += 1
        elif self.person:
            self._add(kind, key, value)
        elif kind is not Kind.IGNORED:
            self._nobodys(segment, position)

    def _nobodys(self, segment: str, position: int) -> None:
        if not self.findings:  # once: what was lost is the traveller, not each of the facts
            text = N_("What stands before the first traveller belongs to nobody and was not read.")
            tag = segment[:3].upper()
            self.findings.append(warning(self.message.place(position, tag), "paxlst.nobody", text, segment))

    def _add(self, kind: Kind, key: str, value: Any) -> None:
        if kind is Kind.DOCUMENT:
            self.person["documents"].append(value)
        elif kind is Kind.REFERENCE:
            self._refer(key, value)
        elif kind is Kind.CONTACT:
            self.person["contacts"] = [*self.person.get("contacts", []), *value][:MAX_CONTACTS]

    def _bags(self) -> dict[str, Any]:
        bags: dict[str, Any] | None = self.person["bags"]
        if bags is None:
            bags = self.person["bags"] = {"count": None, "weight": None, "tags": []}
        return bags

    def _document(self) -> dict[str, Any]:
        """The document that was named last; its particulars sometimes come without it."""
        documents: list[dict[str, Any]] = self.person["documents"]
        if not documents:
            documents.append({"type": "", "number": "", "issuer": "", "expiry": None})
        return documents[-1]

    def _refer(self, key: str, value: str) -> None:
        """The first of its kind counts under its code, a second of another value under ``code.2``."""
        references = self.references
        number, name = 1, key
        while name in references and references[name] != value and number < _MAX_REPEATS:
            number += 1
            name = f"{key}.{number}"
        references[name] = value

    def _trouble(self, trouble: Trouble, position: int, tag: str) -> None:
        person = self.person
        if len(self.findings) > MAX_FINDINGS or not person or "full_name" not in person:
            return
        place = self.message.place(position, tag, trouble.element, trouble.part)
        named = titled(len(self.found), person)
        if trouble.problem is not None:
            if trouble.what == "date of birth" and person["birth_date"] is None:
                person["birth_date_sent"] = trouble.value
            self.findings.append(date_finding(place, trouble.problem, trouble.what, trouble.value, named))
        elif trouble.make is not None:
            self.findings.append(trouble.make(place, trouble.value, named))
