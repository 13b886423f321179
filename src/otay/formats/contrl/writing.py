"""CONTRL from what was found in a file, or from a record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from otay.formats.contrl.codes import ACCEPTED, ACTIONS, BY_RULE, REJECTED
from otay.formats.edifact.interchange import Envelope, File, Message
from otay.formats.edifact.writing import Writer, envelope_of, interchange
from otay.formats.registry import ReadResult

_ACTION_CODES = {name: code for code, name in ACTIONS.items()}
_UNSPECIFIED, _MISSING, _NOT_AGREED = "18", "13", "17"
TYPES = ("PAXLST", "PNRGOV", "CUSRES")
# without these a message may be cut off, and must not be answered as if it were whole
_FATAL = ("edifact.no_unt", "edifact.no_message")


def report(file: File, *, prepared: str = "", types: Sequence[str] = TYPES) -> dict[str, Any]:
    """The record of a CONTRL about ``file``; the envelope of its first message is the one that is answered.

    Messages of other than ``types`` are rejected: nothing was agreed about them.
    """
    first = file.messages[0].interchange if file.messages else Envelope()
    messages = [_about(message, types) for message in file.messages]
    rejected = not messages or all(entry["action"] == ACTIONS[REJECTED] for entry in messages)
    codes = [code for finding in file.findings if (code := BY_RULE.get(finding.rule))]
    error = (codes or [_UNSPECIFIED])[0] if rejected and (codes or not messages) else ""
    return {
        "message": {
            "sender": first.recipient,
            "sender_qualifier": first.recipient_qualifier,
            "recipient": first.sender,
            "recipient_qualifier": first.sender_qualifier,
            "prepared": prepared or first.prepared,
            "interchange": first.reference,
            "reference": "1",
            "test": first.test,
        },
        "interchange": {
            "reference": first.reference,
            "sender": first.sender,
            "recipient": first.recipient,
            "action": ACTIONS[REJECTED if rejected else ACCEPTED],
            "error": error,
        },
        "messages": messages,
    }


def cut_off(message: Message) -> bool:
    """True where the end of the message is missing."""
    return any(finding.rule in _FATAL for finding in message.findings)


def _about(message: Message, types: Sequence[str]) -> dict[str, Any]:
    codes = sorted({code for finding in message.findings if (code := BY_RULE.get(finding.rule))})
    begun = any(segment[:3].upper() in ("BGM", "MSG") for segment in message.segments)
    agreed = message.type in types
    rejected = cut_off(message) or not begun or not agreed
    errors = [{"segment": str(len(message.segments) + 2), "code": code} for code in codes]
    if not begun:
        errors.append({"segment": "2", "code": _MISSING})
    elif not agreed:
        errors.append({"segment": "1", "code": _NOT_AGREED})
    return {
        "reference": message.reference,
        "type": ":".join(message.header[2]) if len(message.header) > 2 else "",
        "action": ACTIONS[REJECTED if rejected else ACCEPTED],
        "error": errors[-1]["code"] if rejected else "",
        "errors": errors if rejected else [],
    }


def write(result: ReadResult) -> Sequence[bytes]:
    """One interchange a record."""
    return [write_record(record) for record in result.records]


def write_record(record: Mapping[str, Any]) -> bytes:
    """The record as one interchange of one message."""
    about, about_interchange = record.get("message") or {}, record.get("interchange") or {}
    writer = Writer()
    writer.add(
        "UCI",
        about_interchange.get("reference") or "",
        about_interchange.get("sender") or "",
        about_interchange.get("recipient") or "",
        _code(about_interchange.get("action")),
        about_interchange.get("error") or "",
    )
    for entry in record.get("messages") or []:
        kind = (entry.get("type") or "").split(":")
        writer.add("UCM", entry.get("reference") or "", kind, _code(entry.get("action")), entry.get("error") or "")
        for error in entry.get("errors") or []:
            if "segment" in error:
                writer.add("UCS", error["segment"], error["code"])
            else:
                writer.add("UCD", error["code"], [error.get("element") or "", error.get("component") or ""])
    reference = about.get("reference") or "1"
    envelope = envelope_of(about)
    return interchange([writer.message(reference, "CONTRL:D:3:UN")], syntax=["UNOA", "4"], envelope=envelope)


def _code(action: str | None) -> str:
    return _ACTION_CODES.get(action or "", action or "")
