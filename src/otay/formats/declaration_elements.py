"""The core data of a cross-border goods transaction: the elements that a US entry, a Mexican pedimento and the WCO
Data Model have in common.

Every element names its WCO id, format and UN/TDED number, and its place on the CBP 7501 and on the pedimento, so that
the API's OpenAPI document explains it. Structure only: what must be present and what must agree is in
:mod:`otay.formats.declaration_rules`, because an amendment carries only what it changes.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from otay.core.i18n import N_
from otay.core.money import Money

# what neither XML 1.0 nor PostgreSQL can hold
_UNSTORABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _storable(text: str) -> str:
    if _UNSTORABLE.search(text):
        raise ValueError(N_("Control characters are not text."))
    return text


def _code_text(value: object) -> object:
    """A code written as a JSON number is the code; a boolean is a mistake."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _exact(value: object) -> object:
    """A binary fraction is read as it is written (0.1 is one tenth); a boolean is no number."""
    if isinstance(value, bool):
        raise ValueError(N_("A number is expected, not true or false."))
    if isinstance(value, float):
        return repr(value)
    return value.strip() if isinstance(value, str) else value


def _digits_only(value: object) -> object:
    """HS codes are often written with dots (8471.30.01)."""
    value = _code_text(value)
    return re.sub(r"[ .]", "", value) if isinstance(value, str) else value


def _upper(value: str) -> str:
    return value.upper()


def _an(limit: int) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=1, max_length=limit)


_TEXT = (BeforeValidator(_code_text), AfterValidator(_storable))
An3 = Annotated[str, _an(3), *_TEXT]
An2 = Annotated[str, _an(2), *_TEXT]
An9 = Annotated[str, _an(9), *_TEXT]
An4 = Annotated[str, _an(4), *_TEXT]
An7 = Annotated[str, _an(7), *_TEXT]
An17 = Annotated[str, _an(17), *_TEXT]
An18 = Annotated[str, _an(18), *_TEXT]
An35 = Annotated[str, _an(35), *_TEXT]
An70 = Annotated[str, _an(70), *_TEXT]
An256 = Annotated[str, _an(256), *_TEXT]
An512 = Annotated[str, _an(512), *_TEXT]
Country = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]{2}$"), AfterValidator(_upper)]
Letters3 = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[A-Za-z]{3}$"), AfterValidator(_upper)]
Digit = Annotated[str, BeforeValidator(_code_text), StringConstraints(strip_whitespace=True, pattern=r"^[0-9]$")]
HsCode = Annotated[str, BeforeValidator(_digits_only), StringConstraints(pattern=r"^[0-9]{6,10}$")]
Mass = Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=16, decimal_places=6)]
Rate = Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=12, decimal_places=5)]
Percent = Annotated[Decimal, BeforeValidator(_exact), Field(max_digits=17, decimal_places=3)]
Count = Annotated[int, Field(ge=-99_999_999, le=99_999_999)]


def _money_bounds(value: Money) -> Money:
    exponent = value.amount.normalize().as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -3 or abs(value.amount) >= 10**13:
        raise ValueError(N_("At most 13 digits before the point and 3 after it."))
    if not re.fullmatch("[A-Z]{3}", value.currency):
        raise ValueError(N_("A currency is three letters."))
    return value


def _money_shape(value: object) -> object:
    """Read ``{"amount", "currency"}``; the amount exactly, the currency in either case."""
    if isinstance(value, dict) and "amount" in value:
        currency = value.get("currency")
        shaped = {**value, "amount": _exact(value["amount"])}
        return {**shaped, "currency": currency.strip().upper()} if isinstance(currency, str) else shaped
    return value


Amount = Annotated[Money, BeforeValidator(_money_shape), AfterValidator(_money_bounds)]


def element(
    description: str, wco: str = "", fmt: str = "", untded: str = "", *, us7501: str = "", pedimento: str = ""
) -> Any:
    """A documented element: WCO id, format, UN/TDED number and where the two countries' forms have it."""
    source = {"wco": wco, "format": fmt, "untded": untded, "us7501": us7501, "pedimento": pedimento}
    return Field(description=description, json_schema_extra={key: text for key, text in source.items() if text})


class DeclarationType(StrEnum):
    """Which way the goods go, as the declaring country sees it."""

    IMPORT = "import"
    EXPORT = "export"
    TRANSIT = "transit"


class _Element(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Party(_Element):
    """A firm or person in the transaction."""

    id: Annotated[An17 | None, element("Identifier: RFC, CURP, EIN, MID, EORI...", "R123", "an..17", "3039")] = None
    id_scheme: Annotated[
        An17 | None, element("What kind of identifier: mx.rfc, mx.curp, us.ein, us.mid, eu.eori, lei")
    ] = None
    name: Annotated[An70 | None, element("Name", "R004", "an..70", "3036")] = None
    street: Annotated[An70 | None, element("Street and number", "239", "an..70", "3042")] = None
    city: Annotated[An35 | None, element("City", "241", "an..35", "3164")] = None
    subdivision: Annotated[An35 | None, element("State or province", "243", "an..35", "3228")] = None
    postcode: Annotated[An9 | None, element("Postal code", "245", "an..9", "3251")] = None
    country: Annotated[Country | None, element("Country, ISO 3166-1 alpha-2", "242", "a2", "3207")] = None


class TrustedParty(_Element):
    """A party certified by the partner's trusted-trader programme."""

    id: Annotated[An17, element("Identifier in the partner's programme", "R143", "an..17", "3039")]
    role: Annotated[An3 | None, element("Its role in this transaction", "R005", "an..3", "3035")] = None


class Transport(_Element):
    """The vehicle that crosses the border."""

    mode: Annotated[
        Digit | None,
        element(
            "Mode, UN Rec. 19: 1 sea, 2 rail, 3 road, 4 air, 5 mail, 7 fixed, 8 inland water",
            "T022",
            "n1",
            "8067",
            us7501="9",
            pedimento="MEDIO DE TRANSPORTE (Ap. 3)",
        ),
    ] = None
    vehicle_id: Annotated[
        An35 | None,
        element("Plate, IMO number, flight or train", "T006", "an..35", "8213", us7501="8", pedimento="502"),
    ] = None
    vehicle_nationality: Annotated[
        Country | None, element("Country where the vehicle is registered", "T014", "a2", "8453", pedimento="502")
    ] = None


class Seal(_Element):
    """A seal, and the container or trailer that it closes."""

    id: Annotated[An35, element("Seal number", "165", "an..35", "9308")]
    container: Annotated[An17 | None, element("The container or trailer it is on", "159", "an..17", "8260")] = None


class TransportDocument(_Element):
    """Bill of lading, air waybill, road or rail consignment note."""

    id: Annotated[An70, element("Number", "D005", "an..70", "1004", us7501="12", pedimento="GUIA/ORDEN EMBARQUE")]
    type: Annotated[
        An3 | None, element("Type, UN/EDIFACT 1001: 705 bill of lading, 730 road, 720 rail, 740 air", "D006", "an..3")
    ] = None


class PreviousDocument(_Element):
    """A document that came before this one; an in-bond number has type IT, TE or IE."""

    id: Annotated[An70, element("Number", "D018", "an..70", "1004", us7501="16")]
    type: Annotated[An3 | None, element("Type", "D019", "an..3", "1001")] = None
    category: Annotated[An3 | None, element("Category", "D031", "an..3")] = None
    line: Annotated[int | None, Field(ge=0, le=99_999), element("Its item concerned", "171", "n..5", "1156")] = None


class Invoice(_Element):
    """The commercial invoice."""

    number: Annotated[An70 | None, element("Number", "D016", "an..70", "1004", pedimento="505")] = None
    date: Annotated[datetime.date | None, element("Date of issue", "D015", "an..35", "2380", pedimento="505")] = None
    amount: Annotated[
        Amount | None,
        element("Total", "109", "n..16,3", "5072", us7501="39", pedimento="VAL. MON. FACT., MONEDA FACT."),
    ] = None


class Packages(_Element):
    """Packages of one kind."""

    count: Annotated[Count | None, element("How many", "144", "n..8", "7224", us7501="34B")] = None
    type: Annotated[
        An2 | None, element("Kind, UN Rec. 21: CT carton, PX pallet, DR drum...", "141", "an..2", "7065")
    ] = None
    marks: Annotated[
        An512 | None,
        element("Marks and numbers", "142", "an..512", "7102", pedimento="MARCAS, NUMEROS Y BULTOS"),
    ] = None


class Quantity(_Element):
    """A quantity in a unit of UN Rec. 20 (KGM, LTR, C62...)."""

    value: Annotated[Mass, element("How much", "130", "n..16,6", "6102", us7501="35", pedimento="CANTIDAD UMT")]
    unit: Annotated[An4 | None, element("Unit", "", "an..3", "6411", pedimento="UMT")] = None


class Adjustment(_Element):
    """What is added to or taken from the price to reach the customs value: freight, insurance, packing."""

    code: Annotated[An3, element("What for", "188", "an..3", "5237", us7501="36B", pedimento="INCREMENTABLES")]
    amount: Annotated[Amount, element("How much", "181", "n..16,3", "5004")]


class Duty(_Element):
    """A duty, tax or fee as declared."""

    type: Annotated[An3, element("Which", "119", "an..3", "5153", us7501="37", pedimento="556/557 CONTRIBUCION")]
    base: Annotated[Amount | None, element("Value it is computed on", "111", "n..16,3", "5004")] = None
    rate: Annotated[Percent | None, element("Rate, in percent", "120", "n..17,3", "5482", us7501="37")] = None
    amount: Annotated[Amount | None, element("Amount", "113", "n..16,3", "5004", us7501="38")] = None


class Item(_Element):
    """One line of goods."""

    number: Annotated[
        int | None, Field(ge=0, le=99_999), element("Line, from 1", "006", "n..5", "1050", us7501="31", pedimento="SEC")
    ] = None
    hs: Annotated[
        HsCode | None,
        element("Harmonized System code, 6 to 10 digits", "145", "an..18", "7357", us7501="33A", pedimento="FRACC."),
    ] = None
    national_code: Annotated[
        An18 | None, element("National subdivision (NICO, statistical suffix)", "145", "an..18", pedimento="NICO")
    ] = None
    description: Annotated[
        An512 | None, element("Goods in plain words", "137", "an..512", "7002", us7501="32", pedimento="DESCRIPCION")
    ] = None
    origin: Annotated[
        Country | None, element("Country of origin", "063", "an..4", "3207", us7501="10", pedimento="P. O/D")
    ] = None
    net_mass_kg: Annotated[Mass | None, element("Net mass in kg", "128", "n..16,6", "6048", pedimento="UMT")] = None
    gross_mass_kg: Annotated[Mass | None, element("Gross mass in kg", "126", "n..16,6", "6018", us7501="34A")] = None
    packages: Annotated[tuple[Packages, ...], Field(max_length=99), element("How the goods are packed")] = ()
    quantity: Annotated[Quantity | None, element("Quantity in the unit of the tariff", "130", "n..16,6")] = None
    price: Annotated[
        Amount | None, element("Price paid", "112", "n..16,3", "5116", us7501="36A", pedimento="IMP. PRECIO PAG.")
    ] = None
    customs_value: Annotated[
        Amount | None, element("Customs value", "108", "n..16,3", "5004", us7501="36A", pedimento="VAL ADU/USD")
    ] = None
    statistical_value: Annotated[Amount | None, element("Statistical value", "114", "n..16,3", "5004")] = None
    adjustments: Annotated[tuple[Adjustment, ...], Field(max_length=99), element("From price to customs value")] = ()
    valuation_method: Annotated[
        An3 | None, element("WTO valuation method, 1 to 6", "122", "an..3", "5509", us7501="36C", pedimento="MET VAL")
    ] = None
    procedure: Annotated[
        An7 | None, element("Procedure requested", "166", "an..7", us7501="2", pedimento="REGIMEN (Ap. 16)")
    ] = None
    previous_procedure: Annotated[An7 | None, element("Procedure before", "161", "an..7")] = None
    additional_procedures: Annotated[tuple[An7, ...], Field(max_length=99), element("Further procedure codes")] = ()
    preference: Annotated[An3 | None, element("Preference claimed", "164", "an..3", "9213", us7501="33A")] = None
    duties: Annotated[tuple[Duty, ...], Field(max_length=99), element("Duties, taxes and fees")] = ()

    @property
    def hs6(self) -> str | None:
        """The six digits that every country shares."""
        return self.hs[:6] if self.hs else None


class Amendment(_Element):
    """One element changed by an amendment. ``path`` points at it by WCO classes: ``42A[1]/67A[1]/68A[2].137``."""

    path: Annotated[An256, element("Section[sequence]/.../section[sequence].element", "375, 381")]
    reason: Annotated[An3 | None, element("Reason of the change", "099", "an..3", "4295")] = None
    statement: Annotated[An512 | None, element("The change in words", "225", "an..512", "4440")] = None


class CoreDeclaration(_Element):
    """The core data of one goods transaction, as lodged or amended."""

    function: Annotated[
        int,
        Field(ge=0, le=99),
        element("Message function: 9 original, 13 amendment, 1 cancellation", "017", "n..2", "1225", pedimento="701"),
    ] = 9
    reference: Annotated[
        An35 | None,
        element("The sender's own reference (LRN), unique for each sender", "D026", "an..35", "1154", us7501="28"),
    ] = None
    declaration_number: Annotated[
        An70 | None,
        element("Number given by customs", "D014", "an..70", "1004", us7501="1", pedimento="NUM. PEDIMENTO"),
    ] = None
    type: Annotated[
        DeclarationType | None, element("import, export or transit", "D013", "an..3", "1001", pedimento="T. OPER")
    ] = None
    type_code: Annotated[
        An3 | None,
        element("National type", "D013", "an..3", "1001", us7501="2", pedimento="CVE. PEDIMENTO (Ap. 2)"),
    ] = None
    accepted_at: Annotated[
        AwareDatetime | None, element("Accepted", "023", "an..35", "2380", us7501="7", pedimento="506")
    ] = None
    office: Annotated[
        An17 | None, element("Office of declaration", "065", "an..17", "3225", us7501="6", pedimento="ADUANA E/S")
    ] = None
    declarant: Annotated[
        Party | None, element("Declarant", "R123, R122", "an..17", "3039", us7501="filer", pedimento="PATENTE")
    ] = None
    agent: Annotated[Party | None, element("Customs broker", "R004, R003", "an..17", "3039")] = None
    exporter: Annotated[
        Party | None,
        element("Exporter", "R032, R031", "an..17, an..70", "3039, 3036", us7501="13", pedimento="ID FISCAL PROVEEDOR"),
    ] = None
    importer: Annotated[
        Party | None,
        element("Importer", "R038, R037", "an..17, an..70", "3039, 3036", us7501="27, 30", pedimento="RFC, CURP"),
    ] = None
    consignee: Annotated[
        Party | None, element("Consignee", "R015, R014", "an..17, an..70", us7501="26, 29", pedimento="520")
    ] = None
    seller: Annotated[Party | None, element("Seller", "R051, R050", us7501="36C", pedimento="PROVEEDOR")] = None
    buyer: Annotated[Party | None, element("Buyer", "R010, R009", us7501="36C", pedimento="COMPRADOR")] = None
    aeo_parties: Annotated[
        tuple[TrustedParty, ...], Field(max_length=99), element("Parties the partner trusts", "R143", pedimento="507")
    ] = ()
    ucr: Annotated[An35 | None, element("Unique consignment reference", "016", "an..35", "1202")] = None
    transport: Annotated[Transport | None, element("The vehicle at the border")] = None
    containers: Annotated[
        tuple[An17, ...],
        Field(max_length=9_999),
        element("Containers, trailers, rail cars", "159", "an..17", "8260", pedimento="504"),
    ] = ()
    seals: Annotated[tuple[Seal, ...], Field(max_length=9_999), element("Seals", "165", "an..35", "9308")] = ()
    exit_office: Annotated[An17 | None, element("Office of exit", "G005", "an..17", "3225", us7501="20")] = None
    loading_place: Annotated[
        An17 | None, element("Place of loading, UN/LOCODE", "L010", "an..17", "3225", us7501="19")
    ] = None
    transport_document: Annotated[TransportDocument | None, element("Transport document", pedimento="503")] = None
    previous_documents: Annotated[
        tuple[PreviousDocument, ...], Field(max_length=999), element("Documents before this one", us7501="16")
    ] = ()
    export_country: Annotated[
        Country | None, element("Country of export", "062", "a2", "3207", us7501="14", pedimento="P. V/C")
    ] = None
    destination_country: Annotated[
        Country | None, element("Country of destination", "465", "a2", "3207", pedimento="DESTINO/ORIGEN (Ap. 15)")
    ] = None
    invoice: Annotated[Invoice | None, element("Commercial invoice", pedimento="505")] = None
    exchange_rate: Annotated[
        Rate | None, element("Exchange rate", "118", "n..12,5", "5402", pedimento="TIPO CAMBIO")
    ] = None
    exchange_currency: Annotated[Letters3 | None, element("Currency of the exchange rate", "135", "a3", "6345")] = None
    incoterm: Annotated[
        Letters3 | None,
        element("Incoterms 2020 rule: EXW, FCA, CPT, DAP...", "090", "a3", "4053", pedimento="INCOTERM"),
    ] = None
    incoterm_place: Annotated[An35 | None, element("Place of the Incoterm", "L002", "an..35", "3225")] = None
    gross_mass_kg: Annotated[
        Mass | None, element("Total gross mass in kg", "131", "n..16,6", "6092", us7501="34A", pedimento="PESO BRUTO")
    ] = None
    packages_total: Annotated[Count | None, element("Total packages", "146", "n..8", "7224", us7501="34B")] = None
    items: Annotated[tuple[Item, ...], Field(max_length=9_999), element("Lines of goods")] = ()
    amendments: Annotated[tuple[Amendment, ...], Field(max_length=9_999), element("What an amendment changes")] = ()
