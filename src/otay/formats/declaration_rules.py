"""The rules a declaration's core data must keep. One function a rule; its first line is what the rule says.

Numbers: D0x what must be there, D1x published codes, D2x identifiers, D3x what must agree. An error refuses the
declaration; a warning goes to the officer.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

from otay.core import codes
from otay.core.findings import Finding, Severity, error, warning
from otay.core.i18n import N_
from otay.core.identifiers import (
    check_container,
    check_imo,
    check_in_bond,
    check_party,
    check_pedimento,
    looks_like_container,
    pedimento,
)
from otay.core.money import Money
from otay.formats.declaration_elements import CoreDeclaration, DeclarationType, Party

Rule = Callable[[CoreDeclaration], Iterator[Finding]]

ORIGINAL, AMENDMENT = 9, 13
FUNCTIONS = {1: "cancellation", 4: "change", 5: "replacement", 9: "original", 13: "amendment", 14: "notice"}
IN_BOND_TYPES = frozenset({"IT", "TE", "IE"})
PARTIES = ("declarant", "agent", "exporter", "importer", "consignee", "seller", "buyer")
_NATIONAL_CHAPTERS = ("98", "99")
_ROUNDING = Decimal("0.01")

RULES: dict[str, Rule] = {}
"""Every rule by its number."""


def _rule(number: str) -> Callable[[Rule], Rule]:
    def register(function: Rule) -> Rule:
        RULES[number] = function
        return function

    return register


def check(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Every finding of every rule."""
    for rule in RULES.values():
        yield from rule(declaration)


def _softer(finding: Finding | None) -> Iterator[Finding]:
    if finding:
        yield replace(finding, severity=Severity.WARNING)


# D0x: what must be there


@_rule("D01")
def has_reference(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A declaration carries the sender's own reference.

    Source: WCO Data Model D026; it is what an answer refers to.
    """
    if not declaration.reference:
        yield error("/reference", "D01", N_("The sender's reference is missing."), remedy=N_("Give a unique one."))


@_rule("D02")
def has_type(declaration: CoreDeclaration) -> Iterator[Finding]:
    """An original declaration says whether it is an import, an export or a transit.

    Source: WCO Data Model D013.
    """
    if declaration.function == ORIGINAL and declaration.type is None:
        remedy = N_("Give import, export or transit.")
        yield error("/type", "D02", N_("The type of declaration is missing."), remedy=remedy)


@_rule("D03")
def has_items(declaration: CoreDeclaration) -> Iterator[Finding]:
    """An original declaration has at least one line of goods, and each line says what the goods are.

    Source: WCO Data Model 006, 137, 145.
    """
    if declaration.function != ORIGINAL:
        return
    if not declaration.items:
        yield error("/items", "D03", N_("There is no line of goods."), remedy=N_("Declare at least one."))
    for index, item in enumerate(declaration.items):
        if not item.hs and not item.description:
            message = N_("The line says neither HS code nor description.")
            yield error(f"/items/{index}", "D03", message, remedy=N_("Give the HS code, the description, or both."))


@_rule("D04")
def amendment_names_its_declaration(declaration: CoreDeclaration) -> Iterator[Finding]:
    """An amendment or cancellation names the declaration number that it changes.

    Source: WCO Data Model 017 with D014; Anexo 22, pedimento de rectificación (record 701).
    """
    if declaration.function in {1, 4, 5, AMENDMENT} and not declaration.declaration_number:
        message = N_("An amendment or cancellation needs the number of the declaration that it changes.")
        remedy = N_("Give declaration_number as customs returned it.")
        yield error("/declaration_number", "D04", message, remedy=remedy)


@_rule("D05")
def function_is_known(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The message function is original, amendment, change, replacement or cancellation.

    Source: UN/EDIFACT 1225.
    """
    if declaration.function not in FUNCTIONS:
        message = N_("This message function is not in use.")
        remedy = N_("Use 9 original, 13 amendment, 4 change, 5 replacement or 1 cancellation.")
        yield error("/function", "D05", message, declaration.function, remedy)


@_rule("D06")
def has_the_responsible_party(declaration: CoreDeclaration) -> Iterator[Finding]:
    """An import names its importer or consignee, an export its exporter.

    Source: WCO Data Model R037-R038, R031-R032.
    """
    if declaration.function != ORIGINAL:
        return
    wanted = {
        DeclarationType.IMPORT: (declaration.importer, declaration.consignee),
        DeclarationType.EXPORT: (declaration.exporter,),
    }.get(declaration.type) if declaration.type else None  # fmt: skip
    if wanted and not any(party and (party.id or party.name) for party in wanted):
        place = "/importer" if declaration.type is DeclarationType.IMPORT else "/exporter"
        message = N_("Nobody is named who imports or exports the goods.")
        yield error(place, "D06", message, remedy=N_("Give the identifier or the name of the party."))


# D1x: published codes


def _countries(declaration: CoreDeclaration) -> Iterator[tuple[str, str | None]]:
    yield "/export_country", declaration.export_country
    yield "/destination_country", declaration.destination_country
    if declaration.transport:
        yield "/transport/vehicle_nationality", declaration.transport.vehicle_nationality
    for name, party in _parties(declaration):
        yield f"/{name}/country", party.country
    for index, item in enumerate(declaration.items):
        yield f"/items/{index}/origin", item.origin


def _parties(declaration: CoreDeclaration) -> Iterator[tuple[str, Party]]:
    for name in PARTIES:
        if party := getattr(declaration, name):
            yield name, party


@_rule("D10")
def countries_exist(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A country code is in ISO 3166-1, or one of those left to users.

    Source: ISO 3166-1 alpha-2.
    """
    for place, code in _countries(declaration):
        if code and not codes.country_known(code):
            yield error(place, "D10", N_("There is no country with this code."), code, N_("Use ISO 3166-1: MX, US."))


def _money(declaration: CoreDeclaration) -> Iterator[tuple[str, Money | None]]:
    if declaration.invoice:
        yield "/invoice/amount", declaration.invoice.amount
    for index, item in enumerate(declaration.items):
        place = f"/items/{index}"
        yield f"{place}/price", item.price
        yield f"{place}/customs_value", item.customs_value
        yield f"{place}/statistical_value", item.statistical_value
        for number, duty in enumerate(item.duties):
            yield f"{place}/duties/{number}/base", duty.base
            yield f"{place}/duties/{number}/amount", duty.amount


def _adjustments(declaration: CoreDeclaration) -> Iterator[tuple[str, Money | None]]:
    for index, item in enumerate(declaration.items):
        for number, adjustment in enumerate(item.adjustments):
            yield f"/items/{index}/adjustments/{number}/amount", adjustment.amount


@_rule("D11")
def currencies_exist(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A currency code is in ISO 4217.

    Source: ISO 4217.
    """
    for place, money in (*_money(declaration), *_adjustments(declaration)):
        if money and not codes.currency_known(money.currency):
            message = N_("There is no currency with this code.")
            yield error(f"{place}/currency", "D11", message, money.currency, N_("Use ISO 4217: MXN, USD."))


@_rule("D12")
def hs_code_exists(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The first six digits of a commodity code are a subheading of the Harmonized System 2022.

    Source: WCO Harmonized System 2022; chapters 98 and 99 are left to each country.
    """
    for index, item in enumerate(declaration.items):
        hs6 = item.hs6
        if hs6 is None or hs6.startswith(_NATIONAL_CHAPTERS) or codes.hs_description(hs6):
            continue
        heading = codes.hs_description(hs6[:4])
        message = (
            N_("Heading %(heading)s exists (%(title)s), but it has no subheading %(code)s in HS 2022.")
            if heading
            else N_("There is no heading %(heading)s in HS 2022.")
        )
        remedy = N_("Look the goods up in the tariff; older editions had other codes.")
        place = f"/items/{index}/hs"
        yield error(place, "D12", message, item.hs, remedy, heading=hs6[:4], title=heading or "", code=hs6)


@_rule("D13")
def places_exist(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A place given as UN/LOCODE is in the list.

    Source: UN/LOCODE 2023-1. New places are added twice a year, so an unknown one is a warning.
    """
    for place, code in (("/loading_place", declaration.loading_place), ("/incoterm_place", declaration.incoterm_place)):
        if code and re.fullmatch(r"[A-Z]{2} ?[A-Z2-9]{3}", code) and codes.locode_name(code) is None:
            yield warning(place, "D13", N_("This place is not in UN/LOCODE."), code, N_("Check country and place."))


@_rule("D14")
def incoterm_exists(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The delivery terms are one of the Incoterms.

    Source: ICC, Incoterms 2020, and DAT of 2010.
    """
    term = declaration.incoterm
    if term and term not in codes.INCOTERMS:
        remedy = N_("Use one of %(terms)s.")
        known = ", ".join(sorted(codes.INCOTERMS))
        yield error("/incoterm", "D14", N_("This is not an Incoterm."), term, remedy, terms=known)


@_rule("D15")
def valuation_method_exists(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The valuation method is one of the six of the agreement.

    Source: WTO Agreement on Customs Valuation, articles 1 to 8. National variants exist, so a warning.
    """
    for index, item in enumerate(declaration.items):
        if item.valuation_method and item.valuation_method not in {"1", "2", "3", "4", "5", "6"}:
            message = N_("This is not one of the six valuation methods.")
            yield warning(f"/items/{index}/valuation_method", "D15", message, item.valuation_method)


# D2x: identifiers


@_rule("D20")
def containers_prove_themselves(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A carrier's container number ends in its check digit.

    Source: ISO 6346. Trailers and rail cars have numbers of their own, so a warning.
    """
    for index, number in enumerate(declaration.containers):
        if looks_like_container(number):
            yield from _softer(check_container(number, f"/containers/{index}"))


@_rule("D21")
def party_identifiers_prove_themselves(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A party's identifier fits the scheme that it is said to be of.

    Source: SAT (RFC), RENAPO (CURP), IRS (EIN), ISO 17442 (LEI).
    """
    for name, party in _parties(declaration):
        if party.id and party.id_scheme and (found := check_party(party.id_scheme, party.id, f"/{name}/id")):
            yield found


@_rule("D22")
def ship_number_proves_itself(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A ship's IMO number ends in its check digit.

    Source: IMO resolution A.1117(30). Names and call signs are used too, so only what looks like one is checked.
    """
    transport = declaration.transport
    if transport and transport.mode == "1" and re.fullmatch(r"(IMO)? ?\d{7}", transport.vehicle_id or ""):
        yield from _softer(check_imo(transport.vehicle_id or "", "/transport/vehicle_id"))


@_rule("D23")
def pedimento_proves_itself(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A pedimento number is built of year, customs, patente, last digit of the year and serial.

    Source: Mexico, Anexo 22. A declarant known by patente lodges pedimentos; fifteen digits are taken for one.
    """
    number, declarant = declaration.declaration_number, declaration.declarant
    if not number:
        return
    by_patente = bool(declarant and declarant.id_scheme == "mx.patente")
    digits = pedimento(number)
    if by_patente or digits:
        found = check_pedimento(number, "/declaration_number")
        if found:
            yield replace(found, severity=Severity.WARNING) if found.rule == "mx.pedimento.year" else found
    if by_patente and digits and declarant and declarant.id != digits[4:8]:
        message = N_("The pedimento carries patente %(found)s, the declarant is %(expected)s.")
        place = "/declaration_number"
        yield error(place, "D23", message, number, found=digits[4:8], expected=declarant.id)


@_rule("D24")
def in_bond_number_proves_itself(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A US in-bond number ends in its check digit.

    Source: CBP Form 7512, computation formula of the mod 7 check digit.
    """
    for index, document in enumerate(declaration.previous_documents):
        if document.type in IN_BOND_TYPES and (found := check_in_bond(document.id, f"/previous_documents/{index}/id")):
            yield found


@_rule("D25")
def nothing_is_listed_twice(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A container or a seal is listed once.

    Source: WCO Data Model 159, 165.
    """
    for name, numbers in (
        ("containers", list(declaration.containers)),
        ("seals", [seal.id for seal in declaration.seals]),
    ):
        for number, times in Counter(numbers).items():
            if times > 1:
                yield warning(f"/{name}", "D25", N_("Listed %(times)s times."), number, times=times)


@_rule("D26")
def seals_are_on_declared_containers(declaration: CoreDeclaration) -> Iterator[Finding]:
    """A seal closes a container of this declaration.

    Source: WCO Data Model 165 under 31B.
    """
    for index, seal in enumerate(declaration.seals):
        if seal.container and seal.container not in declaration.containers:
            message = N_("The container of this seal is not in the declaration.")
            yield warning(f"/seals/{index}/container", "D26", message, seal.container)


# D3x: what must agree


@_rule("D30")
def items_are_numbered(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Lines of goods are numbered 1, 2, 3... without a gap.

    Source: WCO Data Model 006. In an amendment the lines that change keep their numbers.
    """
    if declaration.function != ORIGINAL:
        return
    for index, item in enumerate(declaration.items):
        if item.number != index + 1:
            message = N_("Line %(expected)s was expected here.")
            value = "" if item.number is None else item.number
            yield error(
                f"/items/{index}/number", "D30", message, value, N_("Number the lines from 1."), expected=index + 1
            )


@_rule("D31")
def net_is_not_more_than_gross(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Net mass is at most gross mass, line by line and in total.

    Source: WCO Data Model 128, 126, 131.
    """
    message = N_("Net mass is more than the gross mass of %(gross)s kg.")
    for index, item in enumerate(declaration.items):
        net, gross = item.net_mass_kg, item.gross_mass_kg
        if net is not None and gross is not None and net > gross:
            yield error(f"/items/{index}/net_mass_kg", "D31", message, net, gross=f"{gross:f}")
    total, net_total = declaration.gross_mass_kg, sum((item.net_mass_kg or 0 for item in declaration.items), Decimal(0))
    if total is not None and net_total > total:
        yield error("/gross_mass_kg", "D31", message, f"{net_total:f}", gross=f"{total:f}")


@_rule("D32")
def gross_masses_add_up(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The gross masses of the lines add up to the total.

    Source: WCO Data Model 126, 131. Rounding and shared packing make small differences, so a warning over 1 %.
    """
    gross = [item.gross_mass_kg for item in declaration.items]
    total = declaration.gross_mass_kg
    if total is None or not gross or any(mass is None for mass in gross):
        return
    added = sum((mass for mass in gross if mass is not None), Decimal(0))
    if abs(added - total) > total / 100:
        message = N_("The lines add up to %(added)s kg.")
        yield warning("/gross_mass_kg", "D32", message, f"{total:f}", added=f"{added:f}")


@_rule("D33")
def prices_add_up(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The prices of the lines add up to the invoice.

    Source: WCO Data Model 112, 109. A cent a line is left to rounding.
    """
    amount = declaration.invoice.amount if declaration.invoice else None
    prices = [item.price for item in declaration.items if item.price]
    if amount is None or len(prices) != len(declaration.items) or not prices:
        return
    if any(price.currency != amount.currency for price in prices):
        return  # D36 says so
    added = sum((price.amount for price in prices), Decimal(0))
    if abs(added - amount.amount) > _ROUNDING * len(prices):
        message = N_("The prices of the lines add up to %(added)s.")
        remedy = N_("Correct the line or the total of the invoice.")
        yield error("/invoice/amount", "D33", message, str(amount), remedy, added=Money(added, amount.currency))


@_rule("D34")
def packages_add_up(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The packages of the lines add up to the total.

    Source: WCO Data Model 144, 146. A package shared by two lines is counted at the first and 0 at the other.
    """
    counts = [packages.count for item in declaration.items for packages in item.packages]
    total = declaration.packages_total
    if total is None or not counts or any(count is None for count in counts):
        return
    added = sum(count or 0 for count in counts)
    if added != total:
        message = N_("The packages of the lines add up to %(added)s.")
        remedy = N_("Count a package shared by two lines at the first of them only.")
        yield error("/packages_total", "D34", message, total, remedy, added=added)


def _numbers(declaration: CoreDeclaration) -> Iterator[tuple[str, Decimal | int | None]]:
    yield "/gross_mass_kg", declaration.gross_mass_kg
    yield "/packages_total", declaration.packages_total
    for place, money in _money(declaration):
        yield f"{place}/amount", money.amount if money else None
    for index, item in enumerate(declaration.items):
        place = f"/items/{index}"
        yield f"{place}/net_mass_kg", item.net_mass_kg
        yield f"{place}/gross_mass_kg", item.gross_mass_kg
        yield f"{place}/quantity/value", item.quantity.value if item.quantity else None
        for number, packages in enumerate(item.packages):
            yield f"{place}/packages/{number}/count", packages.count


@_rule("D35")
def nothing_is_negative(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Masses, quantities, counts and values are not negative; an exchange rate is more than zero.

    Source: WCO Data Model. Only a deduction from the price may be negative.
    """
    for place, number in _numbers(declaration):
        if number is not None and number < 0:
            yield error(place, "D35", N_("This must not be negative."), f"{number:f}")
    if declaration.exchange_rate is not None and declaration.exchange_rate <= 0:
        yield error("/exchange_rate", "D35", N_("An exchange rate is more than zero."), declaration.exchange_rate)


@_rule("D36")
def one_invoice_one_currency(declaration: CoreDeclaration) -> Iterator[Finding]:
    """The lines are priced in the currency of the invoice.

    Source: WCO Data Model 109, 112.
    """
    amount = declaration.invoice.amount if declaration.invoice else None
    expected = (
        amount.currency if amount else next((item.price.currency for item in declaration.items if item.price), "")
    )
    for index, item in enumerate(declaration.items):
        if item.price and item.price.currency != expected:
            message = N_("The invoice is in %(expected)s, this line is not.")
            yield error(f"/items/{index}/price/currency", "D36", message, item.price.currency, expected=expected)


@_rule("D37")
def goods_cross_a_border(declaration: CoreDeclaration) -> Iterator[Finding]:
    """Goods leave one country and arrive in another.

    Source: WCO Data Model 062, 465.
    """
    if declaration.export_country and declaration.export_country == declaration.destination_country:
        message = N_("Export and destination are the same country.")
        yield warning("/destination_country", "D37", message, declaration.destination_country)


@_rule("D38")
def an_amendment_says_what_changes(declaration: CoreDeclaration) -> Iterator[Finding]:
    """An amendment says what it changes.

    Source: WCO Data Model, Amendment and Pointer (375, 381).
    """
    if declaration.function == AMENDMENT and not declaration.amendments and not declaration.items:
        message = N_("The amendment points at nothing that changes.")
        yield warning("/amendments", "D38", message, remedy=N_("List the elements that change."))
