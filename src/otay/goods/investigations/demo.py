"""Invented data: books of both countries that differ, a joint case, a seizure. Every firm and person says "(demo)".

Each node seeds its own side. What both share goes through the exchange once the nodes know each other, as everything
does: a small periodic step (:func:`act`), which runs on demo nodes alone, shares the case and plays the part of the
neighbour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from otay.core.errors import OtayError
from otay.goods.declarations import sharing as declaration_sharing
from otay.goods.declarations.lodging import Lodgement, lodge
from otay.goods.declarations.models import Declaration, DeclarationVersion
from otay.goods.declarations.tariff.demo import PESOS, ROSE, SURGING
from otay.goods.investigations.models import Case
from otay.goods.investigations.queries import cases as case_queries
from otay.goods.investigations.services import cases, seizures
from otay.node import clock
from otay.node.accounts import actor_of_user
from otay.node.actors import SYSTEM, Actor
from otay.node.models import User

PORT = "2506"
PREFIX = "DEMO-INV"
_TITLE = {"en": "Undervalued fabrics through Otay Mesa (demo)", "es": "Telas subvaluadas por Mesa de Otay (demo)"}
_INVESTIGATOR = {"US": "investigator", "MX": "investigacion"}
#: Planted consignments: (key, goods, description, kg, USD exported, what the import side does to it).
PLANTED: tuple[tuple[str, str, str, int, str, str], ...] = (
    ("01", "520942", "Denim fabric (demo)", 12000, "64800.00", "undervalued"),
    ("02", "520942", "Denim fabric (demo)", 11500, "62100.00", "undervalued"),
    ("03", "851762", "Network switches (demo)", 1900, "133000.00", "other_goods"),
    ("04", "070200", "Tomatoes (demo)", 18000, "21600.00", "honest"),
    ("05", "940360", "Wooden furniture (demo)", 8200, "41000.00", "split"),
    ("06", "870829", "Body parts of vehicles (demo)", 9400, "84600.00", "phantom"),
    ("07", "220300", "Beer (demo)", 16000, "19200.00", "mass"),
    ("08", "392690", "Articles of plastic (demo)", 5200, "26000.00", "freight"),
    ("09", "070960", "Peppers (demo)", 15000, "27000.00", "pesos"),
    ("10", "520942", "Denim fabric (demo)", 11000, "59400.00", "pesos_undervalued"),
)
#: Footwear of Viet Nam that comes in after the invented duty on that of China rose: consignments before and since.
CALM, SURGE = 5, 24
#: Honest denim of the two months before, so that there is a price to compare with: how many consignments.
HISTORY = 28


def seed() -> None:
    """This side's planted declarations, its case and its seizure; a second call adds nothing."""
    investigator = _person(_INVESTIGATOR)
    if investigator is None or Declaration.objects.filter(reference__startswith=PREFIX).exists():
        return
    start = clock.now() - timedelta(days=8)
    earlier = [start - timedelta(days=2 * (HISTORY - at)) for at in range(HISTORY)]
    lodged = [Lodgement(_honest(at, day), PORT, day) for at, day in enumerate(earlier)]
    lodged += [Lodgement(core, PORT, start + timedelta(hours=at)) for at, core in enumerate(_declarations(start))]
    if settings.OTAY.country == "US":
        lodged += [Lodgement(_footwear(at, when), PORT, when) for at, when in enumerate(_surge(clock.now()))]
    lodge(actor=SYSTEM, node=settings.OTAY, lodgements=lodged)
    if settings.OTAY.country == "US":
        _case(investigator)


def _person(names: dict[str, str]) -> Actor | None:
    user = User.objects.filter(username=names.get(settings.OTAY.country, ""), invented=True).first()
    return actor_of_user(user) if user else None


def _honest(at: int, day: datetime) -> dict[str, Any]:
    """The same consignment on both sides, at 4.90 to 5.90 USD a kilogram on export."""
    mass = Decimal(9000 + 500 * (at % 7))
    usd = mass * (Decimal("4.90") + Decimal("0.10") * (at * 7 % 11))
    if settings.OTAY.country != "US":
        return _core(f"H{at:02}", "520942", "Denim fabric (demo)", mass, usd, "export", day)
    core = _core(f"H{at:02}", "520942", "Denim fabric (demo)", mass, usd, "import", day)
    return _changed(core, usd=usd * Decimal("1.03"))


def _declarations(start: datetime) -> list[dict[str, Any]]:
    """What this side declares of the planted consignments."""
    exports = settings.OTAY.country != "US"
    found = []
    for key, hs, words, mass, usd, twist in PLANTED:
        truth = _core(key, hs, words, Decimal(mass), Decimal(usd), "export" if exports else "import", start)
        if exports:
            found.append(_in_pesos(truth, Decimal(usd)) if twist.startswith("pesos") else truth)
        elif twist != "phantom":
            found += _imported(truth, key, twist)
    return found


def _imported(core: dict[str, Any], key: str, twist: str) -> list[dict[str, Any]]:
    amount = Decimal(core["invoice"]["amount"]["amount"])
    mass = Decimal(core["items"][0]["net_mass_kg"])
    match twist:
        case "undervalued" | "pesos_undervalued":
            return [_changed(core, usd=amount * Decimal("0.38"))]
        case "other_goods":
            return [_changed(core, usd=amount, hs="851770", words="Parts of telephone sets (demo)")]
        case "mass":
            return [_changed(core, usd=amount, mass=mass * Decimal("0.62"))]
        case "freight":
            return [_changed(core, usd=amount * Decimal("1.09"))]
        case "split":
            parts = (("A", Decimal("0.55")), ("B", Decimal("0.45")))
            return [
                {**_changed(core, usd=amount * share, mass=mass * share), "reference": f"{core['reference']}{letter}"}
                for letter, share in parts
            ]
    return [_changed(core, usd=amount * Decimal("1.03"))]


def _in_pesos(core: dict[str, Any], usd: Decimal) -> dict[str, Any]:
    """The export as invoiced in pesos, at the invented rate of the month before."""
    money = {"amount": str((usd * Decimal(PESOS[-2])).quantize(Decimal("0.01"))), "currency": "MXN"}
    items = [{**item, "price": money} for item in core["items"]]
    return {**core, "invoice": {**core["invoice"], "amount": money}, "items": items}


def _surge(now: datetime) -> list[datetime]:
    """When the footwear was declared: seldom before the duty rose, almost daily since."""
    rose = now - timedelta(days=ROSE)
    calm = [rose - timedelta(days=1 + at * (ROSE - 3) / CALM) for at in range(CALM)]
    return calm + [rose + timedelta(days=at * (ROSE - 1) / SURGE, hours=1) for at in range(SURGE)]


def _footwear(at: int, when: datetime) -> dict[str, Any]:
    core = _core(f"S{at:02d}", SURGING, "Leather footwear (demo)", Decimal(2400), Decimal(31200), "import", when)
    items = [{**item, "origin": "VN"} for item in core["items"]]
    importer = {"id": "95-0000718", "name": "Example Shoes 8 (demo)", "country": "US"}
    exporter = {"id": "VN-DEMO-0042", "name": "Example Footwear Works (demo)", "country": "VN"}
    del core["ucr"]
    reference = (
        f"DEMO-SURGE-{at:02d}"  # under another prefix: what did not come through the neighbour is not its affair
    )
    return {
        **core,
        "reference": reference,
        "items": items,
        "importer": importer,
        "exporter": exporter,
        "export_country": "VN",
    }


def _changed(
    core: dict[str, Any], *, usd: Decimal, mass: Decimal | None = None, hs: str = "", words: str = ""
) -> dict[str, Any]:
    money = {"amount": str(usd.quantize(Decimal("0.01"))), "currency": "USD"}
    item = {**core["items"][0], "price": money}
    if mass is not None:
        item |= {"net_mass_kg": str(round(mass)), "gross_mass_kg": str(round(mass * Decimal("1.05")))}
    if hs:
        item |= {"hs": hs, "description": words}
    return {
        **core, "invoice": {**core["invoice"], "amount": money}, "items": [item],
        "gross_mass_kg": item["gross_mass_kg"],
    }  # fmt: skip


def _core(key: str, hs: str, words: str, mass: Decimal, usd: Decimal, kind: str, start: datetime) -> dict[str, Any]:
    money = {"amount": str(usd), "currency": "USD"}
    gross = str(round(mass * Decimal("1.05")))
    day = f"{start:%Y-%m-%d}"
    return {
        "function": 9, "reference": f"{PREFIX}-{key}", "type": kind, "office": PORT,
        "declarant": {"id": "DEMO-BROKER", "name": "Agencia Aduanal Ejemplo (demo)"},
        "exporter": {"id": "TDE910214QX7", "name": "Textiles del Ejemplo (demo)", "country": "MX"},
        "importer": {"id": "95-0000717", "name": "Example Fabrics 7 (demo)", "country": "US"},
        "ucr": f"6MXDEMO-INV-{start:%y%m%d}-{key}",
        "transport": {"mode": "3", "vehicle_id": f"DM{key}INV", "vehicle_nationality": "MX"},
        "export_country": "MX", "destination_country": "US",
        "invoice": {"number": f"INV-{key}", "date": day, "amount": money},
        "incoterm": "DAP" if kind == "import" else "FCA", "gross_mass_kg": gross, "packages_total": 40,
        "items": [
            {
                "number": 1, "hs": hs, "description": words, "origin": "MX", "net_mass_kg": str(mass),
                "gross_mass_kg": gross, "packages": [{"count": 40, "type": "PK"}], "price": money,
            }
        ],
    }  # fmt: skip


def _case(lead: Actor) -> None:
    """The joint case of the United States side, with a seizure."""
    language = "es" if settings.LANGUAGE_CODE.startswith("es") else "en"
    numbers = list(
        Declaration.objects.filter(reference__in=[f"{PREFIX}-01", f"{PREFIX}-02"])
        .order_by("pk")
        .values_list("number", flat=True)
    )
    row = cases.open_case(
        actor=lead, kind="valuation", title=_TITLE[language], port=PORT,
        summary="Invented for the demonstration: two consignments of denim were exported at more than twice the value "
        "that was declared on import. No such firm exists.",
    )  # fmt: skip
    links = [cases.Link("declaration", number) for number in numbers]
    cases.link(actor=lead, reference=row.reference, links=links, shared=True)
    cases.link(actor=lead, reference=row.reference, links=[cases.Link("trader", "95-0000717", "importer (demo)")])
    note = "The importer's invoices carry the exporter's numbers, at other amounts (demo)."
    cases.add_note(actor=lead, reference=row.reference, text=note, shared=True)
    cases.add_task(actor=lead, reference=row.reference, title="Compare the invoices of both sides (demo)")
    made = seizures.seize(
        actor=lead, port=PORT, ground="Seizure order of the demonstration (invented)",
        place="Bonded store 3, Otay Mesa",
        held_from="Example Fabrics 7 (demo)", case=row.reference, number=numbers[0] if numbers else "",
        items=[
            seizures.Item("520942", "Denim fabric (demo)", Decimal(2400), "KGM", Decimal("12960.00"), "USD"),
            seizures.Item("580710", "Woven labels (demo)", Decimal(15000), "C62", Decimal("450.00"), "USD"),
        ],
    )  # fmt: skip
    seizures.take_step(
        actor=lead, reference=made.reference, step="store", holder="Store keeper R. Example (demo)",
        place="Bonded store 3, Otay Mesa, bay 12",
    )  # fmt: skip


def act() -> None:
    """On demo nodes: share what was seeded once an agreement is in force, and answer what the neighbour asks."""
    if not settings.OTAY.demo:
        return
    lead = _person(_INVESTIGATOR)
    if lead is None:
        return
    try:
        from otay.goods.investigations.sharing import peer_for_cases

        peer_for_cases()
    except OtayError:
        return
    _publish_planted()
    if settings.OTAY.country == "US":
        _share(lead)
    else:
        _join(lead)


def _publish_planted() -> None:
    rows = list(Declaration.objects.filter(reference__startswith=PREFIX).order_by("pk"))
    versions = dict(
        DeclarationVersion.objects.filter(declaration__in=rows, version=1).values_list("declaration_id", "core")
    )
    declaration_sharing.publish_declarations(actor=SYSTEM, rows=rows, cores=[versions[row.pk] for row in rows])


def _share(lead: Actor) -> None:
    row = Case.objects.filter(title__in=_TITLE.values(), shared_at=None, origin=settings.OTAY.country).first()
    if row is None:
        return
    cases.share(actor=lead, reference=row.reference, purpose="Joint investigation of the demonstration (invented)")
    cases.ask_neighbour(
        actor=lead, reference=row.reference, purpose="To establish the price really paid (demo)",
        text="Please tell us the invoice amounts that the exporter declared for these consignments (demo).",
    )  # fmt: skip


def _join(lead: Actor) -> None:
    for row in case_queries.offered(lead).filter(title__in=_TITLE.values()):
        cases.join(actor=lead, reference=row.reference)
        note = "Hemos abierto la revisión del exportador (demo)."
        cases.add_note(actor=lead, reference=row.reference, text=note, shared=True)
    for row in case_queries.visible(lead).filter(title__in=_TITLE.values(), withdrawn_at=None):
        for line in case_queries.open_requests(case_queries.timeline(row), of=settings.OTAY.country):
            cases.answer(
                actor=lead, reference=row.reference, request=line.place,
                text="Los importes declarados a la exportación fueron 64 800.00 y 62 100.00 USD (demo).",
                basis="Acuerdo de asistencia administrativa mutua en materia aduanera (demo)",
            )  # fmt: skip
