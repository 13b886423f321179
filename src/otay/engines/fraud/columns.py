"""The columns of a table of declarations, export records or import records, and the names they come under.

A column is recognised by its own name, by an alias (English, Spanish, WCO Data Model, the files of statistical offices
and of published data sets), or by a mapping that the user gives. Case, blanks and punctuation do not matter.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_


class Kind(StrEnum):
    """How the cells of a column are read."""

    CODE = "code"  # text; compared in capitals without blanks and punctuation
    NAME = "name"  # text that names or identifies a party
    NUMBER = "number"
    DATE = "date"
    GOODS = "goods"  # a goods code: text, leading zeros kept
    FLAG = "flag"  # 0/1, yes/no, true/false, sí/no


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its ``name`` here, its ``kind``, what it means, and other names it comes under."""

    name: str
    kind: Kind
    meaning: str
    aliases: tuple[str, ...] = ()


def _column(name: str, kind: Kind, meaning: str, aliases: str = "") -> Column:
    return Column(name, kind, meaning, tuple(aliases.split()))


COLUMNS = (
    _column("id", Kind.CODE, N_("the record's own number"),
            "record_id declaration_id export_id import_id exp_id imp_id row_id line_id item_id entry_id entry_number"
            " declaration_number number numero folio pedimento no_pedimento num_pedimento"),
    _column("reference", Kind.CODE, N_("a reference both sides cite: UCR, or the export declaration's MRN"),
            "ucr mrn unique_consignment_reference consignment_reference consignment_ref export_reference export_mrn"
            " movement_reference_number shared_reference ref reference_number shipment_reference shipment_ref"
            " referencia rue itn ducr"),
    _column("invoice", Kind.CODE, N_("number of the commercial invoice, or of its electronic filing"),
            "invoice_number invoice_no invoice_id commercial_invoice factura numero_factura no_factura cove"),
    _column("transport_document", Kind.CODE, N_("number of the bill of lading or waybill"),
            "bill_of_lading bl bol waybill awb cmr bl_number bill transport_doc transport_document_number"
            " carta_porte conocimiento_embarque guia"),
    _column("date", Kind.DATE, N_("day on which it was lodged, exported or imported"),
            "day declaration_date export_date import_date exit_date entry_date arrival_date departure_date lodged_at"
            " lodged timestamp datetime fecha fecha_declaracion fecha_exportacion fecha_importacion fecha_pago"),
    _column("hs", Kind.GOODS, N_("goods code, at least six digits"),
            "hs6 hs_code hs6_code hscode hts hts_code hs8 hs10 commodity commodity_code tariff_code tariff"
            " goods_code product_code cn8 fraccion fraccion_arancelaria nico"),
    _column("origin", Kind.CODE, N_("country of origin, ISO 3166 alpha-2"),
            "country_of_origin origin_country origin_code pais_origen origen coo"),
    _column("exporter", Kind.NAME, N_("who exports: number or name"),
            "exporter_id exporter_name seller seller_id seller_name supplier supplier_id consignor consignor_id"
            " shipper exportador vendedor proveedor"),
    _column("importer", Kind.NAME, N_("who imports: number or name"),
            "importer_id importer_name buyer buyer_id consignee consignee_id consignee_name importador comprador"
            " destinatario"),
    _column("declarant", Kind.CODE, N_("who declares: broker or agent"),
            "declarant_id broker broker_id agent customs_broker agente_aduanal patente declarante"),
    _column("carrier", Kind.CODE, N_("who carries"),
            "carrier_id courier courier_id scac caat transportista"),
    _column("vehicle", Kind.CODE, N_("licence plate of the truck or trailer, or number of the rail car"),
            "vehicle_id plate license_plate licence_plate truck truck_id conveyance conveyance_id trailer placa placas"
            " vehiculo"),
    _column("container", Kind.CODE, N_("container numbers, several parted by a semicolon"),
            "container_id container_no container_number containers contenedor contenedores equipment"),
    _column("seal", Kind.CODE, N_("seal numbers, several parted by a semicolon"),
            "seal_id seal_no seal_number seals sello candado precinto"),
    _column("net_mass", Kind.NUMBER, N_("net mass in kg"),
            "net_weight net_mass_kg net_weight_kg netmass mass mass_kg weight weight_kg netweight peso_neto masa_neta"
            " kg"),
    _column("gross_mass", Kind.NUMBER, N_("gross mass in kg"),
            "gross_weight gross_mass_kg gross_weight_kg peso_bruto"),
    _column("quantity", Kind.NUMBER, N_("quantity in its unit"),
            "qty quantity_1 supplementary_quantity cantidad"),
    _column("unit", Kind.CODE, N_("unit of the quantity, UN/CEFACT Recommendation 20"),
            "quantity_unit unit_of_measure uom unit_code qty_unit unidad unidad_medida umt"),
    _column("value", Kind.NUMBER, N_("value in its currency, on the basis given"),
            "declared_value customs_value statistical_value invoice_value invoice_amount item_price amount value_usd"
            " fob cif fob_value cif_value price total_value valor valor_aduana valor_declarado"),
    _column("currency", Kind.CODE, N_("currency of the value, ISO 4217"),
            "value_currency currency_code invoice_currency moneda divisa"),
    _column("basis", Kind.CODE, N_("what the value includes: an Incoterm such as FOB or CIF"),
            "incoterm incoterms terms delivery_terms value_basis valuation_basis terms_of_delivery"),
    _column("freight", Kind.NUMBER, N_("freight and insurance contained in the value, in its currency"),
            "freight_value freight_and_insurance freight_insurance flete incrementables"),
    _column("exporting_country", Kind.CODE, N_("country the goods leave, ISO 3166 alpha-2"),
            "country_of_departure departure departure_country country_of_export export_country country_of_dispatch"
            " dispatch_country pais_exportador pais_procedencia pais_vendedor"),
    _column("destination", Kind.CODE, N_("country the goods go to, ISO 3166 alpha-2"),
            "country_of_destination destination_country import_country pais_destino"),
    _column("office", Kind.CODE, N_("customs office or port of entry"),
            "office_id customs_office port port_code port_of_entry aduana aduana_seccion seccion"),
    _column("transport_mode", Kind.CODE, N_("mode of transport"), "mode_of_transport mode medio_transporte"),
    _column("procedure", Kind.CODE, N_("customs procedure or type of entry"),
            "process_type regime procedure_code customs_procedure entry_type clave_pedimento regimen"),
    _column("import_type", Kind.CODE, N_("type of the import"), "declaration_type tipo_operacion"),
    _column("import_use", Kind.CODE, N_("use of the goods"), "use end_use uso"),
    _column("payment_type", Kind.CODE, N_("how duty is paid"), "payment forma_pago"),
    _column("origin_indicator", Kind.CODE, N_("how the origin is marked"), "country_of_origin_indicator"),
    _column("tax_rate", Kind.NUMBER, N_("rate of duty in per cent"), "duty_rate tariff_rate rate tasa arancel"),
    _column("tax_type", Kind.CODE, N_("kind of duty rate: general, preferential..."),
            "preference duty_type preference_code treatment trato preferencia"),
    _column("duty", Kind.NUMBER, N_("duty and taxes declared, in the currency of the value"),
            "duty_paid taxes total_taxes duties contribuciones impuestos"),
    _column("found", Kind.FLAG, N_("whether an inspection found fraud; empty where nobody inspected"),
            "fraud label is_fraud illicit offence target y fraude"),
    _column("known", Kind.DATE, N_("day on which the outcome of the inspection became known"),
            "known_on outcome_date result_date inspected_on inspection_date label_date fecha_resultado"),
    _column("recovered", Kind.NUMBER, N_("duty recovered after an inspection"),
            "revenue duty_recovered additional_duty raised_tax recuperado"),
    _column("trusted", Kind.FLAG, N_("whether the trader is certified"),
            "aeo oea certified trusted_trader ctpat certificado"),
    _column("score", Kind.NUMBER, N_("a priority computed elsewhere; higher is looked at first"),
            "risk risk_score probability priority riesgo"),
)  # fmt: skip
BY_NAME = {column.name: column for column in COLUMNS}


def plain(name: str) -> str:
    """A name of a column without case, accents, blanks and punctuation."""
    text = unicodedata.normalize("NFKD", name)
    return re.sub(r"[^a-z0-9]", "", "".join(char for char in text if not unicodedata.combining(char)).lower())


_KNOWN = {plain(name): column.name for column in reversed(COLUMNS) for name in (*reversed(column.aliases), column.name)}


def recognise(headers: Sequence[str], mapping: Mapping[str, str] | None = None) -> tuple[dict[str, str], list[Finding]]:
    """Which header stands for which column: ``{column: header}``, and what is wrong.

    ``mapping`` names headers by column or columns by header; both ways round are understood, and it goes first. Of
    several headers for one column the column's own name wins, then the order of its aliases.
    """
    found, findings = _mapped(headers, mapping or {})
    taken = set(found.values())
    preference: dict[str, list[tuple[int, str]]] = {}
    for header in headers:
        name = _KNOWN.get(plain(header))
        if name is None or header in taken or name in found:
            continue
        names = [plain(one) for one in (name, *BY_NAME[name].aliases)]
        preference.setdefault(name, []).append((names.index(plain(header)), header))
    for name, options in preference.items():
        first, *others = [header for _, header in sorted(options)]
        found[name] = first
        findings += [
            warning(
                f"/{header}",
                "table.column_twice",
                N_("%(first)s was taken for %(name)s; this column was not"),
                header,
                N_("Name the right one with --mapping"),
                first=first,
                name=name,
            )
            for header in others
        ]
    return found, findings


def _mapped(headers: Sequence[str], mapping: Mapping[str, str]) -> tuple[dict[str, str], list[Finding]]:
    found: dict[str, str] = {}
    findings = []
    for left, right in mapping.items():
        if left in BY_NAME and right in headers:
            found[left] = right
        elif right in BY_NAME and left in headers:
            found[right] = left
        else:
            findings.append(
                error(
                    f"/mapping/{left}",
                    "table.mapping",
                    N_("The mapping joins a column of the table with one of: %(known)s"),
                    f"{left}: {right}",
                    N_("The table has the columns %(headers)s"),
                    known=", ".join(BY_NAME),
                    headers=", ".join(headers),
                )
            )
    return found, findings


def missing(found: Iterable[str], required: Iterable[str], headers: Sequence[str]) -> list[Finding]:
    """A finding for each required column that is not there; ``"a|b"`` asks for either."""
    present = set(found)
    return [
        error(
            f"/{need}",
            "table.column_missing",
            N_("The table has no column %(need)s"),
            ", ".join(headers),
            N_('Add it, or name the column that holds it: --mapping with {"%(first)s": "your column"}'),
            need=need.replace("|", " / "),
            first=need.split("|")[0],
        )
        for need in required
        if not present & set(need.split("|"))
    ]
