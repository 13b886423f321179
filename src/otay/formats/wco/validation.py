"""The door for WCO XML: bounded and safe parsing, and validation against the schemas with findings a person can follow.

The schemas are compiled once. No entity is expanded, no DTD is read, nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from otay.core.findings import Finding, error
from otay.core.i18n import N_

SCHEMAS = Path(__file__).parent / "schemas"
META = "urn:wco:datamodel:WCO:DocumentMetaData-DMS:2"
DEC = "urn:wco:datamodel:WCO:DEC-DMS:2"
MAX_DEPTH = 64
MAX_FINDINGS = 200
_CORRECT = N_("Correct the message at this place and send it again.")


@dataclass(frozen=True, slots=True)
class Message:
    """A parsed document: its root, and the wrapper or declaration inside it that the schemas describe."""

    root: Any
    message: Any
    declaration: Any


@cache
def schema(name: str) -> etree.XMLSchema:
    """A compiled schema: ``submit`` or ``cancel``."""
    return etree.XMLSchema(etree.parse(str(SCHEMAS / "customs" / f"wrapper_{name}.xsd")))


def parse(data: bytes) -> tuple[Any, Finding | None]:
    """The root element, or the one finding that says why there is none."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as failure:
        line, column = failure.position if failure.position[0] else (1, 1)
        reason = re.sub(r", line \d+, column \d+.*$", "", failure.msg or "")
        message = N_("This is not well-formed XML: %(reason)s.")
        place = f"line {line}, column {column}"
        return None, error(place, "xml.syntax", message, _line(data, line), _CORRECT, reason=reason)
    except (ValueError, LookupError) as failure:
        return None, error("", "xml.encoding", N_("This XML cannot be read: %(reason)s."), reason=str(failure)[:100])
    if root.getroottree().docinfo.internalDTD is not None:
        message = N_("A document type declaration is not accepted.")
        return None, error("line 1", "xml.doctype", message, "<!DOCTYPE", N_("Remove it: no message here needs one."))
    if deep := _too_deep(root):
        message = N_("Nested deeper than %(limit)s elements.")
        return None, error(f"line {deep}", "xml.depth", message, limit=MAX_DEPTH)
    return root, None


def _line(data: bytes, number: int) -> str:
    lines = data[:1_000_000].split(b"\n")
    return lines[number - 1].decode("utf-8", "replace").strip()[:80] if 0 < number <= len(lines) else ""


def _too_deep(root: Any) -> int:
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
        if not level:
            return 0
    return int(level[0].sourceline or 1)


def locate(root: Any) -> Message | None:
    """The declaration in ``root``: as root, in its wrapper, or in an envelope around that."""
    wrapper = root if root.tag == f"{{{META}}}MetaData" else next(root.iter(f"{{{META}}}MetaData"), None)
    if wrapper is not None:
        return Message(root, wrapper, wrapper.find(f"{{{DEC}}}Declaration"))
    declaration = root if root.tag == f"{{{DEC}}}Declaration" else next(root.iter(f"{{{DEC}}}Declaration"), None)
    return None if declaration is None else Message(root, declaration, declaration)


def validate(message: Message) -> list[Finding]:
    """What the schemas say against ``message``; empty where it is valid.

    A cancellation may keep the narrower cancellation schema or the general one.
    """
    tree = etree.ElementTree(message.message)
    submit: Any = schema("submit")
    if submit.validate(tree):
        return []
    found = list(submit.error_log)
    if message.declaration is not None and message.declaration.findtext(f"{{{DEC}}}TypeCode") == "INV":
        cancel = schema("cancel")
        if cancel.validate(tree):
            return []
    return list(_findings(found, message))


def _findings(entries: Iterable[Any], message: Message) -> Iterator[Finding]:
    seen: set[tuple[int, str]] = set()
    for entry in entries:
        element = _element(entry, message)
        place = f"line {entry.line}: {path(element)}" if element is not None else f"line {entry.line}"
        # one wrong value is logged twice: for its facet and for its type
        key = (entry.line, place)
        if key in seen:
            continue
        seen.add(key)
        yield _finding(entry.message, place, element)
        if len(seen) >= MAX_FINDINGS:
            yield error(
                "", "xsd.more", N_("There are more findings; only the first %(limit)s are listed."), limit=MAX_FINDINGS
            )
            return


def _element(entry: Any, message: Message) -> Any:
    """The element that an entry of the log speaks of; its path is written with the document's own prefixes."""
    prefixes = {name: uri for element in message.root.iter("*") for name, uri in element.nsmap.items() if name}
    try:
        found: Any = etree.ElementTree(message.message).xpath(entry.path, namespaces=prefixes)
        found = found or message.root.getroottree().xpath(entry.path, namespaces=prefixes)
    except (etree.XPathError, TypeError):
        return None
    return found[0] if found else None


def path(element: Any) -> str:
    """Where an element stands: ``/MetaData/Declaration/GoodsShipment/GovernmentAgencyGoodsItem[2]/Origin``."""
    steps = []
    while element is not None:
        parent = element.getparent()
        name = etree.QName(element).localname
        same = [child for child in parent if child.tag == element.tag] if parent is not None else []
        steps.append(f"{name}[{same.index(element) + 1}]" if len(same) > 1 else name)
        element = parent
    return "/" + "/".join(reversed(steps))


_UNEXPECTED = re.compile(r"This element is not expected\.(?: Expected is (?:one of )?\(([^)]*)\)\.)?")
_MISSING = re.compile(r"Missing child element\(s\)\.(?: Expected is (?:one of )?\(([^)]*)\)\.)?")
_FACET = re.compile(r"(?:attribute '([^']*)': )?\[facet '(\w+)'\] (?:The value (?P<v>'.*?') |)(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(r"The attribute '([^']*)' is (not allowed|required but missing)")
_TYPE = re.compile(
    r"': '(.*)' is not a valid value of the (?:local )?(?:atomic |list |union )?type(?: '([^'.]*)')?", re.DOTALL
)


def _names(text: str | None) -> str:
    return re.sub(r"\{[^}]*\}|\s+", " ", text or "").replace(" ,", ",").strip()


def _short(text: str) -> str:
    return re.sub(r"\{[^}]*\}", "", text)


def _finding(text: str, place: str, element: Any) -> Finding:
    value = (element.text or "").strip() if element is not None and len(element) == 0 else ""
    if found := _UNEXPECTED.search(text):
        name = etree.QName(element).localname if element is not None else ""
        if not found[1]:
            return error(place, "xsd.unexpected", N_("%(name)s does not belong here."), value, _CORRECT, name=name)
        message = N_("%(name)s does not belong here: expected %(expected)s.")
        return error(place, "xsd.unexpected", message, value, _ORDER, name=name, expected=_names(found[1]))
    if found := _MISSING.search(text):
        return error(
            place, "xsd.missing", N_("Incomplete: %(expected)s is missing."), value, _CORRECT, expected=_names(found[1])
        )
    if found := _ATTRIBUTE.search(text):
        message = (
            N_("The attribute %(name)s is not allowed.")
            if found[2] == "not allowed"
            else N_("The attribute %(name)s is missing.")
        )
        return error(place, "xsd.attribute", message, value, _CORRECT, name=_short(found[1]))
    if found := _FACET.search(text):
        return _facet(found, place, value, element)
    if found := _TYPE.search(text):
        # text of any kind fails by its facets, so what has no named type is a number
        kind = (found[2] or "xs:decimal").removeprefix("xs:")
        if kind == "decimal":
            return error(place, "xsd.number", N_("A number is expected here."), found[1], _CORRECT)
        return error(place, "xsd.type", N_("This is not a value of the type %(type)s."), found[1], _CORRECT, type=kind)
    if "No matching global" in text:
        message = N_("There is no schema here for a message that begins with this element.")
        return error(place, "xsd.root", message, value, N_("Send a WCO declaration: MetaData or Declaration."))
    return error(place, "xsd.invalid", N_("Not valid by the schema: %(reason)s"), value, _CORRECT, reason=_short(text))


_ORDER = N_("Elements come in a fixed order: move, rename or remove it.")
_LIMITS = {
    "maxLength": N_("Longer than %(limit)s characters."),
    "length": N_("Must have exactly %(limit)s characters."),
    "minLength": N_("Shorter than %(limit)s characters."),
    "totalDigits": N_("More than %(limit)s digits."),
    "fractionDigits": N_("More than %(limit)s digits after the point."),
}


def _facet(found: re.Match[str], place: str, value: str, element: Any) -> Finding:
    attribute, facet, rest = _short(found[1] or ""), found[2], found[4]
    if attribute:
        place = f"{place}/@{attribute}"
        value = (found["v"] or "").strip("'")
    if facet in _LIMITS and (limit := re.search(r"(\d+)[^\d]*$", rest)):
        return error(place, f"xsd.{facet}", _LIMITS[facet], value, _CORRECT, limit=limit[1])
    if facet == "enumeration":
        allowed = _names(rest[rest.find("{") + 1 :].rstrip(".}")) if "{" in rest else rest
        return error(place, "xsd.enumeration", N_("Must be one of %(allowed)s."), value, _CORRECT, allowed=allowed)
    pattern = re.search(r"pattern '(.*)'", rest)
    if pattern and pattern[1] == r".*[^\s].*":
        return error(place, "xsd.blank", N_("Empty."), value, N_("Leave the element out, or fill it."))
    shape = pattern[1] if pattern else rest
    return error(place, f"xsd.{facet}", N_("Does not have the shape %(pattern)s."), value, _CORRECT, pattern=shape)
