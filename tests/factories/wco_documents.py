"""Random documents that are valid by the WCO schema, made by walking the schema itself."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from lxml import etree

from otay.formats.wco.validation import DEC, META, SCHEMAS

XS = "{http://www.w3.org/2001/XMLSchema}"
TYPES = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LETTERS = "abcXYZ 019-/.&<>'\"\u00f1\u00e9\u4e2d\U0001f69b\u00a0"


@cache
def _types() -> dict[str, Any]:
    folder = SCHEMAS / "wco" / "declaration"
    files = ("WCO_DS/WCO_DEC_DS_2_DMS.xsd", "UNECE/UnqualifiedDataType_6_DMS.xsd")
    roots = [etree.parse(str(folder / file)).getroot() for file in files]
    return {kind.get("name"): kind for root in roots for kind in root if kind.get("name")}


@cache
def _declaration() -> Any:
    root = etree.parse(str(SCHEMAS / "wco" / "declaration" / "WCO_DEC_2_DMS.xsd")).getroot()
    return next(kind for kind in root.findall(f"{XS}complexType") if kind.get("name") == "Declaration")


def random_document(random: Random, *, density: float = 0.3) -> bytes:
    """A schema-valid document. ``density``: how many of the optional elements it has, 0 to 1."""
    prefixes: dict[str | None, str] = {"md": META, None: DEC, "ds": TYPES, "xsi": XSI, "q": DEC}
    if random.random() < 0.5:
        root = etree.Element(f"{{{DEC}}}Declaration", nsmap=prefixes)
        declaration = root
    else:
        root = etree.Element(f"{{{META}}}MetaData", nsmap=prefixes)
        for name, text in (
            ("WCODataModelVersionCode", "3.6"),
            ("WCOTypeName", "DEC"),
            ("ResponsibleCountryCode", "MX"),
        ):
            if random.random() < 0.5:
                etree.SubElement(root, f"{{{META}}}{name}").text = text
        declaration = etree.SubElement(root, f"{{{DEC}}}Declaration", nsmap={"p": TYPES})
    declaration.set(f"{{{XSI}}}schemaLocation", f"{DEC} somewhere.xsd")
    _children(random, declaration, _declaration(), density)
    _noise(random, root)
    encoding = random.choice(["UTF-8", "UTF-16", "ISO-8859-1", "US-ASCII"])
    return bytes(etree.tostring(root.getroottree(), encoding=encoding, xml_declaration=True))


def _children(random: Random, parent: Any, kind: Any, density: float) -> None:
    for element in kind.find(f"{XS}sequence").findall(f"{XS}element"):
        least = int(element.get("minOccurs", "1"))
        most = element.get("maxOccurs", "1")
        times = least or int(random.random() < density)
        if times and most != "1":
            times += random.randrange(3)
        for _ in range(times):
            child = etree.SubElement(parent, f"{{{DEC}}}{element.get('name')}")
            inner = element.find(f"{XS}complexType")
            if inner is not None:
                _children(random, child, inner, density)
            else:
                _leaf(random, child, element.get("type").split(":")[1])


def _leaf(random: Random, element: Any, name: str) -> None:
    kind = _types()[name]
    if kind.find(f"{XS}choice") is not None:
        moment = etree.SubElement(element, f"{{{TYPES}}}DateTimeString")
        moment.text = random.choice(["20260301", "20260301083000Z", "20260301083000-06"])
        moment.set("formatCode", random.choice(["102", "304"]))
        return
    restriction = next(kind.iter(f"{XS}restriction"))
    facets: dict[str, list[str]] = {}
    for facet in restriction:
        facets.setdefault(etree.QName(facet).localname, []).append(facet.get("value"))
    base = restriction.get("base").split(":")[1]
    element.text = _value(random, base, facets)
    _attributes(random, element, base)
    if random.random() < 0.05:
        element.set(f"{{{XSI}}}type", f"ds:{name}")


def _value(random: Random, base: str, facets: dict[str, list[str]]) -> str:
    if "enumeration" in facets:
        return random.choice(facets["enumeration"])
    if base in ("AmountType", "QuantityType", "MeasureType", "NumericType"):
        return _number(random, facets)
    limit = int(facets.get("length", facets.get("maxLength", ["35"]))[0])
    size = limit if "length" in facets else random.randint(1, limit)
    pattern = facets.get("pattern", [""])[0]
    if "[0-9]" in pattern:
        return "".join(random.choice("0123456789") for _ in range(size))
    if "[a-zA-Z]" in pattern:
        return "".join(random.choice("abcUSMX") for _ in range(size))
    letters = "".join(random.choice(_LETTERS) for _ in range(size))
    if base == "CodeType":  # a token: its length counts without the white space around it
        letters = " ".join(letters.split(" "))
    return letters if letters.strip() else "x"[:limit]


def _number(random: Random, facets: dict[str, list[str]]) -> str:
    digits, places = int(facets.get("totalDigits", ["5"])[0]), int(facets.get("fractionDigits", ["0"])[0])
    after = random.randint(0, places)
    whole = "".join(random.choice("0123456789") for _ in range(random.randint(1, digits - places or 1)))
    fraction = "".join(random.choice("0123456789") for _ in range(after))
    return random.choice(["", "", "+", "00", " "]) + whole + (f".{fraction}" if fraction else "")


_ATTRIBUTES = {
    "AmountType": {"currencyID": ["USD", "MXN"]},
    "CodeType": {
        "listID": ["a b"],
        "listAgencyID": ["6"],
        "listName": ["\u00f1 < &"],
        "name": ["n"],
        "languageID": ["es-MX"],
    },
    "IDType": {"schemeID": ["mx.rfc"], "schemeName": [" s "], "schemeAgencyID": ["10"], "schemeURI": ["urn:x"]},
    "TextType": {"languageID": ["en", "es"]},
    "QuantityType": {"unitCode": ["KGM", "C62"]},
    "MeasureType": {"unitCode": ["KGM", "LBR"]},
}


def _attributes(random: Random, element: Any, base: str) -> None:
    for name, values in _ATTRIBUTES.get(base, {}).items():
        if random.random() < 0.2:
            element.set(name, random.choice(values))


def _noise(random: Random, root: Any) -> None:
    """White space, comments and instructions, where a schema does not look."""
    for element in list(root.iter()):
        if len(element) and random.random() < 0.3:
            element.text = "\n  "
        if element is not root and random.random() < 0.3:
            element.tail = "\n\t"
        if random.random() < 0.03:
            element.append(etree.Comment(" a note "))
        if random.random() < 0.03:
            element.insert(random.randrange(len(element) + 1), etree.ProcessingInstruction("otay", "keep me"))
    if random.random() < 0.2:
        root.addprevious(etree.ProcessingInstruction("before", "a"))
        root.addprevious(etree.Comment("b"))
        root.addnext(etree.ProcessingInstruction("after", "c"))


def canonical(data: bytes) -> bytes:
    """The document's canonical form without comments and the white space between elements."""
    root = etree.fromstring(data, etree.XMLParser(remove_comments=True, resolve_entities=False))
    for element in root.iter():
        if isinstance(element.tag, str) and any(isinstance(child.tag, str) for child in element):
            element.text = (element.text or "").strip() or None
            for child in element:
                child.tail = (child.tail or "").strip() or None
    return bytes(etree.tostring(root.getroottree(), method="c14n"))
