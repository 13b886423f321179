from __future__ import annotations

from typing import Any

import pytest

from factories.declarations_data import declaration_data
from otay.core.findings import Severity
from otay.formats.declaration import read_declaration
from otay.formats.declaration_rules import RULES

ERROR, WARNING = Severity.ERROR, Severity.WARNING
USD_1 = {"amount": "1", "currency": "USD"}
IT = {"type": "IT", "id": "257700053"}


def item(**changes: Any) -> dict[str, Any]:
    return declaration_data()["items"][0] | changes


BROKEN: list[tuple[str, str, Severity, dict[str, Any]]] = [
    ("D01", "/reference", ERROR, {"reference": None}),
    ("D02", "/type", ERROR, {"type": None}),
    ("D03", "/items", ERROR, {"items": [], "invoice": None, "packages_total": None}),
    ("D03", "/items/0", ERROR, {"items": [item(hs=None, description=None)]}),
    ("D04", "/declaration_number", ERROR, {"function": 13}),
    ("D05", "/function", ERROR, {"function": 27}),
    ("D06", "/importer", ERROR, {"importer": None}),
    ("D06", "/exporter", ERROR, {"type": "export", "exporter": {"country": "US"}}),
    ("D10", "/export_country", ERROR, {"export_country": "ZB"}),
    ("D10", "/importer/country", ERROR, {"importer": {"name": "x", "country": "ZB"}}),
    ("D11", "/items/0/customs_value/currency", ERROR, {"items": [item(customs_value={**USD_1, "currency": "ABC"})]}),
    ("D12", "/items/0/hs", ERROR, {"items": [item(hs="851712")]}),
    ("D12", "/items/0/hs", ERROR, {"items": [item(hs="776611")]}),
    ("D13", "/loading_place", WARNING, {"loading_place": "USQQ2"}),
    ("D14", "/incoterm", ERROR, {"incoterm": "XYZ"}),
    ("D15", "/items/0/valuation_method", WARNING, {"items": [item(valuation_method="7")]}),
    ("iso6346.check_digit", "/containers/0", WARNING, {"containers": ["CSQU3054384"], "seals": []}),
    ("mx.rfc.check_digit", "/importer/id", ERROR, {"importer": {"id": "GODE561231GR9", "id_scheme": "mx.rfc"}}),
    ("imo.check_digit", "/transport/vehicle_id", WARNING, {"transport": {"mode": "1", "vehicle_id": "9319467"}}),
    ("mx.pedimento.serial", "/declaration_number", ERROR, {"declaration_number": "26 40 3123 6000000"}),
    ("mx.pedimento.year", "/declaration_number", WARNING, {"declaration_number": "26 40 3123 5000001"}),
    (
        "D23",
        "/declaration_number",
        ERROR,
        {"declaration_number": "264031236000001", "declarant": {"id": "3124", "id_scheme": "mx.patente"}},
    ),
    ("us.in_bond.check_digit", "/previous_documents/0/id", ERROR, {"previous_documents": [IT]}),
    ("D25", "/containers", WARNING, {"containers": ["CSQU3054383", "CSQU3054383"]}),
    ("D26", "/seals/0/container", WARNING, {"seals": [{"id": "1", "container": "OTHER"}]}),
    ("D30", "/items/0/number", ERROR, {"items": [item(number=2)]}),
    ("D31", "/items/0/net_mass_kg", ERROR, {"items": [item(net_mass_kg="110.000001")], "gross_mass_kg": None}),
    ("D31", "/gross_mass_kg", ERROR, {"items": [item(gross_mass_kg=None)], "gross_mass_kg": "99"}),
    ("D32", "/gross_mass_kg", WARNING, {"gross_mass_kg": "150"}),
    ("D33", "/invoice/amount", ERROR, {"invoice": {"amount": {"amount": "1200.02", "currency": "USD"}}}),
    ("D34", "/packages_total", ERROR, {"packages_total": 9}),
    ("D35", "/items/0/price/amount", ERROR, {"invoice": None, "items": [item(price={**USD_1, "amount": "-1"})]}),
    ("D35", "/exchange_rate", ERROR, {"exchange_rate": "0"}),
    ("D36", "/items/0/price/currency", ERROR, {"items": [item(price={"amount": "1200", "currency": "MXN"})]}),
    ("D37", "/destination_country", WARNING, {"destination_country": "US"}),
    ("D38", "/amendments", WARNING, {"function": 13, "declaration_number": "X", "items": [], "invoice": None,
                                     "packages_total": None}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "place", "severity", "changes"), BROKEN)
def test_each_rule_finds_its_breach_and_nothing_else(
    rule: str, place: str, severity: Severity, changes: dict[str, Any]
) -> None:
    declaration, findings = read_declaration(declaration_data(**changes))
    assert [(found.rule, found.place, found.severity) for found in findings] == [(rule, place, severity)]
    assert (declaration is None) is (severity is ERROR)


@pytest.mark.parametrize(
    "changes",
    [
        {"items": [item(hs="9802008065")]},  # chapters 98 and 99 are national
        {"containers": ["TRAILER 53"], "seals": []},
        {"transport": {"mode": "1", "vehicle_id": "MV INVENTED"}},
        {"invoice": {"amount": {"amount": "1200.01", "currency": "USD"}}},  # a cent of rounding
        {"declaration_number": "WHATEVER-1"},
        {"importer": None, "consignee": {"name": "Somebody invented"}},
        {"export_country": "XI"},
        {"incoterm": "DAT"},
        {"type": "transit", "importer": None},
    ],
)
def test_what_is_allowed(changes: dict[str, Any]) -> None:
    declaration, findings = read_declaration(declaration_data(**changes))
    assert declaration is not None
    assert findings == ()


def test_an_unknown_subheading_names_the_heading_it_would_be_in() -> None:
    _, (known,) = read_declaration(declaration_data(items=[item(hs="851712")]))
    assert "8517" in known.text()
    assert "no subheading 851712" in known.text()
    _, (unknown,) = read_declaration(declaration_data(items=[item(hs="776611")]))
    assert "no heading 7766" in unknown.text()


def test_every_rule_says_itself_and_its_source() -> None:
    for number, rule in RULES.items():
        lines = (rule.__doc__ or "").strip().splitlines()
        assert lines[0].endswith("."), number
        assert lines[2].strip().startswith("Source:"), number
    assert len(RULES) == len(set(RULES))
