"""How long personal data of travellers is kept. Days are counted from the day of the flight.

ICAO Annex 9 asks states to keep passenger data no longer than needed and to hide what identifies people in reservations
after some months; the periods below are Otay's own and stand in the manual.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

#: Contacts, addresses, payments, remarks and history of reservations.
BOOKING_DAYS: Final = 180
#: Everything that names a traveller who was let pass.
TRAVELLER_DAYS: Final = 365
#: Travellers with a confirmed match or a decision "no board": a proceeding may rest on them.
HELD_DAYS: Final = 5 * 365

#: What reservations lose after :data:`BOOKING_DAYS`.
BOOKING_PARTS: Final = ("contacts", "addresses", "payments", "remarks", "history", "agency", "services")


def last_day(today: date, days: int) -> str:
    """Flights of this day and earlier are due."""
    return (today - timedelta(days=days)).isoformat()
