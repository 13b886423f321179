"""What the movements of the demonstration carry, as both countries' traders declare it at the border office."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings

from otay.goods.declarations.lodging import Lodgement, lodge
from otay.goods.transit.demo.scenarios import Trip
from otay.goods.transit.offices import office
from otay.node.actors import SYSTEM

PACKAGES, GROSS_KG, NET_KG = 24, 9600, 9100
_VALUE = {"amount": "160000.00", "currency": "USD"}
_FIRMS = {
    "US": ("95-0000818", "Example Works 8 (demo)"),
    "MX": ("MDE920315QX2", "Manufacturas del Ejemplo (demo)"),
}


def declare(trips: Sequence[Trip], at: datetime) -> dict[str, str]:
    """Lodge the goods of ``trips``, exports where they depart and imports where they arrive; numbers by trip."""
    lodgements = [Lodgement(_core(trip, at), office(trip.border).port, at) for trip in trips]
    answers = lodge(actor=SYSTEM, node=settings.OTAY, lodgements=lodgements)
    return {
        trip.key: answer.declaration.number
        for trip, answer in zip(trips, answers, strict=True)
        if answer.declaration is not None
    }


def _core(trip: Trip, at: datetime) -> dict[str, Any]:
    source, goal = trip.country, trip.destination[:2]
    exports = source == settings.OTAY.country
    hs6, words = trip.goods
    (seller, seller_name), (buyer, buyer_name) = _FIRMS[source], _FIRMS[goal]
    return {
        "function": 9, "reference": f"DEMO-TRANSIT-{trip.key}", "type": "export" if exports else "import",
        "office": office(trip.border).port,
        "declarant": {"id": "DEMO-BROKER", "name": "Agencia Aduanal Ejemplo (demo)"},
        "exporter": {"id": seller, "name": seller_name, "country": source},
        "importer": {"id": buyer, "name": buyer_name, "country": goal},
        "ucr": f"6{source}DEMO-TRANSIT-{trip.key}",
        "transport": {"mode": "3", "vehicle_id": trip.vehicle, "vehicle_nationality": source},
        "export_country": source, "destination_country": goal,
        "invoice": {"number": f"TRANSIT-{trip.key}", "date": f"{at:%Y-%m-%d}", "amount": _VALUE},
        "incoterm": "FCA" if exports else "DAP", "gross_mass_kg": str(GROSS_KG), "packages_total": PACKAGES,
        "items": [
            {
                "number": 1, "hs": hs6, "description": f"{words} (demo)", "origin": source, "net_mass_kg": str(NET_KG),
                "gross_mass_kg": str(GROSS_KG), "packages": [{"count": PACKAGES, "type": "PK"}], "price": _VALUE,
            }
        ],
    }  # fmt: skip
