"""From the core data to a WCO declaration, in the order of the schema; or from the document a message was read into."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from lxml import etree

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.formats.declaration import CoreDeclaration, Duty, Item, Party, lenient
from otay.formats.registry import ReadResult
from otay.formats.wco import mapping
from otay.formats.wco.tree import to_bytes
from otay.formats.wco.validation import DEC, META, SCHEMAS, Message, validate

_TYPES_NS = "urn:wco:datamodel:WCO:Declaration_DS:DMS:2"
_XS = "{http://www.w3.org/2001/XMLSchema}"
_MODEL_VERSION = "3.6"


def write(result: ReadResult) -> list[bytes]:
    """One XML message a record: the document it came in where there is one, else made from the core.

    Raises:
        Refused: if the WCO schema cannot hold a record.
    """
    return [write_record(record) for record in result.records]


def write_record(record: Mapping[str, Any]) -> bytes:
    """One record as XML."""
    if "document" in record:
        return to_bytes(record["document"])
    declaration, _ = lenient(record)
    return write_declaration(declaration)


def write_declaration(declaration: CoreDeclaration, *, country: str = "", agency: str = "") -> bytes:
    """A declaration as schema-valid XML in its wrapper. ``country`` and ``agency`` name who is responsible for it.

    Raises:
        Refused: if the schema cannot hold it; the findings say what and where.
    """
    prefixes: Any = {"md": META, None: DEC, "ds": _TYPES_NS}
    root = etree.Element(f"{{{META}}}MetaData", nsmap=prefixes)
    heading = {
        "WCODataModelVersionCode": _MODEL_VERSION,
        "WCOTypeName": "DEC",
        "ResponsibleCountryCode": country,
        "ResponsibleAgencyName": agency,
    }
    for name, text in heading.items():
        if text:
            etree.SubElement(root, f"{{{META}}}{name}").text = text
    element = etree.SubElement(root, f"{{{DEC}}}Declaration")
    _declaration(element, declaration)
    _sort(element, _order()["Declaration"])
    data = bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True, pretty_print=True))
    parsed = etree.fromstring(data)  # so that findings carry the line of what was written
    findings = validate(Message(parsed, parsed, parsed.find(f"{{{DEC}}}Declaration")))
    if findings:
        raise Refused(N_("The WCO schema cannot hold this declaration."), findings=findings)
    return data


@cache
def _order() -> dict[str, Any]:
    """The order of children, element by element, as the schema declares it."""
    root = etree.parse(str(SCHEMAS / "wco" / "declaration" / "WCO_DEC_2_DMS.xsd")).getroot()

    def children(node: Any) -> dict[str, Any]:
        sequence = node.find(f"{_XS}sequence") if node.tag == f"{_XS}complexType" else None
        if node.tag == f"{_XS}element" and (inner := node.find(f"{_XS}complexType")) is not None:
            return children(inner)
        elements = [] if sequence is None else sequence.findall(f"{_XS}element")
        return {str(element.get("name")): children(element) for element in elements}

    return {str(kind.get("name")): children(kind) for kind in root.findall(f"{_XS}complexType")}


def _sort(element: Any, order: Mapping[str, Any]) -> None:
    names = list(order)
    children = sorted(element, key=lambda child: names.index(etree.QName(child).localname))
    for child in children:
        element.append(child)
        if inner := order[etree.QName(child).localname]:
            _sort(child, inner)


def _new(parent: Any, tag: str, text: object = None, /, **attributes: str) -> Any:
    element = etree.SubElement(parent, f"{{{DEC}}}{tag}")
    if text is not None:
        element.text = _written(text)
    for key, value in attributes.items():
        element.set(key, value)
    return element


def _written(value: object) -> str:
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _put(parent: Any, path: str, value: object, /, **attributes: str | None) -> None:
    """Set the element at ``path``, with the groups on the way; nothing where there is no value."""
    if value is None:
        return
    *groups, last = path.split("/")
    for group in groups:
        found = parent.find(f"{{{DEC}}}{group}")
        parent = found if found is not None else _new(parent, group)
    _new(parent, last, value, **{key: text for key, text in attributes.items() if text})


def _value(declaration: Any, key: str) -> Any:
    for step in key.split("/"):
        declaration = getattr(declaration, step, None)
    return declaration


def _declaration(element: Any, declaration: CoreDeclaration) -> None:
    # the message knows original, amendment and notice; a cancellation is an amendment of type INV
    function = declaration.function if declaration.function in (9, 13, 14) else 13
    _put(element, "FunctionCode", function)
    type_code, type_name = _type(declaration)
    _put(element, "TypeCode", type_code, name=type_name)
    for key, path in mapping.HEADER.items():
        _put(element, path, _value(declaration, key), unitCode="KGM" if key in mapping.MASSES else None)
    if declaration.accepted_at:
        _moment(_new(element, "AcceptanceDateTime"), _stamp(declaration.accepted_at), "304")
    if declaration.items:
        _put(element, "GoodsItemQuantity", len(declaration.items))
    _money(element, "InvoiceAmount", declaration.invoice.amount if declaration.invoice else None)
    if declaration.invoice and declaration.invoice.date:
        _put(element, "GoodsShipment/Invoice/IssueDateTime", "")
        issued = element.find(f"{{{DEC}}}GoodsShipment/{{{DEC}}}Invoice/{{{DEC}}}IssueDateTime")
        issued.text = None
        _moment(issued, declaration.invoice.date.strftime("%Y%m%d"), "102")
    for key, path in mapping.PARTIES.items():
        if party := getattr(declaration, key):
            _party(element, path, party)
    _documents(element, declaration)
    _shipment(element, declaration)
    _amendments(element, declaration)


def _type(declaration: CoreDeclaration) -> tuple[str | None, str | None]:
    """The type code, and the direction in words where the code alone would not tell it."""
    code, kind = declaration.type_code, declaration.type
    if code is None and declaration.function == 1:
        code = "INV"
    if kind is None:
        return code, None
    if code is None:
        prefix = next(prefix for prefix, name in mapping.TYPE_PREFIXES.items() if name == kind)
        return prefix, None
    return code, None if mapping.TYPE_PREFIXES.get(code[:2]) == kind else str(kind)


def _stamp(moment: datetime) -> str:
    """``20240118150645+01``; a zone that is not a whole hour off has no such writing and becomes UTC."""
    offset = moment.utcoffset() or timedelta()
    if not offset or offset % timedelta(hours=1):
        return moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ")
    return moment.strftime("%Y%m%d%H%M%S") + f"{offset // timedelta(hours=1):+03d}"


def _moment(parent: Any, text: str, code: str) -> None:
    element = etree.SubElement(parent, f"{{{_TYPES_NS}}}DateTimeString")
    element.text = text
    element.set("formatCode", code)


def _money(parent: Any, path: str, money: Any) -> None:
    if money is not None:
        _put(parent, path, money.amount, currencyID=money.currency)


def _party(element: Any, path: str, party: Party) -> None:
    for key, inner in mapping.PARTY.items():
        scheme = party.id_scheme if key == "id" else None
        _put(element, f"{path}/{inner}", getattr(party, key), schemeID=scheme)


def _shipment(element: Any, declaration: CoreDeclaration) -> None:
    place = declaration.incoterm_place
    location = "LocationID" if place and re.fullmatch(r"[A-Z]{2}[A-Z2-9]{3}", place) else "LocationName"
    _put(element, f"GoodsShipment/TradeTerms/{location}", place)
    if declaration.aeo_parties or declaration.previous_documents or declaration.items:
        shipment = element.find(f"{{{DEC}}}GoodsShipment")
        shipment = shipment if shipment is not None else _new(element, "GoodsShipment")
        for trusted in declaration.aeo_parties:
            group = _new(shipment, "AEOMutualRecognitionParty")
            _put(group, "ID", trusted.id)
            _put(group, "RoleCode", trusted.role)
        for document in declaration.previous_documents:
            group = _new(shipment, "PreviousDocument")
            _put(group, "CategoryCode", document.category)
            _put(group, "ID", document.id)
            _put(group, "TypeCode", document.type)
            _put(group, "LineNumeric", document.line)
        for number, item in enumerate(declaration.items, start=1):
            _item(_new(shipment, "GovernmentAgencyGoodsItem"), item, number)
    _equipment(element, declaration)


def _equipment(element: Any, declaration: CoreDeclaration) -> None:
    numbers: list[str | None] = [*declaration.containers]
    numbers += sorted({seal.container for seal in declaration.seals if seal.container} - set(declaration.containers))
    if any(seal.container is None for seal in declaration.seals):
        numbers.append(None)
    if not numbers:
        return
    _put(element, "GoodsShipment/Consignment/ContainerCode", "1" if declaration.containers else "0")
    consignment = element.find(f"{{{DEC}}}GoodsShipment/{{{DEC}}}Consignment")
    placed: set[str | None] = set()
    for sequence, number in enumerate(numbers, start=1):
        unit = _new(consignment, "TransportEquipment")
        _put(unit, "SequenceNumeric", sequence)
        _put(unit, "ID", number)
        seals = [] if number in placed else [seal for seal in declaration.seals if seal.container == number]
        placed.add(number)
        for place, seal in enumerate(seals, start=1):
            group = _new(unit, "Seal")
            _put(group, "SequenceNumeric", place)
            _put(group, "ID", seal.id)


def _documents(element: Any, declaration: CoreDeclaration) -> None:
    if document := declaration.transport_document:
        group = _new(element, "AdditionalDocument")
        _put(group, "CategoryCode", "N", name=mapping.TRANSPORT_DOCUMENT)
        _put(group, "ID", document.id)
        _put(group, "TypeCode", document.type)


def _item(element: Any, item: Item, number: int) -> None:
    for key, path in mapping.ITEM.items():
        value = getattr(item, key)
        value = number if key == "number" and value is None else value
        _put(element, path, value, unitCode="KGM" if key in mapping.MASSES else None)
    for key, path in mapping.ITEM_MONEY.items():
        _money(element, path, getattr(item, key))
    if item.origin:
        origin = _new(element, "Origin")
        _put(origin, "CountryCode", item.origin)
        _put(origin, "TypeCode", "1")
    if item.quantity:
        path = "Commodity/GoodsMeasure/TariffQuantity"
        _put(element, path, item.quantity.value, unitCode=item.quantity.unit)
    for sequence, packages in enumerate(item.packages, start=1):
        group = _new(element, "Packaging")
        _put(group, "SequenceNumeric", sequence)
        _put(group, "MarksNumbersID", packages.marks)
        _put(group, "QuantityQuantity", packages.count)
        _put(group, "TypeCode", packages.type)
    _codes(element, item)
    _valuation(element, item)


def _commodity(element: Any) -> Any:
    found = element.find(f"{{{DEC}}}Commodity")
    return found if found is not None else _new(element, "Commodity")


def _codes(element: Any, item: Item) -> None:
    for code, kind in ((item.hs, "HS"), (item.national_code, "GN")):
        if code:
            group = _new(_commodity(element), "Classification")
            _put(group, "ID", code)
            _put(group, "IdentificationTypeCode", kind)
    if item.procedure or item.previous_procedure:
        group = _new(element, "GovernmentProcedure")
        _put(group, "CurrentCode", item.procedure)
        _put(group, "PreviousCode", item.previous_procedure)
    elif item.additional_procedures:
        _new(element, "GovernmentProcedure")
    for code in item.additional_procedures:
        _put(_new(element, "GovernmentProcedure"), "CurrentCode", code)


def _valuation(element: Any, item: Item) -> None:
    for adjustment in item.adjustments:
        valuation = element.find(f"{{{DEC}}}CustomsValuation")
        valuation = valuation if valuation is not None else _new(element, "CustomsValuation")
        group = _new(valuation, "ChargeDeduction")
        _put(group, "ChargesTypeCode", adjustment.code)
        _money(group, "OtherChargeDeductionAmount", adjustment.amount)
    if item.preference:
        _put(_new(_commodity(element), "DutyTaxFee"), "DutyRegimeCode", item.preference)
    for duty in item.duties:
        _duty(_new(_commodity(element), "DutyTaxFee"), duty)


def _duty(element: Any, duty: Duty) -> None:
    _money(element, "AdValoremTaxBaseAmount", duty.base)
    _put(element, "TaxRateNumeric", duty.rate)
    _put(element, "TypeCode", duty.type)
    _money(element, "Payment/TaxAssessedAmount", duty.amount)


_STEP = re.compile(r"(?P<section>[^\[\].]*)(?:\[(?P<sequence>\d+)\])?(?:\.(?P<tag>.+))?")


def _amendments(element: Any, declaration: CoreDeclaration) -> None:
    for number, amendment in enumerate(declaration.amendments, start=1):
        if amendment.statement:
            information = _new(element, "AdditionalInformation")
            _put(information, "StatementDescription", amendment.statement)
            _put(information, "StatementTypeCode", "AES")
            _pointer(information, section="42A", sequence="1", tag=None)
            _pointer(information, section="06A", sequence=str(number), tag=None)
        group = _new(element, "Amendment")
        _put(group, "ChangeReasonCode", amendment.reason)
        for step in amendment.path.split("/"):
            found = _STEP.fullmatch(step)
            _pointer(group, **(found.groupdict() if found else {"section": step, "sequence": None, "tag": None}))


def _pointer(parent: Any, *, section: str | None, sequence: str | None, tag: str | None) -> None:
    pointer = _new(parent, "Pointer")
    _put(pointer, "SequenceNumeric", sequence)
    _put(pointer, "DocumentSectionCode", section or None)
    _put(pointer, "TagID", tag)
