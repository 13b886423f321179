"""JSON manifests, read with a finding for each traveller that is not right, and written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from pydantic import ValidationError

from otay.core.findings import Finding
from otay.formats.declaration import parse_json
from otay.formats.declaration_findings import structural_findings
from otay.formats.manifest import CREW, TRANSIT_CREW, Record, flight, full_name, traveller
from otay.formats.manifest_json.shape import Header, Manifest, Traveller
from otay.formats.registry import ReadResult

KEY = "manifest"


def read(data: bytes, name: str = "") -> ReadResult:
    """One manifest, a list of them, or ``{"manifests": [...]}``."""
    parsed, problem = parse_json(data)
    if problem:
        return ReadResult(KEY, [], (problem,))
    records: list[Record] = []
    findings: list[Finding] = []
    for place, entry in _entries(parsed):
        record, found = _manifest(entry)
        findings += [replace(item, place=place + item.place) for item in found]
        if record is not None:
            records.append(record)
    return ReadResult(KEY, records, tuple(findings))


def _entries(parsed: Any) -> list[tuple[str, Any]]:
    if isinstance(parsed, dict) and set(parsed) == {"manifests"} and isinstance(parsed["manifests"], list):
        return [(f"/manifests/{index}", entry) for index, entry in enumerate(parsed["manifests"])]
    if isinstance(parsed, list):
        return [(f"/{index}", entry) for index, entry in enumerate(parsed)]
    return [("", parsed)]


def _manifest(entry: Any) -> tuple[Record | None, list[Finding]]:
    try:
        manifest = Manifest.model_validate(entry)
    except ValidationError as failure:
        return None, structural_findings(failure)
    travellers, findings = [], []
    for index, given in enumerate(manifest.travellers):
        try:
            person = Traveller.model_validate(given)
        except ValidationError as failure:
            found = structural_findings(failure)
            findings += [replace(item, place=f"/travellers/{index}{item.place}") for item in found]
            continue
        plain = traveller(person.role, person.given, person.surnames) | _plain(person.model_dump(exclude_unset=True))
        plain["full_name"] = plain["full_name"] or full_name(plain["given"], plain["surnames"])
        travellers.append(plain)
    crew = sum(person["role"] in (CREW, TRANSIT_CREW) for person in travellers)
    counted = {"travellers": len(travellers), "passengers": len(travellers) - crew, "crew": crew}
    stated = _plain(manifest.model_dump(exclude={"travellers"}, exclude_unset=True))
    header = _plain(Header().model_dump()) | stated.get("message", {})
    flights = [flight(leg.carrier, leg.number) for leg in manifest.flights]
    record = {
        **stated,
        "message": header,
        "flights": [bare | leg for bare, leg in zip(flights, stated.get("flights", []), strict=True)],
        "travellers": travellers,
        "totals": {"stated": None, **stated.get("totals", {}), **counted},
    }
    return record, findings


def _plain(value: Any) -> Any:
    """Dates as ISO text, as in all records."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="minutes")
    if isinstance(value, date):
        return value.isoformat()
    return value


def write(result: ReadResult) -> Sequence[bytes]:
    """All records as one text."""
    body: Any = result.records[0] if len(result.records) == 1 else {"manifests": result.records}
    return [json.dumps(body, ensure_ascii=False, indent=2, default=str).encode() + b"\n"]
