"""Machine-readable zones to records; each check digit is tried, and what does not fit is a finding."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_, Term
from otay.formats.edifact.dates import Calendar, Problem
from otay.formats.edifact.interchange import EPOCH
from otay.formats.manifest import PASSENGER, Record, country_codes, document, full_name, traveller
from otay.formats.mrz.characters import FILLER, fits
from otay.formats.mrz.layouts import Layout, Span, layout_of
from otay.formats.registry import ReadResult

KEY = "mrz"
MAX_ZONES = 20_000
LINE = re.compile(r"[A-Z0-9<]{20,44}")
_WIDTHS = {44: 2, 36: 2, 30: 3}
_JOINED = {88: (2, 44), 72: (2, 36), 90: (3, 30)}
# what optical reading takes for digits
_MISREAD = str.maketrans("OQDILZSBG", "000112586")


def read(data: bytes, name: str = "", *, today: date | None = None) -> ReadResult:
    """All zones in ``data``; ``today`` settles the century of two-digit years."""
    text = data.decode("utf-8-sig", "replace")
    calendar = Calendar(today or date(EPOCH, 12, 31))
    records, findings = [], []
    for number, lines in enumerate(_zones(text), 1):
        if number > MAX_ZONES:
            message = N_("There are more than %(limit)s zones; the rest is not read.")
            findings.append(warning("", "mrz.size", message, limit=MAX_ZONES))
            break
        layout = layout_of(len(lines), max(map(len, lines)), lines[0][:1])
        if layout is None:
            message = N_("This is not a machine-readable zone: two lines of 44 or 36 characters, or three of 30.")
            findings.append(error(f"zone {number}", "mrz.shape", message, " ".join(lines)))
            continue
        zone = _Zone(layout, lines, number, calendar)
        records.append(zone.record())
        findings += zone.findings
    if not records and not findings:
        message = N_("There is no machine-readable zone in this text.")
        findings.append(error("", "mrz.none", message, text.strip()[:60]))
    return ReadResult(KEY, records, tuple(findings))


def lines_of(text: str) -> list[str]:
    """The lines of the text that could be a zone's, cleaned; an empty string for each that could not."""
    found = []
    for raw in text.splitlines():
        line = re.sub(r"[ \t]", "", raw.upper().replace("«", "<<").replace("‹", "<"))
        if len(line) in _JOINED and re.fullmatch(r"[A-Z0-9<]+", line):
            count, width = _JOINED[len(line)]
            found += [line[width * part : width * (part + 1)] for part in range(count)] + [""]
        else:
            found.append(line if LINE.fullmatch(line) else "")
    return found


def _zones(text: str) -> Iterator[list[str]]:
    """Groups of two or three lines; a new group begins with a document code."""
    group: list[str] = []
    for line in [*lines_of(text), ""]:
        if line:
            group.append(line)
        wanted = _expected(group)
        if group and (not line or len(group) == wanted):
            yield group
            group = []


def _expected(group: list[str]) -> int:
    """How many lines the zone has that begins like this; trailing fillers may have been lost."""
    width = max(map(len, group), default=0)
    return 3 if width <= 31 and not (group and group[0].startswith("V")) else 2


@dataclass(slots=True)
class _Field:
    value: str
    digit: str
    place: str


class _Zone:
    def __init__(self, layout: Layout, lines: list[str], number: int, calendar: Calendar) -> None:
        self.layout, self.number, self.calendar = layout, number, calendar
        self.lines = [line[: layout.width].ljust(layout.width, FILLER) for line in lines]
        self.findings: list[Finding] = []
        self.checks: dict[str, bool] = {}
        if any(len(line) != layout.width for line in lines):
            message = N_("A line has not %(width)s characters.")
            place = f"zone {number}"
            self.findings.append(warning(place, "mrz.width", message, " ".join(lines), width=layout.width))

    def _cut(self, span: Span) -> str:
        line, start, end = span
        return self.lines[line][start:end]

    def _field(self, span: Span) -> _Field:
        line, _, end = span
        return _Field(self._cut(span), self.lines[line][end : end + 1], self._place(span))

    def _place(self, span: Span) -> str:
        line, start, end = span
        return f"zone {self.number}, line {line + 1}, characters {start + 1}-{end}"

    def record(self) -> Record:
        """In the shape of all passenger messages, with what only a zone has under ``mrz``."""
        layout = self.layout
        surnames, given, truncated = self._names()
        person = traveller(PASSENGER, given, surnames)
        number, optional = self._number()
        code, issuer = self.lines[0][:2].strip(FILLER), self.lines[0][2:5].strip(FILLER)
        person["sex"] = self._sex()
        person["nationality"] = self._cut(layout.nationality).strip(FILLER)
        self._birth(person)
        expiry = self._date(layout.expiry, "expiry", N_("end of the document's validity"))
        person["documents"].append(document(code, number, issuer, expiry))
        for what, value, span in (
            ("issuer", issuer, (0, 2, 5)),
            ("nationality", person["nationality"], layout.nationality),
        ):
            if value not in country_codes() | {"UTO"}:
                message = N_("This is not a known code of a state.")
                self.findings.append(warning(self._place(span), f"mrz.{what}", message, value))
        self._composite()
        return {
            "message": {"type": "MRZ", "version": layout.key, "function": "travel document", "references": {}},
            "flights": [],
            "travellers": [person],
            "totals": {"stated": None, "travellers": 1},
            "mrz": {
                "layout": layout.key,
                "lines": list(self.lines),
                "optional": optional,
                "checks": self.checks,
                "truncated": truncated,
            },
        }

    def _names(self) -> tuple[str, str, bool]:
        """Surnames, given names, and whether the field is full, so that something may have been cut off."""
        field = self._cut(self.layout.name)
        primary, _, secondary = field.partition(FILLER * 2)
        surnames = " ".join(part for part in primary.split(FILLER) if part)
        given = " ".join(part for part in secondary.split(FILLER) if part)
        if not surnames and given:
            surnames, given = given, ""
        if not full_name(given, surnames) or re.search(r"\d", field):
            message = N_("The name is missing or holds digits.")
            self.findings.append(error(self._place(self.layout.name), "mrz.name", message, field))
        return surnames, given, not field.endswith(FILLER)

    def _check(self, name: str, fits_: bool, field: _Field, what: str) -> bool:
        self.checks[name] = fits_
        if not fits_:
            message = N_("The check digit of the %(what)s does not fit.")
            remedy = N_("Read the document again.")
            value = f"{field.value} {field.digit}"
            self.findings.append(error(field.place, f"mrz.check.{name}", message, value, remedy, what=Term(what)))
        return fits_

    def _number(self) -> tuple[str, list[str]]:
        field = self._field(self.layout.number)
        optional = [self._cut(span) for span in self.layout.optional]
        if self.layout.long_number and field.digit == FILLER and FILLER not in field.value:
            rest = optional[0].partition(FILLER)[0]
            if len(rest) >= 2:
                whole = _Field(field.value + rest[:-1], rest[-1], field.place)
                self._check("number", fits(whole.value, whole.digit), whole, N_("document number"))
                optional[0] = optional[0][len(rest) :]
                return whole.value, _kept(optional)
        self._check("number", fits(field.value, field.digit), field, N_("document number"))
        if self.layout.optional_checked:
            more = self._field(self.layout.optional[0])
            blank = not more.value.strip(FILLER)
            good = fits(more.value, more.digit) or (blank and more.digit in (FILLER, "0"))
            self._check("optional", good, more, N_("optional element"))
        return field.value.strip(FILLER), _kept(optional)

    def _sex(self) -> str:
        sex = self._cut(self.layout.sex)
        if sex in ("M", "F"):
            return sex
        if sex not in (FILLER, "X"):
            message = N_("The sex is M, F or a filler.")
            self.findings.append(warning(self._place(self.layout.sex), "mrz.sex", message, sex))
        return "X"

    def _digits(self, span: Span, name: str, what: str) -> str:
        """A date's six characters; letters that were taken for digits are put right where the check digit agrees."""
        field = self._field(span)
        if fits(field.value, field.digit):
            self.checks[name] = True
            return field.value
        mended = field.value.translate(_MISREAD)
        digit = field.digit.translate(_MISREAD)
        if (mended, digit) != (field.value, field.digit) and fits(mended, digit):
            message = N_("Letters of the %(what)s were read as digits.")
            self.findings.append(warning(field.place, "mrz.misread", message, field.value, what=Term(what)))
            self.checks[name] = True
            line, start, end = span
            self.lines[line] = self.lines[line][:start] + mended + digit + self.lines[line][end + 1 :]
            return mended
        self._check(name, False, field, what)
        return field.value

    def _birth(self, person: dict[str, Any]) -> None:
        what = N_("date of birth")
        digits = self._digits(self.layout.birth, "birth", what)
        found = self.calendar.birth(digits) if digits.isdigit() else None
        if found is not None and found.value:
            person["birth_date"] = found.value
            return
        person["birth_date_sent"] = digits
        unknown = FILLER in digits or (found is not None and found.problem is Problem.UNKNOWN_DAY)
        if unknown and re.fullmatch(r"(\d\d|<<){3}", digits):
            message = N_("The date of birth is not fully known.")
            self.findings.append(warning(self._place(self.layout.birth), "mrz.birth_unknown", message, digits))
        else:
            self._no_date(self.layout.birth, digits, what)

    def _date(self, span: Span, name: str, what: str) -> str | None:
        digits = self._digits(span, name, what)
        if not digits.strip(FILLER):
            return None
        found = self.calendar.event(digits, "101") if digits.isdigit() else None
        if found is None or not found.value:
            self._no_date(span, digits, what)
            return None
        return found.value

    def _no_date(self, span: Span, digits: str, what: str) -> None:
        message = N_("The %(what)s is not a day of the calendar.")
        self.findings.append(error(self._place(span), "mrz.date", message, digits, what=Term(what)))

    def _composite(self) -> None:
        if not self.layout.composite:
            return
        line, position = self.layout.composite_at
        value = "".join(self._cut(span) for span in self.layout.composite)
        field = _Field(value, self.lines[line][position], self._place((line, position, position + 1)))
        self._check("composite", fits(value, field.digit), field, N_("whole zone"))


def _kept(optional: list[str]) -> list[str]:
    return [part.strip(FILLER).replace(FILLER, " ") for part in optional]
