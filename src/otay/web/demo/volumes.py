"""How many lorries cross in an hour: the counts of 2023, spread over hours as the places floor does."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache

from otay.places.profile import Measure
from otay.places.queries import ports, volume_profile


@lru_cache(maxsize=4)
def _month(month: date) -> dict[datetime, dict[str, tuple[int, int]]]:
    """Hour (UTC) -> port -> loaded and empty lorries."""
    hours: dict[datetime, dict[str, tuple[int, int]]] = defaultdict(dict)
    for port in ports():
        empties = dict(volume_profile(port.code, Measure.TRUCKS_EMPTY, month))
        for hour, trucks in volume_profile(port.code, Measure.TRUCKS, month):
            empty = min(empties.get(hour, 0), trucks)
            if trucks:
                hours[hour][port.code] = (trucks - empty, empty)
    return dict(hours)


class HourlyVolumes:
    """Lorries by port for an hour. ``share`` below 1 thins them: by chance, but the same for the same hour whenever it
    is asked for, so that a demo that was stopped plays the same lorries again."""

    def __init__(self, share: Decimal = Decimal(1)) -> None:
        self.share = share

    def __call__(self, hour: datetime) -> dict[str, tuple[int, int]]:
        """Port code -> loaded and empty lorries that cross in the hour from ``hour``."""
        month = date(hour.year, hour.month, 1)
        before = (month - timedelta(days=1)).replace(day=1)  # a month begins at local midnight, hours later than in UTC
        found = {**_month(before).get(hour, {}), **_month(month).get(hour, {})}
        if self.share == 1:
            return found
        return {
            port: (
                self._thin(f"{hour:%Y%m%d%H} {port} loaded", loaded),
                self._thin(f"{hour:%Y%m%d%H} {port} empty", empty),
            )
            for port, (loaded, empty) in found.items()
        }

    def _thin(self, key: str, count: int) -> int:
        """A share of ``count``; the fraction decides how likely one more is."""
        exact = count * self.share
        whole = int(exact)
        dice = random.Random(key)  # noqa: S311 - reproducible play, not a secret
        return whole + (dice.random() < exact - whole)
