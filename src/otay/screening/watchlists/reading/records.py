"""Our own two shapes of a list: a CSV table, a line an entry; and JSON objects with the members of an entry.

CSV columns: ``key`` (or ``id``), ``kind``, ``name`` or ``given`` with ``surname1`` and ``surname2`` (or ``surnames``),
``aliases`` (several apart by ``;``), ``birth_date``, ``sex``, ``nationality``, ``document``, ``document_type``,
``document_issuer``, ``category``, ``valid_from``, ``valid_until``, ``reference``, ``remarks``, ``action``. Any other
column is kept with the entry.

JSON members: ``key``, ``kind``, ``category``, ``names`` (texts, or objects with given, surnames, full_name),
``birth_dates``, ``sex``, ``nationalities``, ``documents`` (texts, or objects with number, type, issuer),
``valid_from``, ``valid_until``, ``reference``, ``remarks``, ``action``; any other member is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from otay.core.findings import error
from otay.core.i18n import N_
from otay.screening.name_tables import Row, table_of
from otay.screening.watchlists.reading.entries import Raw, Read, Report, keep, name_parts
from otay.screening.watchlists.reading.text import Item

KINDS = {
    "person": "person", "persona": "person", "individual": "person", "organisation": "organisation",
    "organization": "organisation", "organización": "organisation", "organizacion": "organisation",
    "company": "organisation", "empresa": "organisation", "document": "document", "documento": "document",
    "passport": "document", "pasaporte": "document",
}  # fmt: skip
NEEDED = (("name",), ("given", "surname1"), ("given", "surnames"), ("document",))
"""A table has all columns of one of these."""
_COLUMNS = frozenset(
    [
        "key", "id", "kind", "name", "given", "surname1", "surname2", "surnames", "aliases", "birth_date", "sex",
        "nationality", "document", "document_type", "document_issuer", "category", "valid_from", "valid_until",
        "reference", "remarks", "action",
    ]
)  # fmt: skip
_MEMBERS = frozenset(
    [
        "key", "id", "kind", "category", "names", "name", "birth_dates", "birth_date", "sex", "nationalities",
        "nationality", "documents", "document", "valid_from", "valid_until", "reference", "remarks", "action", "extras",
    ]
)  # fmt: skip


def read_csv(data: bytes, name: str, category: str, report: Report | None = None) -> Read:
    """The entries of a table.

    Raises:
        Refused: when it is not a table, or has neither names nor documents.
    """
    table = table_of(data, name, *NEEDED)
    read = Read("csv")
    for finding in table.findings:
        read.found(finding)
    return keep(read, (_raw(name, row) for row in table.rows), category, total=len(table.rows), report=report)


def _raw(name: str, row: Row) -> Raw:
    cells = row.cells
    surnames = " ".join(filter(None, (cells.get(part, "") for part in ("surname1", "surname2", "surnames"))))
    names = [name_parts(cells.get("given", ""), surnames, cells.get("name", ""))]
    names += [name_parts(full_name=alias.strip()) for alias in cells.get("aliases", "").split(";")]
    numbers = cells.get("document", "").split(";")
    kind = cells.get("kind", "").lower()
    return Raw(
        place=f"{name}, line {row.line}",
        key=cells.get("key") or cells.get("id", ""),
        kind=KINDS.get(kind, kind),
        category=cells.get("category", "").lower(),
        names=names,
        births=[part for part in cells.get("birth_date", "").split(";") if part.strip()],
        sexes=[cells.get("sex", "")],
        nationalities=cells.get("nationality", "").replace(",", ";").split(";"),
        documents=[
            {
                "number": number.strip(), "type": cells.get("document_type", ""),
                "issuer": cells.get("document_issuer", ""),
            }
            for number in numbers
        ],
        extras={column: value for column, value in cells.items() if column not in _COLUMNS},
        **{
            part: cells.get(part, "") for part in ("valid_from", "valid_until", "reference", "remarks", "action")
        },
    )  # fmt: skip


def read_json(items: Sequence[Item], category: str, report: Report | None = None) -> Read:
    """The entries of JSON objects."""
    read = Read("json")
    return keep(read, _objects(read, items), category, total=len(items), report=report)


def _objects(read: Read, items: Sequence[Item]) -> Iterator[Raw]:
    for item in items:
        if not isinstance(item.value, dict):
            read.found(error(item.place, "watchlist.shape", N_("Expected an object."), item.value))
            continue
        yield _from_object(item.place, item.value)


def _from_object(place: str, raw: Mapping[str, Any]) -> Raw:
    kind = str(raw.get("kind") or "").lower()
    extras = {key: value for key, value in raw.items() if key not in _MEMBERS}
    more = raw.get("extras")
    return Raw(
        place=place,
        key=_text(raw.get("key", raw.get("id"))),
        kind=KINDS.get(kind, kind),
        category=str(raw.get("category") or "").lower(),
        names=[_parts(value) for value in _list(raw.get("names", raw.get("name")))],
        births=[_text(value) for value in _list(raw.get("birth_dates", raw.get("birth_date")))],
        sexes=[_text(raw.get("sex"))],
        nationalities=[_text(value) for value in _list(raw.get("nationalities", raw.get("nationality")))],
        documents=[_document(value) for value in _list(raw.get("documents", raw.get("document")))],
        extras={**extras, **(more if isinstance(more, dict) else {})},
        **{part: _text(raw.get(part)) for part in ("valid_from", "valid_until", "reference", "remarks", "action")},
    )


def _text(value: Any) -> Any:
    """Text as it is, numbers as text; what is neither goes on to be refused."""
    return "" if value is None else str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _list(value: Any) -> list[Any]:
    return [] if value is None or value == "" else value if isinstance(value, list) else [value]


def _parts(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        surnames = value.get("surnames") or [value.get("surname1"), value.get("surname2")]
        joined = " ".join(filter(None, surnames)) if _texts(surnames) else surnames
        return {"given": _text(value.get("given")), "surnames": joined, "full_name": _text(
            value.get("full_name", value.get("name")))}  # fmt: skip
    return {"full_name": _text(value)}


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(item is None or isinstance(item, str) for item in value)


def _document(value: Any) -> Mapping[str, Any]:
    if isinstance(value, dict):
        return {part: _text(value.get(part)) for part in ("number", "type", "issuer")}
    return {"number": _text(value)}
