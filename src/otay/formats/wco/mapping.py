"""Which WCO element is which core element: one table, read in both directions.

Paths are below ``Declaration`` (header) or ``GovernmentAgencyGoodsItem`` (lines). What is not a plain value (parties,
packages, previous documents...) has its own functions in :mod:`otay.formats.wco.from_xml` and ``to_xml``.
"""

from __future__ import annotations

HEADER = {
    "reference": "FunctionalReferenceID",
    "declaration_number": "ID",
    "office": "DeclarationOfficeID",
    "gross_mass_kg": "TotalGrossMassMeasure",
    "packages_total": "TotalPackageQuantity",
    "exit_office": "ExitOffice/ID",
    "exchange_currency": "CurrencyExchange/CurrencyTypeCode",
    "exchange_rate": "CurrencyExchange/RateNumeric",
    "transport/mode": "BorderTransportMeans/ModeCode",
    "transport/vehicle_id": "BorderTransportMeans/ID",
    "transport/vehicle_nationality": "BorderTransportMeans/RegistrationNationalityCode",
    "ucr": "GoodsShipment/UCR/ID",
    "loading_place": "GoodsShipment/Consignment/LoadingLocation/ID",
    "export_country": "GoodsShipment/ExportCountry/ID",
    "destination_country": "GoodsShipment/Destination/CountryCode",
    "incoterm": "GoodsShipment/TradeTerms/ConditionCode",
    "invoice/number": "GoodsShipment/Invoice/ID",
}

ITEM = {
    "number": "SequenceNumeric",
    "description": "Commodity/Description",
    "net_mass_kg": "Commodity/GoodsMeasure/NetNetWeightMeasure",
    "gross_mass_kg": "Commodity/GoodsMeasure/GrossMassMeasure",
    "valuation_method": "CustomsValuation/MethodCode",
}

ITEM_MONEY = {
    "price": "Commodity/InvoiceLine/ItemChargeAmount",
    "customs_value": "CustomsValueAmount",
    "statistical_value": "StatisticalValueAmount",
}

PARTIES = {
    "declarant": "Declarant",
    "agent": "Agent",
    "exporter": "Exporter",
    "importer": "GoodsShipment/Importer",
    "consignee": "GoodsShipment/Consignee",
    "seller": "GoodsShipment/Seller",
    "buyer": "GoodsShipment/Buyer",
}

PARTY = {
    "id": "ID",
    "name": "Name",
    "street": "Address/Line",
    "city": "Address/CityName",
    "subdivision": "Address/CountrySubDivisionName",
    "postcode": "Address/PostcodeID",
    "country": "Address/CountryCode",
}

MASSES = frozenset({"gross_mass_kg", "net_mass_kg"})
COUNTS = frozenset({"packages_total", "number"})

# UN/EDIFACT 1001: bills of lading, waybills and consignment notes
TRANSPORT_DOCUMENTS = frozenset(
    {
        "703",
        "704",
        "705",
        "706",
        "707",
        "709",
        "710",
        "712",
        "713",
        "714",
        "720",
        "722",
        "724",
        "730",
        "740",
        "741",
        "743",
        "750",
        "760",
        "761",
        "763",
        "765",
        "785",
        "787",
        "952",
    }
)
TRANSPORT_DOCUMENT = "transport document"

TYPE_PREFIXES = {"IM": "import", "EX": "export", "TR": "transit"}
"""The first two letters of a national type code, where it follows the European habit."""
