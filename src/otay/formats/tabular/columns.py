"""The columns of a batch. A column is an element of the core record under a name that fits in a heading.

Elements without a name of their own are reached by their path: ``previous_documents/0/id`` for the whole declaration,
``item/duties/0/type`` for the line. Headings are read in English or Spanish, in any case.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from otay.formats.declaration_elements import CoreDeclaration

_PARTIES = {
    "declarant": "declarante",
    "agent": "agente",
    "exporter": "exportador",
    "importer": "importador",
    "consignee": "destinatario",
    "seller": "vendedor",
    "buyer": "comprador",
}
_PARTY = {
    "id": "clave",
    "id_scheme": "tipo_clave",
    "name": "nombre",
    "street": "calle",
    "city": "ciudad",
    "subdivision": "estado",
    "postcode": "codigo_postal",
    "country": "pais",
}

# path in the record: (English heading, Spanish heading)
HEADER: dict[str, tuple[str, str]] = {
    "reference": ("reference", "referencia"),
    "function": ("function", "funcion"),
    "declaration_number": ("declaration_number", "numero_pedimento"),
    "type": ("type", "tipo_operacion"),
    "type_code": ("type_code", "clave_pedimento"),
    "accepted_at": ("accepted_at", "fecha_aceptacion"),
    "office": ("office", "aduana"),
    "ucr": ("ucr", "rucr"),
    "transport/mode": ("transport_mode", "medio_transporte"),
    "transport/vehicle_id": ("vehicle_id", "placas"),
    "transport/vehicle_nationality": ("vehicle_nationality", "pais_vehiculo"),
    "containers/0": ("container", "contenedor"),
    "seals/0/id": ("seal", "candado"),
    "exit_office": ("exit_office", "aduana_salida"),
    "loading_place": ("loading_place", "lugar_carga"),
    "transport_document/id": ("transport_document", "documento_transporte"),
    "transport_document/type": ("transport_document_type", "tipo_documento_transporte"),
    "export_country": ("export_country", "pais_exportacion"),
    "destination_country": ("destination_country", "pais_destino"),
    "invoice/number": ("invoice_number", "numero_factura"),
    "invoice/date": ("invoice_date", "fecha_factura"),
    "invoice/amount/amount": ("invoice_amount", "valor_factura"),
    "invoice/amount/currency": ("invoice_currency", "moneda_factura"),
    "exchange_rate": ("exchange_rate", "tipo_cambio"),
    "exchange_currency": ("exchange_currency", "moneda_tipo_cambio"),
    "incoterm": ("incoterm", "incoterm"),
    "incoterm_place": ("incoterm_place", "lugar_incoterm"),
    "gross_mass_kg": ("total_gross_mass_kg", "peso_bruto_total_kg"),
    "packages_total": ("packages_total", "total_bultos"),
} | {
    f"{party}/{part}": (f"{party}_{part}", f"{part_es}_{party_es}")
    for party, party_es in _PARTIES.items()
    for part, part_es in _PARTY.items()
}

ITEM: dict[str, tuple[str, str]] = {
    "number": ("item_number", "secuencia"),
    "hs": ("hs", "fraccion"),
    "national_code": ("national_code", "nico"),
    "description": ("description", "descripcion"),
    "origin": ("origin", "pais_origen"),
    "net_mass_kg": ("net_mass_kg", "peso_neto_kg"),
    "gross_mass_kg": ("gross_mass_kg", "peso_bruto_kg"),
    "packages/0/count": ("package_count", "bultos"),
    "packages/0/type": ("package_type", "tipo_bulto"),
    "packages/0/marks": ("package_marks", "marcas"),
    "quantity/value": ("quantity", "cantidad"),
    "quantity/unit": ("unit", "unidad"),
    "price/amount": ("price", "precio_pagado"),
    "price/currency": ("price_currency", "moneda_precio"),
    "customs_value/amount": ("customs_value", "valor_aduana"),
    "customs_value/currency": ("customs_value_currency", "moneda_valor_aduana"),
    "statistical_value/amount": ("statistical_value", "valor_estadistico"),
    "statistical_value/currency": ("statistical_value_currency", "moneda_valor_estadistico"),
    "valuation_method": ("valuation_method", "metodo_valoracion"),
    "procedure": ("procedure", "regimen"),
    "previous_procedure": ("previous_procedure", "regimen_anterior"),
    "preference": ("preference", "preferencia"),
}

ITEM_PREFIX = "item/"


def normalized(heading: str) -> str:
    """A heading without accents, case and punctuation: ``Peso neto (kg)`` is ``peso_neto_kg``."""
    plain = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().strip().lower()
    if "/" in plain:
        return plain
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


@cache
def _known() -> dict[str, str]:
    """Heading to path; a line's path begins with ``item/``."""
    found = {name: path for path, names in HEADER.items() for name in names}
    found |= {name: ITEM_PREFIX + path for path, names in ITEM.items() for name in names}
    return found


@cache
def _top_level() -> frozenset[str]:
    return frozenset(CoreDeclaration.model_fields) - {"items"}


def path_of(heading: str) -> str | None:
    """The path behind a heading; None for a column that is not ours."""
    name = normalized(heading)
    if name in _known():
        return _known()[name]
    if found := re.fullmatch(r"(container|contenedor|seal|candado)_(\d{1,3})", name):
        index = int(found[2]) - 1
        path = f"containers/{index}" if found[1].startswith("cont") else f"seals/{index}/id"
        return path if index >= 0 else None
    first = name.split("/")[0]
    return name if "/" in name and (first == "item" or first in _top_level()) else None


def heading(path: str, *, spanish: bool = False) -> str:
    """The heading of a path: its name, or the path itself."""
    names = ITEM.get(path.removeprefix(ITEM_PREFIX)) if path.startswith(ITEM_PREFIX) else HEADER.get(path)
    return names[1 if spanish else 0] if names else path
