"""The entries of CSV and XLSX in the registry."""

from __future__ import annotations

from collections.abc import Sequence

from otay.core.i18n import N_
from otay.formats.registry import Format, ReadResult

MAX_BYTES = 32 * 1024 * 1024

_EXAMPLE = {
    "reference": "EXAMPLE-0001",
    "type": "import",
    "type_code": "A1",
    "exporter_id": "04-2103594",
    "exporter_id_scheme": "us.ein",
    "exporter_name": "Invented Exporter Inc.",
    "exporter_country": "US",
    "importer_id": "XAXX010101000",
    "importer_id_scheme": "mx.rfc",
    "importer_name": "Importadora Inventada SA de CV",
    "importer_country": "MX",
    "transport_mode": "3",
    "vehicle_id": "ABC1234",
    "vehicle_nationality": "MX",
    "container": "CSQU3054383",
    "seal": "SEAL000001",
    "export_country": "US",
    "destination_country": "MX",
    "invoice_number": "INV-1",
    "invoice_date": "2026-01-15",
    "invoice_amount": "1200.00",
    "invoice_currency": "USD",
    "incoterm": "DAP",
    "total_gross_mass_kg": "110",
    "packages_total": "10",
    "item_number": "1",
    "hs": "847130",
    "description": "Portable computers",
    "origin": "US",
    "net_mass_kg": "100",
    "gross_mass_kg": "110",
    "package_count": "10",
    "package_type": "CT",
    "quantity": "20",
    "unit": "C62",
    "price": "1200.00",
    "price_currency": "USD",
}
"""An invented declaration in the columns that most declarations need."""


def _detect_csv(data: bytes, name: str) -> float:
    from otay.formats.tabular.text import known_columns

    if data[:2] == b"PK" or data.lstrip()[:1] in (b"<", b"{", b"["):
        return 0
    return 0.8 if known_columns(data) >= 2 else 0.4 * name.lower().endswith((".csv", ".tsv"))


def _detect_xlsx(data: bytes, name: str) -> float:
    if data[:4] != b"PK\x03\x04":
        return 0.4 * name.lower().endswith(".xlsx")
    return 0.9 if b"xl/" in data else 0.3


def _read_csv(data: bytes, name: str) -> ReadResult:
    from otay.formats.tabular.text import read

    return read(data, name)


def _read_xlsx(data: bytes, name: str) -> ReadResult:
    from otay.formats.tabular.workbook import read

    return read(data, name)


def _write_csv(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.tabular.text import write

    return write(result)


def _write_xlsx(result: ReadResult) -> Sequence[bytes]:
    from otay.formats.tabular.workbook import write

    return write(result)


def _columns(language: str) -> tuple[list[str], list[str]]:
    from otay.formats.tabular.columns import heading, path_of

    headings = [heading(path_of(name) or name, spanish=language == "es") for name in _EXAMPLE]
    return headings, list(_EXAMPLE.values())


def _template_csv(language: str) -> bytes:
    from otay.formats.tabular.text import template

    return template(*_columns(language))


def _template_xlsx(language: str) -> bytes:
    from otay.formats.tabular.workbook import template

    return template(*_columns(language))


FORMATS = (
    Format("csv", N_("Batch of declarations, CSV"), _detect_csv, _read_csv, _write_csv, MAX_BYTES, _template_csv),
    Format("xlsx", N_("Batch of declarations, XLSX"), _detect_xlsx, _read_xlsx, _write_xlsx, MAX_BYTES, _template_xlsx),
)
