"""Records to XML: the known elements in the order of the table, those kept as they stood after them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from otay.core.errors import Refused
from otay.core.findings import Finding, error
from otay.core.i18n import N_
from otay.formats.ncts.elements import NAMESPACE, PHASE, groups
from otay.formats.ncts.values import to_text
from otay.formats.registry import ReadResult
from otay.formats.wco.tree import to_bytes

_OWN = ("message", "meaning", "phase", "namespace", "qualified", "other")
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
Node = dict[str, Any]


def write(result: ReadResult) -> list[bytes]:
    """One document a record.

    Raises:
        Refused: when a record is no NCTS message, or holds something that has no element.
    """
    return [write_message(record) for record in result.records]


def write_message(record: Mapping[str, Any]) -> bytes:
    """One message as XML."""
    message = record.get("message")
    if not isinstance(message, str) or not re.fullmatch(r"CC\d{3}[A-Z]", message):
        found = error("/message", "ncts.message", N_("The record does not say which message it is."), message)
        raise Refused(N_("This record is not an NCTS message."), findings=[found])
    findings: list[Finding] = []
    namespace = record.get("namespace", NAMESPACE)
    content = {key: value for key, value in record.items() if key not in _OWN or key == "other"}
    children = list(_children(content, "MESSAGE", f"/{message}", findings))
    if findings:
        raise Refused(N_("This record cannot be written as an NCTS message."), findings=findings)
    if namespace and not record.get("qualified"):
        for child in children:
            child.setdefault("namespace", "")
    root: Node = {
        "name": message,
        "namespace": namespace,
        "prefixes": {"ncts": namespace} if namespace else {},
        "attributes": {"PhaseID": str(record.get("phase") or PHASE)},
        "children": children,
    }
    return to_bytes(root) + b"\n"


def _children(content: Mapping[str, Any], group: str, place: str, findings: list[Finding]) -> Iterator[Node]:
    known = {member.key for member in groups()[group]}
    findings += [
        error(f"{place}/{key}", "ncts.unknown", N_("There is no element for this."), key)
        for key in content
        if key not in known and key != "other"
    ]
    for member in groups()[group]:
        if member.key not in content or content[member.key] is None:
            continue
        value = content[member.key]
        values = value if member.many and isinstance(value, list) else [value]
        for item in values:
            here = f"{place}/{member.xml}"
            if member.type:
                yield _leaf(member.xml, item, here, findings)
            elif isinstance(item, Mapping):
                yield {"name": member.xml, "children": list(_children(item, member.xml, here, findings))}
            else:
                findings.append(error(here, "ncts.group", N_("This element holds others, not a value."), item))
    for kept in content.get("other", ()):
        yield dict(kept)


def _leaf(name: str, value: Any, place: str, findings: list[Finding]) -> Node:
    if not isinstance(value, str | int | float) or _UNPRINTABLE.search(text := to_text(value)):
        findings.append(error(place, "ncts.text", N_("This value cannot stand in XML."), repr(value)))
        return {"name": name}
    return {"name": name, "text": text} if text else {"name": name}
