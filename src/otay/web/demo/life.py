"""Border life, invented: the trucks that cross northbound in an hour and what their traders declare on both sides.

Volumes are real (monthly counts of 2023); everything else is invented and reproducible: the same seed, port and hour
give the same trucks, so that a demo that was stopped goes on where it was and nothing is declared twice. Firms carry
"(demo)" in their names. A few trucks are planted to be found: undervalued, heavier than declared, other goods than
declared, or declared with a mistake that the door refuses and the broker then corrects.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import resources
from typing import Any

from stdnum import iso6346
from stdnum.mx import rfc

EMPTY_HS = "860900"
FIRMS_A_PORT = 40
#: What share of loaded trucks hides something, by kind. Invented for the demo; no estimate of reality.
PLANTED = {"undervalued": 0.020, "overweight": 0.008, "other_goods": 0.008}
#: Share of declarations with a mistake that the door must refuse.
MISTAKEN = 0.004
_TOWNS = ("del Norte", "Bravo", "Frontera", "Río", "Sierra", "Valle", "Pacífico", "Desierto")
_TRADES = ("Autopartes", "Electrónica", "Empaques", "Agrícola", "Muebles", "Textiles", "Aceros", "Alimentos")
_WORDS = ("Cactus", "Mesa", "Canyon", "Palo Verde", "Saguaro", "Lone Mesquite", "Blue Heron", "Ocotillo")
_LINES = ("Imports", "Components", "Produce", "Furnishings", "Supply", "Foods", "Metals", "Apparel")


@dataclass(frozen=True, slots=True)
class Good:
    """A kind of goods: six-digit code, description, a usual price and a usual load."""

    hs6: str
    description: str
    usd_per_kg: Decimal
    typical_kg: int


@dataclass(frozen=True, slots=True)
class Firm:
    """An invented firm and its tax identifier."""

    id: str
    scheme: str
    name: str
    country: str


@dataclass(frozen=True, slots=True)
class Truck:
    """One truck crossing northbound and what is really in it."""

    key: str
    port: str
    crosses_at: datetime
    plate: str
    container: str
    seal: str
    exporter: Firm
    importer: Firm
    good: Good
    net_kg: Decimal
    packages: int
    usd: Decimal
    planted: str
    mistaken: bool

    @property
    def empty(self) -> bool:
        """True for an empty trailer or container going back."""
        return self.good.hs6 == EMPTY_HS

    @property
    def ucr(self) -> str:
        """The unique consignment reference that both declarations carry."""
        return f"6MX{self.exporter.id}-{self.key}"


@cache
def goods() -> tuple[Good, ...]:
    """The kinds of goods, the empty conveyance last."""
    text = resources.files("otay.web.demo").joinpath("goods.csv").read_text(encoding="utf-8")
    return tuple(
        Good(row["hs6"], row["description"], Decimal(row["usd_per_kg"]), int(row["typical_kg"]))
        for row in csv.DictReader(text.splitlines())
    )


@cache
def exporters(port: str) -> tuple[Firm, ...]:
    """Invented Mexican firms that export through ``port``, with RFCs whose check digit holds."""
    dice = random.Random(f"exporters|{port}")  # noqa: S311 - reproducible play, not a secret
    firms = []
    for number in range(FIRMS_A_PORT):
        letters = "".join(dice.choices("BCDFGHJKLMNPRSTVWXZ", k=3))
        founded = f"{dice.randint(80, 99)}{dice.randint(1, 12):02d}{dice.randint(1, 28):02d}"
        stem = letters + founded + "".join(dice.choices("ABCDEFGHJKLMNPRSTUV", k=2))
        name = f"{dice.choice(_TRADES)} {dice.choice(_TOWNS)} {number + 1} (demo)"
        firms.append(Firm(stem + rfc.calc_check_digit(stem), "mx.rfc", name, "MX"))
    return tuple(firms)


@cache
def importers(port: str) -> tuple[Firm, ...]:
    """Invented U.S. firms that import through ``port``."""
    dice = random.Random(f"importers|{port}")  # noqa: S311
    return tuple(
        Firm(
            f"{dice.choice(('33', '74', '85', '95'))}-{dice.randint(1, 9_999_999):07d}",
            "us.ein",
            f"{dice.choice(_WORDS)} {dice.choice(_LINES)} {number + 1} (demo)",
            "US",
        )
        for number in range(FIRMS_A_PORT)
    )


def trucks_of_hour(*, seed: str, port: str, hour: datetime, loaded: int, empty: int) -> Iterator[Truck]:
    """The trucks that cross at ``port`` in the hour from ``hour`` (UTC), in order of crossing."""
    dice = random.Random(f"{seed}|{port}|{hour:%Y%m%d%H}")  # noqa: S311
    total = loaded + empty
    seconds = sorted(dice.random() * 3600 for _ in range(total))
    empties = set(dice.sample(range(total), empty))
    for serial, second in enumerate(seconds):
        key = f"{port}{hour:%y%m%d%H}{serial:04d}"
        yield _truck(dice, key, port, hour + timedelta(seconds=round(second, 3)), empty=serial in empties)


def _truck(dice: random.Random, key: str, port: str, crosses_at: datetime, *, empty: bool) -> Truck:
    good = goods()[-1] if empty else dice.choice(goods()[:-1])
    kilograms = Decimal(round(good.typical_kg * dice.uniform(0.45, 1.25)))
    price = good.usd_per_kg * Decimal(str(round(dice.lognormvariate(0, 0.18), 3)))
    stem = f"{dice.choice(('DMO', 'XDE', 'ZFR'))}U{dice.randint(0, 999_999):06d}"
    return Truck(
        key=key,
        port=port,
        crosses_at=crosses_at.astimezone(UTC),
        plate=f"{dice.randint(10, 99)}{''.join(dice.choices('ABCDEFGHJKLMNPRSTUVWXYZ', k=2))}{dice.randint(0, 9)}D",
        container=stem + iso6346.calc_check_digit(stem),
        seal=f"OTD{dice.randint(0, 9_999_999):07d}",
        exporter=dice.choice(exporters(port)),
        importer=dice.choice(importers(port)),
        good=good,
        net_kg=kilograms,
        packages=dice.randint(1, 40),
        usd=(kilograms * price).quantize(Decimal("0.01")),
        planted="" if empty else _planted(dice),
        mistaken=dice.random() < MISTAKEN,
    )


def _planted(dice: random.Random) -> str:
    draw = dice.random()
    for kind, share in PLANTED.items():
        if draw < share:
            return kind
        draw -= share
    return ""


def export_declaration(truck: Truck) -> dict[str, Any]:
    """What the exporter's broker declares to Mexican customs: the truth."""
    return _declaration(truck, kind="export", good=truck.good, net_kg=truck.net_kg, usd=truck.usd)


def import_declaration(truck: Truck, *, corrected: bool = True) -> dict[str, Any]:
    """What the importer's broker declares to U.S. customs. With ``corrected=False`` a mistaken truck is declared with
    the mistake: a goods code that does not exist."""
    good, net_kg = truck.good, truck.net_kg
    usd = (truck.usd * Decimal("1.03")).quantize(Decimal("0.01"))  # freight and insurance to the border
    match truck.planted:
        case "undervalued":
            usd = (truck.usd * Decimal("0.45")).quantize(Decimal("0.01"))
        case "overweight":
            net_kg = (truck.net_kg * Decimal("0.70")).quantize(Decimal(1))
        case "other_goods":
            others = goods()
            good = others[(others.index(good) + 7) % (len(others) - 1)]
    declaration = _declaration(truck, kind="import", good=good, net_kg=net_kg, usd=usd)
    if truck.mistaken and not corrected:
        declaration["items"][0]["hs"] = good.hs6[:4] + "00" if good.hs6[4:] != "00" else good.hs6[:4] + "99"
    return declaration


def _declaration(truck: Truck, *, kind: str, good: Good, net_kg: Decimal, usd: Decimal) -> dict[str, Any]:
    money = {"amount": str(usd), "currency": "USD"}
    gross = str((net_kg * Decimal("1.06")).quantize(Decimal(1)))
    return {
        "function": 9,
        "reference": f"{kind[:2].upper()}{truck.key}",
        "type": kind,
        "office": truck.port,
        "declarant": {
            "id": "DEMO-BROKER",
            "name": "Agencia Aduanal Ejemplo (demo)" if kind == "export" else "Example Customs Brokers (demo)",
        },
        "exporter": _party(truck.exporter),
        "importer": _party(truck.importer),
        "ucr": truck.ucr,
        "transport": {"mode": "3", "vehicle_id": truck.plate, "vehicle_nationality": "MX"},
        "containers": [truck.container],
        "seals": [] if truck.empty else [{"id": truck.seal, "container": truck.container}],
        "export_country": "MX",
        "destination_country": "US",
        "invoice": {"number": f"F{truck.key}", "date": f"{truck.crosses_at:%Y-%m-%d}", "amount": money},
        "incoterm": "DAP" if kind == "import" else "FCA",
        "gross_mass_kg": gross,
        "packages_total": truck.packages,
        "items": [
            {
                "number": 1,
                "hs": good.hs6,
                "description": good.description,
                "origin": "MX",
                "net_mass_kg": str(net_kg),
                "gross_mass_kg": gross,
                "packages": [{"count": truck.packages, "type": "PK"}],
                "price": money,
                **({"procedure": "IIT"} if truck.empty else {}),
            }
        ],
    }


def _party(firm: Firm) -> dict[str, str]:
    return {"id": firm.id, "id_scheme": firm.scheme, "name": firm.name, "country": firm.country}
