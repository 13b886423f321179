"""Bytes to records: one message one record, whose keys are the elements' names in small letters.

Nothing is lost: a value of the wrong type stays as text with a warning, an unknown element is kept under ``other``.
A message is refused when it is not safe, well-formed XML, no NCTS message, or lacks what it cannot be without.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from otay.core.findings import Finding, error, info, refuses, warning
from otay.core.i18n import N_
from otay.formats.ncts.elements import MESSAGES, NAMESPACE, REQUIRED, Member, groups
from otay.formats.ncts.rules import broken_rules
from otay.formats.ncts.values import fits, from_text
from otay.formats.registry import ReadResult
from otay.formats.wco.tree import to_tree
from otay.formats.wco.validation import parse

KEY = "ncts"
MAX_FINDINGS = 500
_NAME = re.compile(r"CC\d{3}[A-Z]")
Node = dict[str, Any]


def read(data: bytes, name: str = "") -> ReadResult:
    """The messages in ``data``: the root, or what an envelope holds."""
    root, problem = parse(data)
    if problem:
        return ReadResult(KEY, [], (problem,))
    found = list(_messages(root))
    if not found:
        text = N_("There is no NCTS message in this XML.")
        remedy = N_("Send an element such as CC015C of the namespace %(namespace)s.")
        tag = str(root.tag).rpartition("}")[2]
        return ReadResult(KEY, [], (error("", "ncts.root", text, tag, remedy, namespace=NAMESPACE),))
    records, findings = [], []
    for element in found:
        record, problems = read_message(to_tree(element))
        findings += problems
        if not refuses(problems):
            records.append(record)
    return ReadResult(KEY, records, tuple(findings[:MAX_FINDINGS]))


def _messages(root: Any) -> Iterator[Any]:
    for element in root.iter():
        if isinstance(element.tag, str) and _NAME.fullmatch(element.tag.rpartition("}")[2]):
            yield element


def read_message(tree: Node) -> tuple[dict[str, Any], list[Finding]]:
    """The record of one message and what is wrong with it."""
    message = tree["name"]
    record: dict[str, Any] = {"message": message, "meaning": MESSAGES.get(message)}
    attributes = tree.get("attributes", {})
    record["phase"] = attributes.get("PhaseID")
    if tree.get("namespace", "") != NAMESPACE:
        record["namespace"] = tree.get("namespace", "")
    findings: list[Finding] = []
    if message not in MESSAGES:
        text = N_("This message is not described in public: it is read as far as its elements are known.")
        findings.append(info(f"/{message}", "ncts.message", text, message))
    children = [child for child in tree.get("children", ()) if isinstance(child, dict) and "name" in child]
    if any("namespace" not in child for child in children) and tree.get("namespace"):
        record["qualified"] = True
    record |= _group(children, "MESSAGE", f"/{message}", findings)
    findings += _missing(record, message)
    findings += broken_rules(record)
    return record, findings


def _group(children: list[Node], name: str, place: str, findings: list[Finding]) -> dict[str, Any]:
    members = {member.xml: member for member in groups()[name]}
    order = list(members)
    found: dict[str, Any] = {}
    other: list[Node] = []
    last = 0
    for child in children:
        member = members.get(child["name"])
        here = f"{place}/{child['name']}"
        if member is None:
            findings.append(info(here, "ncts.element", N_("This element is not known here: it is kept as it stands.")))
            other.append(child)
            continue
        at = order.index(member.xml)
        if at < last:
            findings.append(warning(here, "ncts.order", N_("This element comes later than its place.")))
        last = max(last, at)
        if member.key in found and not member.many:
            findings.append(warning(here, "ncts.twice", N_("This element may stand here only once.")))
            other.append(child)
            continue
        _put(found, member, child, here, findings)
    return found | ({"other": other} if other else {})


def _put(found: dict[str, Any], member: Member, child: Node, place: str, findings: list[Finding]) -> None:
    inner = child.get("children", [])
    if member.type:
        value = from_text(str(child.get("text", "")), member.type)
        if inner or not fits(str(child.get("text", "")), member.type):
            text = N_("Expected %(type)s.")
            findings.append(warning(place, "ncts.value", text, child.get("text", ""), type=member.type))
        if inner:
            found.setdefault("other", []).append(child)
            return
    else:
        nested = [item for item in inner if isinstance(item, dict) and "name" in item]
        where = f"{place}[{len(found.get(member.key, ())) + 1}]" if member.many else place
        value = _group(nested, member.xml, where, findings)
    if member.many:
        found.setdefault(member.key, []).append(value)
    else:
        found[member.key] = value


def _missing(record: dict[str, Any], message: str) -> Iterator[Finding]:
    for path in REQUIRED.get(message, ()):
        value: Any = record
        for key in path.split("/"):
            value = value.get(key) if isinstance(value, dict) else None
        if value in (None, "", {}, []):
            text = N_("A %(name)s message needs this element.")
            yield error(f"/{message}/{path}", "ncts.missing", text, name=message)
