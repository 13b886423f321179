"""Special service requests: DOCS, DOCO, DOCA, INFT, contacts (IATA AIRIMP)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar, Problem
from otay.formats.edifact.interchange import Elements, component
from otay.formats.manifest import document, name_part

_CONTACT = re.compile(r"\bCTC([A-Z])?\b[ /:-]*(.*)", re.S)
_KINDS = {
    "E": "email",
    "M": "mobile",
    "H": "home",
    "B": "business",
    "T": "agency",
    "A": "address",
    "F": "fax",
    "P": "phone",
}
# the language to speak, or the country, after a number
_LANGUAGE = re.compile(r"/[A-Z]{2}$")
_SEAT = re.compile(r"0*(\d{1,3}[A-Z])")


@dataclass(frozen=True, slots=True)
class Ssr:
    """An SSR segment: who asks for what, on which leg, for which travellers."""

    code: str
    status: str
    carrier: str
    origin: str
    destination: str
    text: str
    seats: tuple[tuple[str, str], ...]
    """Seat and traveller reference, either of which may be empty."""

    @property
    def travellers(self) -> tuple[str, ...]:
        """References of the travellers it is for."""
        return tuple(reference for _, reference in self.seats if reference)


def parse(elements: Elements) -> Ssr:
    """One SSR segment."""
    parts = elements[1] if len(elements) > 1 else []
    text = ":".join(parts[8:]).strip(" :")
    if not text and len(parts) > 4:  # the text one element off, as some senders have it
        text = next((part.strip() for part in parts[4:] if "/" in part), "")
    seats = tuple((component(elements, number), component(elements, number, 2)) for number in range(2, len(elements)))
    return Ssr(
        component(elements, 1).upper(),
        component(elements, 1, 1).upper(),
        component(elements, 1, 3).upper(),
        component(elements, 1, 6).upper(),
        component(elements, 1, 7).upper(),
        text,
        tuple((seat, reference) for seat, reference in seats if seat or reference),
    )


def fields(text: str) -> list[str]:
    """``/P/USA/...`` and ``P/USA/...`` alike."""
    return [part.strip() for part in text.removeprefix("/").split("/")]


@dataclass(frozen=True, slots=True)
class Docs:
    """What SSR DOCS says: type / issuer / number / nationality / birth / sex / expiry / surname / given / second."""

    document: dict[str, Any] | None
    nationality: str
    birth_date: str | None
    sex: str
    infant: bool
    surnames: str
    given: str
    problems: tuple[tuple[Problem, str, str], ...]
    """Problem, which date, and the value."""


def docs(text: str, calendar: Calendar) -> Docs:
    """Read the text of SSR DOCS."""
    parts = [*fields(text), *[""] * 11]
    type, issuer, number, nationality, birth, sex, expiry = (part.upper() for part in parts[:7])
    problems = []
    born = calendar.named(birth, birth=True)
    if birth and born.problem:
        problems.append((born.problem, "date of birth", birth))
    ends = calendar.named(expiry)
    if expiry and ends.problem:
        problems.append((ends.problem, "end of the document's validity", expiry))
    paper = document(type, number, issuer, ends.value or None) if number else None
    given = " ".join(name_part(part) for part in parts[8:10] if part)
    return Docs(
        paper,
        nationality,
        born.value or None,
        sex[:1] if sex[:1] in ("M", "F", "U", "X") else "",
        len(sex) == 2 and sex.endswith("I"),
        name_part(parts[7]),
        given,
        tuple(problems),
    )


def doco(text: str, calendar: Calendar) -> tuple[str, dict[str, Any] | None, tuple[tuple[Problem, str, str], ...]]:
    """Place of birth, the visa (birth place / type / number / place of issue / issued / country it is for), and what
    is wrong with its date, as in :class:`Docs`.
    """
    place, type, number, issued_at, issued, country = [*fields(text), *[""] * 6][:6]
    paper = None
    if number:
        paper = document(type.upper() or "V", number, country.upper())
        day = calendar.named(issued)
        paper |= {"issued": day.value or None, "issued_at": issued_at}
        if issued and day.problem:
            return place, paper, ((day.problem, N_("date of issue"), issued),)
    return place, paper, ()


def doca(text: str) -> dict[str, str]:
    """An address: type (R residence, D destination) / country / street / city / region / postcode."""
    keys = ("type", "country", "street", "city", "region", "postcode")
    return {key: value for key, value in zip(keys, fields(text), strict=False) if value}


def infant(text: str, calendar: Calendar) -> tuple[str, str, str | None]:
    """SSR INFT: surname, given name, date of birth; the date stands after a slash or a blank."""
    parts = fields(text)
    born = None
    last = parts[-1].rpartition(" ")[2]
    found = calendar.named(last, birth=True)
    if found.value:
        born = found.value
        parts[-1] = parts[-1][: -len(last)].strip()
    kept = [part for part in parts if part]
    return (kept[0] if kept else ""), (kept[1] if len(kept) > 1 else ""), born


def contact(text: str) -> dict[str, str] | None:
    """A CTCx remark: ``CTCE NAME//MAIL.COM`` is an address written without @."""
    match = _CONTACT.search(text.upper())
    if match is None or not match[2].strip():
        return None
    kind = _KINDS.get(match[1] or "", "phone")
    value = match[2].strip()
    if kind == "email":
        value = email(value)
    elif kind != "address":
        value = _LANGUAGE.sub("", value)
    return {"type": kind, "value": value}


def email(value: str) -> str:
    """AIRIMP writes ``//`` for @, ``..`` for an underscore and ``./`` for a hyphen."""
    if "@" not in value:
        value = value.replace("//", "@", 1).replace("..", "_").replace("./", "-")
    return value.lower()


def seat_numbers(ssr: Ssr) -> Sequence[tuple[str, str]]:
    """Seats asked for or given, each with its traveller's reference where it has one; XXX and the like are none."""
    found = [(_clean(seat), reference) for seat, reference in ssr.seats]
    if not any(seat for seat, _ in found):
        found = [(seat, "") for seat in re.findall(r"\d{2}[A-Z]", ssr.text)]
    return [(seat, reference) for seat, reference in found if seat]


def _clean(seat: str) -> str:
    match = _SEAT.match(seat.strip())
    return match[1] if match else ""
