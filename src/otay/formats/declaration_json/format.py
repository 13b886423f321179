"""The JSON declaration's entry in the registry."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

KEY = "declaration"
MAX_BYTES = 16 * 1024 * 1024


def _detect(data: bytes, name: str) -> float:
    return 0.5 if data[:64].removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[") else 0


def _read(data: bytes, name: str) -> ReadResult:
    """Each declaration stands for itself: a refused one does not refuse its neighbours."""
    from otay.formats.declaration import core_record, parse_json, read_declaration

    parsed, problem = parse_json(data)
    if problem:
        return ReadResult(KEY, [], (problem,))
    records, findings = [], []
    for place, entry in _entries(parsed):
        declaration, found = read_declaration(
            entry if isinstance(entry, dict) else json.dumps(entry, default=str).encode()
        )
        findings += [replace(item, place=place + item.place) for item in found]
        if declaration:
            records.append(core_record(declaration))
    return ReadResult(KEY, records, tuple(findings))


def _entries(parsed: Any) -> list[tuple[str, Any]]:
    if isinstance(parsed, dict) and set(parsed) == {"declarations"} and isinstance(parsed["declarations"], list):
        return [(f"/declarations/{index}", entry) for index, entry in enumerate(parsed["declarations"])]
    if isinstance(parsed, list):
        return [(f"/{index}", entry) for index, entry in enumerate(parsed)]
    return [("", parsed)]


def _write(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.declaration import core_record, lenient

    plain = [core_record(lenient(record)[0]) for record in result.records]
    body: Any = plain[0] if len(plain) == 1 else {"declarations": plain}
    return [json.dumps(body, ensure_ascii=False, indent=2).encode() + b"\n"]


FORMATS = (Format(KEY, N_("Declaration, JSON"), _detect, _read, _write, MAX_BYTES),)
