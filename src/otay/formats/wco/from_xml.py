"""From a WCO declaration to the core data. Values are taken as they are; whether they hold is for the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from otay.core.measures import convert
from otay.formats.wco import mapping
from otay.formats.wco.branch import Branch, declaration_in

Record = dict[str, Any]
_TYPES = frozenset(mapping.TYPE_PREFIXES.values())


def _find(node: Branch | None, path: str) -> Branch | None:
    return node.find(path) if node else None


def _all(node: Branch | None, path: str) -> list[Branch]:
    return node.all(path) if node else []


def _text(node: Branch | None, path: str = "") -> str | None:
    found = node.find(path) if node and path else node
    return found.value if found else None


def _put(record: Record, key: str, value: Any) -> None:
    """Set ``a/b`` in nested groups; nothing where there is no value."""
    if value in (None, {}, []):
        return
    *groups, last = key.split("/")
    for group in groups:
        record = record.setdefault(group, {})
    record[last] = value


def to_core(document: Mapping[str, Any]) -> Record:
    """The core data of a document read by :mod:`otay.formats.wco.tree`, as plain values ready for the model."""
    declaration = Branch(declaration_in(document) or {})
    record: Record = {"function": _integer(_text(declaration, "FunctionCode")) or 9}
    for key, path in mapping.HEADER.items():
        _put(record, key, _plain(key, _find(declaration, path)))
    _put(record, "type_code", _text(declaration, "TypeCode"))
    _put(record, "type", _type(declaration))
    _put(record, "accepted_at", _time(_text(declaration, "AcceptanceDateTime/DateTimeString")))
    for key, path in mapping.PARTIES.items():
        _put(record, key, _party(_find(declaration, path)))
    invoice_currency = _currency(_find(declaration, "InvoiceAmount"))
    _put(record, "invoice/amount", _money(_find(declaration, "InvoiceAmount"), None))
    shipment = _find(declaration, "GoodsShipment")
    _shipment(record, declaration, shipment)
    items = _all(shipment, "GovernmentAgencyGoodsItem")
    _put(record, "items", [_item(item, invoice_currency) for item in items])
    _from_lines(record, items)
    _put(record, "amendments", _amendments(declaration))
    return record


def _integer(text: str | None) -> int | str | None:
    """A whole number however XML writes it (``03``, ``+3``, ``3.0``); the model refuses what stays text."""
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return text
    if number is None:
        return None
    return int(number) if number.is_finite() and number == number.to_integral_value() else text


def _decimal(text: str | None) -> str | None:
    """A decimal in the house's writing: without plus sign, and without zeros beyond need."""
    try:
        return format(Decimal(text), "f").removeprefix("+") if text else None
    except InvalidOperation:
        return text


def _plain(key: str, element: Branch | None) -> Any:
    text = _text(element)
    name = key.rpartition("/")[2]
    if name in mapping.COUNTS:
        return _integer(text)
    if name in mapping.MASSES:
        return _mass(element)
    return _decimal(text) if name == "exchange_rate" else text


def _mass(element: Branch | None) -> str | None:
    text, unit = _decimal(_text(element)), (element.get("unitCode") if element else None) or ""
    if text and unit not in ("", "KGM") and (kilograms := convert(Decimal(text), unit, "KGM")) is not None:
        return format(kilograms.quantize(Decimal("0.000001")).normalize(), "f")
    return text


def _type(declaration: Branch | None) -> str | None:
    element = _find(declaration, "TypeCode")
    if element is None:
        return None
    if element.get("name") in _TYPES:
        return str(element.get("name"))
    prefix = (_text(element) or "")[:2]
    if prefix == "CO" and _text(element) not in {"COR"}:
        # trade with special territories goes both ways: only exports name an office of exit
        return "export" if _find(declaration, "ExitOffice") is not None else "import"
    return mapping.TYPE_PREFIXES.get(prefix)


def _time(text: str | None) -> str | None:
    """ISO 8601 from ``20240118150645+01``, ``...Z`` or a bare date, which is taken at midnight UTC."""
    found = re.fullmatch(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)(Z|[-+]\d\d))?", text or "")
    if not found:
        return text
    year, month, day, hour, minute, second, zone = found.groups()
    offset = "Z" if zone in (None, "Z") else f"{zone}:00"
    return f"{year}-{month}-{day}T{hour or '00'}:{minute or '00'}:{second or '00'}{offset}"


def _currency(element: Branch | None) -> str | None:
    return None if element is None else element.get("currencyID")


def _money(element: Branch | None, currency: str | None) -> Record | None:
    """An amount; one without a currency of its own is in the invoice's, and without that it is not money."""
    amount, currency = _decimal(_text(element)), _currency(element) or currency
    return {"amount": amount, "currency": currency} if amount and currency else None


def _party(element: Branch | None) -> Record:
    party: Record = {}
    if element is None:
        return party
    for key, path in mapping.PARTY.items():
        _put(party, key, _text(element, path))
    identifier = _find(element, "ID")
    if identifier is not None and identifier.get("schemeID"):
        party["id_scheme"] = identifier.get("schemeID")
    return party


def _shipment(record: Record, declaration: Branch | None, shipment: Branch | None) -> None:
    _put(record, "invoice/date", (_time(_text(shipment, "Invoice/IssueDateTime/DateTimeString")) or "")[:10])
    if record.get("invoice") == {"date": ""}:
        del record["invoice"]
    elif "invoice" in record and not record["invoice"].get("date"):
        record["invoice"].pop("date", None)
    place = _text(shipment, "TradeTerms/LocationID") or _text(shipment, "TradeTerms/LocationName")
    _put(record, "incoterm_place", place)
    _put(record, "ucr", record.get("ucr") or _text(shipment, "UCR/TraderAssignedReferenceID"))
    trusted = [_group(party, id="ID", role="RoleCode") for party in _all(shipment, "AEOMutualRecognitionParty")]
    _put(record, "aeo_parties", [party for party in trusted if "id" in party])
    equipment = _all(shipment, "Consignment/TransportEquipment")
    _put(record, "containers", [number for number in (_text(unit, "ID") for unit in equipment) if number])
    _put(record, "seals", [seal for unit in equipment for seal in _seals(unit)])
    _documents(record, declaration, shipment)


def _group(element: Branch | None, **paths: str) -> Record:
    group: Record = {}
    for key, path in paths.items():
        _put(group, key, _text(element, path))
    return group


def _seals(unit: Branch | None) -> Iterator[Record]:
    for seal in _all(unit, "Seal"):
        if number := _text(seal, "ID"):
            container = _text(unit, "ID")
            yield {"id": number, **({"container": container} if container else {})}


def _documents(record: Record, declaration: Branch | None, shipment: Branch | None) -> None:
    elements = _all(shipment, "PreviousDocument") + _all(shipment, "GovernmentAgencyGoodsItem/PreviousDocument")
    documents = []
    for element in elements:
        document = _group(element, id="ID", type="TypeCode", category="CategoryCode")
        _put(document, "line", _integer(_text(element, "LineNumeric")))
        if "id" in document and document not in documents:
            documents.append(document)
    _put(record, "previous_documents", documents)
    _put(record, "transport_document", _transport_document(declaration, elements))


def _transport_document(declaration: Branch | None, previous: list[Branch]) -> Record | None:
    header = _all(declaration, "AdditionalDocument")
    for element in header:
        category = _find(element, "CategoryCode")
        if category is not None and category.get("name") == mapping.TRANSPORT_DOCUMENT:
            return _group(element, id="ID", type="TypeCode") or None
    lines = _all(declaration, "GoodsShipment/GovernmentAgencyGoodsItem/AdditionalDocument")
    named = [element for element in lines if _text(element, "CategoryCode") == "N"]
    for element in (*header, *named, *previous):
        if _text(element, "TypeCode") in mapping.TRANSPORT_DOCUMENTS and _text(element, "ID"):
            return _group(element, id="ID", type="TypeCode")
    return None


def _item(element: Branch | None, currency: str | None) -> Record:
    item: Record = {}
    for key, path in mapping.ITEM.items():
        _put(item, key, _plain(key, _find(element, path)))
    for key, path in mapping.ITEM_MONEY.items():
        _put(item, key, _money(_find(element, path), currency))
    _classification(item, _find(element, "Commodity"))
    _put(item, "origin", _origin(element))
    _put(item, "packages", [group for group in map(_packages, _all(element, "Packaging")) if group])
    _put(item, "quantity", _quantity(_find(element, "Commodity/GoodsMeasure/TariffQuantity")))
    _put(item, "adjustments", list(_adjustments(element, currency)))
    _procedures(item, element)
    duties = _all(element, "Commodity/DutyTaxFee")
    _put(item, "preference", next((code for code in (_text(duty, "DutyRegimeCode") for duty in duties) if code), None))
    _put(item, "duties", [_duty(duty, currency) for duty in duties if _text(duty, "TypeCode")])
    return item


def _classification(item: Record, commodity: Branch | None) -> None:
    """Six to ten digits in one code, or eight with two more of the European tariff; the rest is national."""
    found = [_group(element, id="ID", kind="IdentificationTypeCode") for element in _all(commodity, "Classification")]
    codes = [(code.get("id", ""), code.get("kind", "")) for code in found]
    base = next((code for code, _ in codes if re.fullmatch(r"\d{6,10}", code)), None)
    suffix = next((code for code, kind in codes if kind == "TRC" and re.fullmatch(r"\d{2}", code)), "")
    if base:
        item["hs"] = base + suffix if len(base) == 8 else base
    national = next((code for code, kind in codes if kind == "GN" and code), None)
    _put(item, "national_code", national)


def _origin(element: Branch | None) -> str | None:
    origins = _all(element, "Origin")
    plain = [origin for origin in origins if _text(origin, "TypeCode") in (None, "1")]
    return next((code for code in (_text(origin, "CountryCode") for origin in plain or origins) if code), None)


def _packages(element: Branch | None) -> Record:
    group = _group(element, type="TypeCode", marks="MarksNumbersID")
    _put(group, "count", _integer(_text(element, "QuantityQuantity")))
    return group


def _quantity(element: Branch | None) -> Record | None:
    value = _decimal(_text(element))
    if element is None or value is None:
        return None
    unit = element.get("unitCode")
    return {"value": value, **({"unit": unit} if unit else {})}


def _adjustments(element: Branch | None, currency: str | None) -> Iterator[Record]:
    for charge in _all(element, "CustomsValuation/ChargeDeduction"):
        code = _text(charge, "ChargesTypeCode")
        amount = _money(_find(charge, "OtherChargeDeductionAmount"), currency)
        if code and amount:
            yield {"code": code, "amount": amount}


def _procedures(item: Record, element: Branch | None) -> None:
    procedures = [_group(one, now="CurrentCode", before="PreviousCode") for one in _all(element, "GovernmentProcedure")]
    first = next((one for one in procedures if "before" in one), procedures[0] if procedures else {})
    _put(item, "procedure", first.get("now"))
    _put(item, "previous_procedure", first.get("before"))
    _put(item, "additional_procedures", [one["now"] for one in procedures if one is not first and "now" in one])


def _duty(element: Branch | None, currency: str | None) -> Record:
    duty = _group(element, type="TypeCode")
    _put(duty, "base", _money(_find(element, "AdValoremTaxBaseAmount"), currency))
    _put(duty, "rate", _decimal(_text(element, "TaxRateNumeric")))
    assessed = _find(element, "Payment/TaxAssessedAmount")
    paid = assessed if assessed is not None else _find(element, "Payment/PaymentAmount")
    _put(duty, "amount", _money(paid, currency))
    return duty


_SHARED: dict[str, Callable[[Branch], str | None]] = {
    "export_country": lambda item: _text(item, "ExportCountry/ID"),
    "destination_country": lambda item: _text(item, "Destination/CountryCode"),
    "ucr": lambda item: _text(item, "UCR/ID") or _text(item, "UCR/TraderAssignedReferenceID"),
}


def _from_lines(record: Record, items: list[Branch]) -> None:
    """What the header leaves to the lines counts for the whole where all lines agree."""
    for key, value in _SHARED.items():
        found = {value(item) for item in items}
        if key not in record and len(found) == 1:
            _put(record, key, found.pop())
    for key in ("consignee", "seller", "buyer"):
        parties = [_party(_find(item, key.capitalize())) for item in items]
        if key not in record and parties and all(party == parties[0] for party in parties):
            _put(record, key, parties[0])


def _amendments(declaration: Branch | None) -> list[Record]:
    """What changes, with the statement that points at it (by its place among the amendments)."""
    statements = dict(_statements(declaration))
    amendments = []
    for number, element in enumerate(_all(declaration, "Amendment"), start=1):
        path = "/".join(_step(pointer) for pointer in _all(element, "Pointer"))
        amendment = {"path": path or "42A"}
        _put(amendment, "reason", _text(element, "ChangeReasonCode"))
        _put(amendment, "statement", statements.get(str(number)))
        amendments.append(amendment)
    return amendments


def _step(pointer: Branch | None) -> str:
    section, tag = _text(pointer, "DocumentSectionCode") or "", _text(pointer, "TagID")
    sequence = _integer(_text(pointer, "SequenceNumeric"))
    return section + (f"[{sequence}]" if sequence is not None else "") + (f".{tag}" if tag else "")


def _statements(declaration: Branch | None) -> Iterator[tuple[str, str]]:
    for element in _all(declaration, "AdditionalInformation"):
        text = _text(element, "StatementDescription")
        for pointer in _all(element, "Pointer"):
            if text and _text(pointer, "DocumentSectionCode") == "06A":
                yield str(_integer(_text(pointer, "SequenceNumeric"))), text
