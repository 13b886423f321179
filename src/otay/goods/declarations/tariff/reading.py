"""Rows of a file or a request, read into rates and tariff lines with every finding at once. Pure.

A row is text by column. Dates are ISO 8601, numbers have a point for their decimals and no separator of thousands.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from otay.core.codes import country_known, currency_known, hs_description
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.core.measures import dimension
from otay.formats.tabular.text import SEPARATORS, decode
from otay.goods.declarations.tariff.domain import ANY, Line, Rate, plain

Item = TypeVar("Item", Rate, Line)
MOST_ROWS = 100_000
MOST_BYTES = 8 * 1024 * 1024
#: A rate or a line may be announced so many days ahead; a later date is a slip of the pen.
AHEAD = timedelta(days=3660)
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,12})?", re.ASCII)
#: Chapters that HS leaves to each country, and the one that it keeps free.
_NO_COMMON_TEXT = ("98", "99", "77")
HEADINGS = {
    "currency": ("currency", "moneda", "divisa"),
    "since": ("since", "date", "from", "fecha", "desde"),
    "rate": ("rate", "tipo_de_cambio", "tipo"),
    "source": ("source", "fuente"),
    "hs": ("hs", "code", "goods_code", "fraccion", "codigo"),
    "origin": ("origin", "origen", "country", "pais"),
    "start": ("start", "from", "valid_from", "desde"),
    "end": ("end", "to", "until", "valid_to", "hasta"),
    "ad_valorem": ("ad_valorem", "rate", "duty", "arancel"),
    "specific": ("specific", "especifico"),
    "unit": ("unit", "unidad"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it came. ``place``: where a column of it stands, for findings."""

    cells: Mapping[str, str]
    place: Callable[[str], str]


@dataclass(slots=True)
class Read(Generic[Item]):
    """What was read: items with the rows they stand in, and what is wrong with the others."""

    items: list[tuple[Row, Item]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Problem(Exception):
    """A cell that cannot be used."""

    def __init__(self, column: str, rule: str, message: str, value: object = "", remedy: str = "") -> None:
        super().__init__(message)
        self.column, self.rule, self.message, self.value, self.remedy = column, rule, message, value, remedy

    def at(self, row: Row) -> Finding:
        return error(row.place(self.column), self.rule, self.message, self.value, self.remedy)


def rows_of_csv(data: bytes, columns: Sequence[str], needed: Sequence[str]) -> tuple[list[Row], list[Finding]]:
    """The rows of a CSV file whose first line names ``columns``, in English or Spanish; empty lines are passed over."""
    if len(data) > MOST_BYTES:
        return [], [error("/", "table.size", N_("The file has more than 8 MB"), len(data), N_("Send it in parts."))]
    text, _encoding = decode(data)
    first = text.partition("\n")[0]
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count), strict=True)
    try:
        named = _columns(next(reader, []), columns)
        missing = [name for name in needed if name not in named.values()]
        if missing:
            return [], [_no_column(name) for name in missing]
        return _numbered(reader, named)
    except csv.Error as problem:
        message = N_("This is not a table: %(reason)s.")
        return [], [error(f"line {reader.line_num}", "table.syntax", message, reason=str(problem))]


def _columns(heads: Sequence[str], columns: Sequence[str]) -> dict[int, str]:
    named: dict[int, str] = {}
    for at, head in enumerate(heads):
        name = head.strip().lower().replace(" ", "_").replace("ó", "o").replace("í", "i")
        found = next((one for one in columns if name in HEADINGS[one] and one not in named.values()), None)
        if found:
            named[at] = found
    return named


def _no_column(name: str) -> Finding:
    return error("line 1", "table.column", N_("The table has no column %(need)s"), "", N_("Name it in the first line."),
                 need=name)  # fmt: skip


def _numbered(reader: Iterator[list[str]], named: Mapping[int, str]) -> tuple[list[Row], list[Finding]]:
    rows: list[Row] = []
    for cells in reader:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MOST_ROWS:
            return [], [_too_many()]
        given = {name: cells[at].strip() if at < len(cells) else "" for at, name in named.items()}
        line = reader.line_num  # type: ignore[attr-defined]
        rows.append(Row(given, lambda column, line=line: f"line {line}, {column}"))  # type: ignore[misc]
    if not rows:
        return [], [error("line 2", "table.empty", N_("The table has no rows"))]
    return rows, []


def _too_many() -> Finding:
    return error("/", "table.rows", N_("The table has more than %(most)s rows"), "", N_("Send it in parts."),
                 most=MOST_ROWS)  # fmt: skip


def rows_of_json(records: Iterable[Mapping[str, Any]], root: str) -> list[Row]:
    """The rows of a request: objects whose values are text, numbers, dates or null."""
    return [
        Row(
            {name: "" if value is None else _plain(value) for name, value in record.items()},
            lambda column, at=at: f"/{root}/{at}/{column}",  # type: ignore[misc]
        )
        for at, record in enumerate(records)
    ]


def _plain(value: object) -> str:
    return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value).strip()


def read_rates(rows: Iterable[Row], *, base: str, source: str, today: date) -> Read[Rate]:
    """Rates of exchange; ``source`` stands in where a row names none."""
    return _read(rows, lambda row: _rate(row.cells, base, source, today), ("currency", "since"))


def read_lines(rows: Iterable[Row], *, source: str, today: date) -> Read[Line]:
    """Lines of a tariff; ``source`` stands in where a row names none."""
    return _read(rows, lambda row: _line(row.cells, source, today), ("hs", "origin", "start"))


def _read(rows: Iterable[Row], make: Callable[[Row], Item], identity: Sequence[str]) -> Read[Item]:
    read: Read[Item] = Read()
    seen: dict[tuple[Any, ...], Item] = {}
    for row in rows:
        try:
            item = make(row)
        except _Problem as problem:
            read.findings.append(problem.at(row))
            continue
        key = tuple(getattr(item, name) for name in identity)
        if (earlier := seen.setdefault(key, item)) is item:
            read.items.append((row, item))
        elif earlier != item:
            told = ", ".join(str(part) for part in key if part)
            read.findings.append(
                error(
                    row.place(identity[0]),
                    "table.twice",
                    N_("The table says this twice, and differently"),
                    told,
                    N_("Leave one of the two."),
                )
            )
    return read


def _rate(cells: Mapping[str, str], base: str, source: str, today: date) -> Rate:
    currency = cells.get("currency", "").upper()
    if not currency_known(currency):
        raise _Problem("currency", "rates.currency", N_("Expected a currency of ISO 4217, three letters"), currency)
    if currency == base:
        raise _Problem(
            "currency", "rates.base", N_("This is the node's own currency, whose rate is one"), currency,
            N_("Give units of the node's currency for one of another."),
        )  # fmt: skip
    return Rate(
        currency, _day(cells, "since", today), _number(cells, "rate", least=Decimal("1e-12")), _source(cells, source)
    )


def _line(cells: Mapping[str, str], source: str, today: date) -> Line:
    hs = cells.get("hs", "").replace(".", "").replace(" ", "")
    if not (hs.isascii() and hs.isdecimal() and len(hs) in range(2, 13, 2)):
        raise _Problem("hs", "tariff.hs", N_("Expected a goods code of 2, 4, 6, 8, 10 or 12 digits"), hs)
    if not hs.startswith(_NO_COMMON_TEXT) and hs_description(hs[:6]) is None:
        raise _Problem(
            "hs", "tariff.hs_known", N_("The Harmonized System has no such chapter, heading or subheading"), hs[:6],
            N_("Check the first six digits against HS 2022."),
        )  # fmt: skip
    origin = cells.get("origin", "").upper()
    if origin in ("*", "ANY", "TODOS"):
        origin = ANY
    if origin and not country_known(origin):
        raise _Problem("origin", "tariff.origin", N_("Expected a country of ISO 3166, two letters, or nothing for any"),
                       origin)  # fmt: skip
    start = _day(cells, "start", today)
    end = _day(cells, "end", today, ahead=False) if cells.get("end") else None
    if end is not None and end < start:
        raise _Problem("end", "tariff.period", N_("The line ends before it begins"), end)
    ad_valorem = _number(cells, "ad_valorem", most=Decimal(3000), places=4)
    specific = _number(cells, "specific", places=6) if cells.get("specific") else None
    unit, currency = (cells.get(name, "").upper() if specific else "" for name in ("unit", "currency"))
    if specific and dimension(unit) is None:
        raise _Problem("unit", "tariff.unit", N_("An amount for a unit needs the unit (KGM, LTR, C62...)"), unit)
    if specific and not currency_known(currency):
        raise _Problem("currency", "tariff.currency", N_("An amount for a unit needs its currency"), currency)
    return Line(hs, origin, start, end, ad_valorem, specific or None, unit, currency, _source(cells, source))


def _day(cells: Mapping[str, str], column: str, today: date, *, ahead: bool = True) -> date:
    text = cells.get(column, "")
    try:
        found = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        found = None
    if found is None or found.year < 1970:
        raise _Problem(column, "table.date", N_("Expected a date such as 2026-01-31"), text)
    if ahead and found > today + AHEAD:
        raise _Problem(column, "table.ahead", N_("Expected a date of at most ten years from now"), text)
    return found


def _number(
    cells: Mapping[str, str], column: str, *, least: Decimal = Decimal(0), most: Decimal = Decimal(10) ** 12,
    places: int = 12,
) -> Decimal:  # fmt: skip
    text = cells.get(column, "")
    found = Decimal(text) if _NUMBER.fullmatch(text) else None
    if found is None or not least <= found < most or found != round(found, places):
        raise _Problem(
            column, "table.number", N_("Expected a number that is not negative, with a point for its decimals"), text,
            N_("A rate of exchange is above zero; a duty is at most 3000 per cent, with four decimals."),
        )  # fmt: skip
    return plain(found)


def _source(cells: Mapping[str, str], otherwise: str) -> str:
    text = (cells.get("source") or otherwise).strip()
    if not 3 <= len(text) <= 200 or not text.isprintable():
        raise _Problem("source", "table.source", N_("Say where it was published, in 3 to 200 characters"), text)
    return text


COLUMNS: Mapping[str, tuple[str, ...]] = {
    "rates": tuple(one.name for one in fields(Rate)),
    "lines": tuple(one.name for one in fields(Line)),
}
NEEDED: Mapping[str, tuple[str, ...]] = {
    "rates": ("currency", "since", "rate"),
    "lines": ("hs", "start", "ad_valorem"),
}
