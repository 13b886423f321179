"""Records to machine-readable zones, with check digits and Doc 9303's ways of truncation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.formats.mrz.characters import FILLER, check_digit, transliterate
from otay.formats.mrz.layouts import LAYOUTS, MRV_A, TD1, TD3, Layout, Span
from otay.formats.registry import ReadResult

_NUMBER = 9


def write(result: ReadResult) -> Sequence[bytes]:
    """One text a traveller with a document, its lines ended by line feeds.

    Raises:
        Refused: if a traveller cannot be written as a zone.
    """
    texts = []
    for record in result.records:
        layout = LAYOUTS.get((record.get("mrz") or {}).get("layout") or "")
        optional = (record.get("mrz") or {}).get("optional") or []
        for person in record.get("travellers") or []:
            for paper in (person.get("documents") or [])[:1]:
                lines = zone(person, paper, layout=layout, optional=optional)
                texts.append("".join(line + "\n" for line in lines).encode())
    if not texts:
        raise Refused(N_("There is no traveller with a document to write."))
    return texts


def layout_for(type: str) -> Layout:
    """Passports are TD3, visas MRV-A, all else a card of the size TD1."""
    return {"P": TD3, "V": MRV_A}.get(type[:1], TD1)


def zone(
    person: Mapping[str, Any],
    paper: Mapping[str, Any],
    *,
    layout: Layout | None = None,
    optional: Sequence[str] = (),
) -> list[str]:
    """The lines of one document.

    Args:
        person: a traveller of a manifest record.
        paper: one of its documents.
        layout: else by the document's type.
        optional: what stands in the optional elements.

    Raises:
        Refused: if something does not fit or may not stand in a zone; the finding says what.
    """
    layout = layout or layout_for(paper.get("type") or "P")
    grid = [[FILLER] * layout.width for _ in range(layout.lines)]

    def put(span: Span, value: str) -> None:
        line, start, end = span
        grid[line][start:end] = list(value[: end - start].ljust(end - start, FILLER))

    def cut(span: Span) -> str:
        line, start, end = span
        return "".join(grid[line][start:end])

    def put_digit(span: Span) -> None:
        line, _, end = span
        grid[line][end] = check_digit(cut(span))

    put((0, 0, 2), _plain(paper.get("type") or "P", "type"))
    put((0, 2, 5), _plain(paper.get("issuer") or "", "issuer"))
    _, start, end = layout.name
    put(layout.name, name_field(person.get("surnames") or "", person.get("given") or "", end - start))
    extra = [_plain(part, "optional") for part in optional]
    for span, value in zip(layout.optional, extra, strict=False):
        put(span, value)
    _put_number(layout, _plain(paper.get("number") or "", "number"), extra, put, put_digit, grid)
    put(layout.nationality, _plain(person.get("nationality") or "", "nationality"))
    put(layout.birth, _birth(person))
    put_digit(layout.birth)
    put(layout.sex, {"M": "M", "F": "F"}.get(person.get("sex") or "", FILLER))
    put(layout.expiry, _short(paper.get("expiry")))
    put_digit(layout.expiry)
    if layout.optional_checked and cut(layout.optional[0]).strip(FILLER):
        put_digit(layout.optional[0])
    if layout.composite:
        at_line, at = layout.composite_at
        grid[at_line][at] = check_digit("".join(cut(span) for span in layout.composite))
    return ["".join(row) for row in grid]


def _put_number(layout: Layout, number: str, extra: Sequence[str], put: Any, put_digit: Any, grid: Any) -> None:
    put(layout.number, number)
    if len(number) <= _NUMBER:
        put_digit(layout.number)
        return
    _, start, end = layout.optional[0]
    rest = number[_NUMBER:] + check_digit(number) + FILLER
    first = extra[0] if extra else ""
    if not layout.long_number or len(rest) - 1 + len(first) > end - start:
        message = N_("A document number of %(length)s characters does not fit in %(layout)s.")
        found = error("/documents/0/number", "mrz.number", message, number, length=len(number), layout=layout.key)
        raise Refused(message, findings=(found,), length=len(number), layout=layout.key)
    put(layout.optional[0], rest + first)


def name_field(surnames: str, given: str, width: int) -> str:
    """The name in ``width`` characters; one that is too long is cut so that its last character is a letter."""
    primary, secondary = transliterate(surnames), transliterate(given)
    if not primary and not secondary:
        message = N_("The name has no letter that a zone may hold.")
        found = error("/surnames", "mrz.name", message, f"{given} {surnames}".strip())
        raise Refused(message, findings=(found,))
    if not primary:
        primary, secondary = secondary, ""
    whole = f"{primary}{FILLER * 2}{secondary}" if secondary else primary
    if len(whole) <= width:
        return whole.ljust(width, FILLER)
    if not secondary:
        return _cut(primary, width)
    if len(primary) > width - 3:  # room for the first letter of the given names
        primary = _cut(primary, width - 3)
    return f"{primary}{FILLER * 2}{_cut(secondary, width - len(primary) - 2)}".ljust(width, FILLER)


def _cut(name: str, width: int) -> str:
    """The first ``width`` characters; where that would end between two names, one letter less of the first."""
    if len(name) <= width:
        return name
    cut = name[:width]
    if not cut.endswith(FILLER):
        return cut
    if width < 3 or cut[-3] == FILLER:
        return cut.rstrip(FILLER)
    return cut[:-2] + FILLER + name[width]


def _plain(value: str, what: str) -> str:
    plain = value.upper().replace(" ", FILLER).replace("-", FILLER)
    if not all(mark == FILLER or (mark.isascii() and mark.isalnum()) for mark in plain):
        message = N_("A zone holds letters A to Z and digits only.")
        raise Refused(message, findings=(error(f"/{what}", "mrz.characters", message, value),))
    return plain


def _short(day: str | None) -> str:
    return day[2:].replace("-", "") if day else FILLER * 6


def _birth(person: Mapping[str, Any]) -> str:
    sent = str(person.get("birth_date_sent") or "")
    if not person.get("birth_date") and len(sent) == 6:
        return _plain(sent, "birth_date")
    return _short(person.get("birth_date"))
