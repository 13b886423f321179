"""CONTRL to records."""

from __future__ import annotations

from typing import Any

from otay.formats.contrl.codes import ACTIONS, ERRORS
from otay.formats.edifact.interchange import Elements, Message, component, read_file
from otay.formats.manifest import Record
from otay.formats.paxlst.reading import about, capped, other_types
from otay.formats.registry import ReadResult

KEY = "contrl"
TYPE = "CONTRL"


def read(data: bytes, name: str = "") -> ReadResult:
    """All syntax reports in ``data``."""
    file = read_file(data)
    findings = [*file.findings, *other_types(file.messages, TYPE)]
    records = []
    for message in file.messages:
        if message.type in (TYPE, ""):
            records.append(_record(message))
            findings += message.findings
    return ReadResult(KEY, records, capped(findings))


def _record(message: Message) -> Record:
    interchange: dict[str, Any] = {"reference": "", "action": "", "error": "", "errors": []}
    messages: list[dict[str, Any]] = []
    for segment in message.segments:
        elements = message.elements(segment)
        tag = elements[0][0].strip().upper()
        if tag == "UCI":
            interchange |= {"reference": component(elements, 1), "sender": component(elements, 2)}
            interchange |= {"recipient": component(elements, 3), **_said(elements, 4)}
        elif tag in ("UCM", "UCF"):
            entry = {"reference": component(elements, 1), "type": component(elements, 2), "errors": []}
            messages.append(entry | _said(elements, 3))
        elif tag == "UCS":
            target = messages[-1] if messages else interchange
            code = component(elements, 2)
            target["errors"].append({"segment": component(elements, 1), "code": code, "meaning": ERRORS.get(code, "")})
        elif tag == "UCD":
            target = messages[-1] if messages else interchange
            code = component(elements, 1)
            error = {"code": code, "meaning": ERRORS.get(code, "")}
            error |= {"element": component(elements, 2), "component": component(elements, 2, 1)}
            target["errors"].append(error)
    header = about(message, TYPE) | {"function": "syntax report"}
    totals = {"stated": None, "travellers": 0, "messages": len(messages)}
    return {
        "message": header,
        "flights": [],
        "travellers": [],
        "totals": totals,
        "interchange": interchange,
        "messages": messages,
    }


def _said(elements: Elements, position: int) -> dict[str, str]:
    action, error = component(elements, position), component(elements, position + 1)
    return {"action": ACTIONS.get(action, action), "error": error, "meaning": ERRORS.get(error, "")}
