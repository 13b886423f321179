"""From rows to declarations and back. Findings name the line and the column that a person sees in the spreadsheet."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_
from otay.formats.declaration import core_record, lenient, read_declaration
from otay.formats.registry import ReadResult
from otay.formats.tabular.columns import HEADER, ITEM, ITEM_PREFIX, heading, path_of

MAX_ROWS = 200_000
_MAX_INDEX = 9_999

Row = tuple[int, Sequence[str]]
"""Line number and cells."""


@dataclass(slots=True)
class _Draft:
    """A declaration while its rows come in; ``places`` remembers where each value stood."""

    line: int
    values: dict[str, str] = field(default_factory=dict)
    items: list[dict[str, str]] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)


def read_rows(rows: Iterable[Row], format: str, found: Sequence[Finding] = ()) -> ReadResult:
    """The declarations in ``rows``, the first of which holds the headings.

    A row that is wrong refuses its own declaration only.
    """
    findings = list(found)
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return ReadResult(format, [], (*findings, error("", "table.empty", N_("The table is empty."))))
    columns, problems = _columns(first)
    findings += problems
    if "reference" not in columns.values():
        message = N_("There is no column for the reference, which tells the declarations apart.")
        remedy = N_("Name the columns in the first line; otay read --template csv writes an example.")
        findings.append(error(f"line {first[0]}", "table.reference", message, remedy=remedy))
        return ReadResult(format, [], tuple(findings))
    records = []
    for draft in _drafts(rows, columns, {index: first[1][index] for index in columns}, findings):
        record, problems = _declaration(draft)
        findings += problems
        if record is not None:
            records.append(record)
    return ReadResult(format, records, tuple(findings))


def _columns(first: Row) -> tuple[dict[int, str], list[Finding]]:
    line, cells = first
    columns: dict[int, str] = {}
    findings = []
    for index, name in enumerate(cells):
        if not name.strip():
            continue
        place = f"line {line}, column {name.strip()[:40]}"
        path = path_of(name)
        if path is None:
            message = N_("There is no element of this name: the column is not read.")
            findings.append(warning(place, "table.column", message, name, N_("Correct or remove the heading.")))
        elif path in columns.values():
            findings.append(error(place, "table.column_twice", N_("The column stands twice."), name))
        else:
            columns[index] = path
    return columns, findings


def _drafts(
    rows: Iterator[Row], columns: Mapping[int, str], names: Mapping[int, str], findings: list[Finding]
) -> Iterable[_Draft]:
    drafts: dict[str, _Draft] = {}
    key_column = next(index for index, path in columns.items() if path == "reference")
    for count, (line, cells) in enumerate(rows, start=1):
        if count > MAX_ROWS:
            message = N_("Only the first %(limit)s rows are read.")
            findings.append(error(f"line {line}", "table.rows", message, remedy=N_("Split it."), limit=MAX_ROWS))
            break
        if not any(cell.strip() for cell in cells):
            continue
        reference = cells[key_column].strip() if key_column < len(cells) else ""
        if not reference:
            place = f"line {line}, column {names[key_column].strip()}"
            message = N_("The row has no reference, so it belongs to no declaration.")
            findings.append(error(place, "table.no_reference", message, remedy=N_("Repeat the reference in each row.")))
            continue
        draft = drafts.setdefault(reference, _Draft(line))
        if len(cells) > len(names) and any(cell.strip() for cell in cells[max(names) + 1 :]):
            message = N_("The row has more cells than there are headings.")
            draft.findings.append(error(f"line {line}", "table.cells", message, remedy=N_("Put text in quotes.")))
        _add(draft, line, {columns[i]: (cells[i].strip(), names[i].strip()) for i in columns if i < len(cells)})
    return drafts.values()


def _add(draft: _Draft, line: int, cells: Mapping[str, tuple[str, str]]) -> None:
    item: dict[str, str] = {}
    index = len(draft.items)
    for path, (value, name) in cells.items():
        if not value:
            continue
        place = f"line {line}, column {name}"
        if path.startswith(ITEM_PREFIX):
            inner = path.removeprefix(ITEM_PREFIX)
            item[inner] = value
            draft.places[f"/items/{index}/{inner}"] = place
        elif draft.values.setdefault(path, value) != value:
            message = N_("Another row of this declaration says %(other)s.")
            remedy = N_("Give it once, or the same in each row.")
            draft.findings.append(error(place, "table.contradiction", message, value, remedy, other=draft.values[path]))
        else:
            draft.places.setdefault(f"/{path}", place)
    if item:
        item.setdefault("number", str(index + 1))
        draft.places.setdefault(f"/items/{index}", f"line {line}")
        draft.items.append(item)


def _declaration(draft: _Draft) -> tuple[dict[str, Any] | None, list[Finding]]:
    data = _nested(draft.values)
    if draft.items:
        data["items"] = [_nested(item) for item in draft.items]
    declaration, findings = read_declaration(data)
    placed = [replace(item, place=_place(draft, item.place)) for item in findings]
    refused = declaration is None or draft.findings
    return (None if refused or declaration is None else core_record(declaration)), [*draft.findings, *placed]


def _place(draft: _Draft, pointer: str) -> str:
    """The cell of a finding, or the nearest that is known."""
    near = pointer
    while near and near not in draft.places:
        near = near.rpartition("/")[0]
    if near == pointer and near:
        return draft.places[near]
    inside = next((place for known, place in draft.places.items() if known.startswith(pointer + "/")), "")
    if inside and pointer:
        return inside
    _, _, inner = pointer.removeprefix("/items/").partition("/")
    names = heading(ITEM_PREFIX + inner if pointer.startswith("/items/") and inner else pointer[1:])
    line = draft.places.get(near, f"line {draft.line}").split(",")[0]
    return f"{line}, column {names}" if names else line


def _nested(flat: Mapping[str, str]) -> dict[str, Any]:
    """``{"invoice/amount/amount": "1"}`` as groups and lists; lists are closed up where an entry was left empty."""
    root: dict[str, Any] = {}
    for path, value in flat.items():
        node: dict[str, Any] = root
        *groups, last = path.split("/")
        for group in groups:
            inner = node.setdefault(group, {})
            if not isinstance(inner, dict):
                inner = node[group] = {}
            node = inner
        node[last] = value
    nested: dict[str, Any] = _lists(root)
    return nested


def _lists(node: Any) -> Any:
    if not isinstance(node, dict):
        return node
    if node and all(key.isdigit() and int(key) <= _MAX_INDEX for key in node):
        return [_lists(node[key]) for key in sorted(node, key=int)]
    return {key: _lists(value) for key, value in node.items()}


def table(records: Sequence[Mapping[str, Any]]) -> tuple[list[str], list[dict[str, str]]]:
    """Paths used, in the order of the documented columns, and one mapping of path to text a row."""
    rows: list[dict[str, str]] = []
    for record in records:
        plain = core_record(lenient(record)[0])
        items = plain.pop("items", None) or [{}]
        header = dict(_flat(plain, ""))
        rows += [
            {**(header if index == 0 else {"reference": header.get("reference", "")}), **dict(_flat(item, ITEM_PREFIX))}
            for index, item in enumerate(items)
        ]
    used = {path for row in rows for path in row}
    known = [*HEADER, *(ITEM_PREFIX + path for path in ITEM)]
    return [path for path in known if path in used] + sorted(used.difference(known)), rows


def _flat(value: Any, prefix: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{prefix}{key}/")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _flat(inner, f"{prefix}{index}/")
    else:
        yield prefix.rstrip("/"), str(value)
