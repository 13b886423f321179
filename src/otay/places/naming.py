"""What codes of places are called in the reader's language, and the footnotes that say where a value comes from."""

from __future__ import annotations

import gettext
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

import pycountry
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from otay.places import queries
from otay.places.domain import is_old
from otay.places.models import OpeningHours, Source

MODES: dict[str, Promise] = {
    "cargo": _("Cargo"),
    "car": _("Cars"),
    "pedestrian": _("Pedestrians"),
    "bus": _("Buses"),
    "rail": _("Rail"),
}
LANE_KINDS: dict[str, Promise] = {
    "vehicles": _("All lanes for cars"),
    "general": _("General lanes"),
    "ready": _("Ready lanes"),
    "sentri": _("SENTRI lanes"),
    "pedestrian": _("Pedestrian lanes"),
    "bus": _("Bus lanes"),
    "cargo": _("Cargo lanes"),
    "cargo_fast": _("FAST lanes"),
    "cargo_empty": _("Lanes for empty trucks"),
    "rail": _("Rail tracks"),
}
STATUSES: dict[str, Promise] = {"open": _("open"), "closed": _("closed"), "unknown": _("unknown")}
MEASURES: dict[str, Promise] = {
    "Trucks": _("Trucks"),
    "Truck Containers Empty": _("Empty truck containers"),
    "Truck Containers Loaded": _("Loaded truck containers"),
    "Trains": _("Trains"),
    "Train Passengers": _("Train passengers"),
    "Rail Containers Empty": _("Empty rail containers"),
    "Rail Containers Loaded": _("Loaded rail containers"),
    "Buses": _("Buses"),
    "Bus Passengers": _("Bus passengers"),
    "Personal Vehicles": _("Cars"),
    "Personal Vehicle Passengers": _("Car passengers"),
    "Pedestrians": _("Pedestrians"),
}
WEEKDAYS = (_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun"))


@cache
def state_name(code: str) -> str:
    """Name of an ISO 3166-2 subdivision; the code itself where there is none."""
    found = pycountry.subdivisions.get(code=code)  # type: ignore[no-untyped-call]
    return str(found.name) if found else code


def country_name(code: str) -> str:
    """Name of a country in the reader's language."""
    return _country_name(code, (get_language() or "en").split("-")[0])


@cache
def _country_name(code: str, language: str) -> str:
    found = pycountry.countries.get(alpha_2=code)
    if found is None:
        return code
    names = gettext.translation("iso3166-1", pycountry.LOCALES_DIR, languages=[language], fallback=True)
    return names.gettext(found.name)


@dataclass(frozen=True, slots=True)
class HoursLine:
    """Weekdays that share the same hours, as one line of the table: ``Mon-Fri 06:00-22:00``."""

    mode: str
    days: str
    opens: str
    closes: str
    entry: OpeningHours

    def is_old(self, at: datetime) -> bool:
        """True if the source told it more than ten years ago."""
        return is_old(self.entry.as_of, at.date())


def hours_lines(entries: Iterable[OpeningHours]) -> list[HoursLine]:
    """Opening hours of one side, equal weekdays in a row put together."""
    runs: list[list[OpeningHours]] = []
    for entry in sorted(
        entries, key=lambda item: (item.mode, item.opens, item.closes, str(item.valid_from), item.weekday)
    ):
        if runs and _continues(runs[-1][-1], entry):
            runs[-1].append(entry)
        else:
            runs.append([entry])
    return [HoursLine(run[0].mode, _days(run), _clock(run[0].opens), _clock(run[0].closes), run[0]) for run in runs]


def _continues(before: OpeningHours, entry: OpeningHours) -> bool:
    same = ("mode", "opens", "closes", "valid_from", "valid_to", "source_id")
    return entry.weekday == before.weekday + 1 and all(getattr(before, name) == getattr(entry, name) for name in same)


def _days(run: list[OpeningHours]) -> str:
    first, last = WEEKDAYS[run[0].weekday], WEEKDAYS[run[-1].weekday]
    return str(first) if len(run) == 1 else f"{first}–{last}"


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


@dataclass(slots=True)
class Footnotes:
    """Sources named on one page, numbered in the order in which the page names them."""

    numbers: dict[str, int] = field(default_factory=dict)
    sources: list[Source] = field(default_factory=list)

    def cell(self, table: str, column: str, row: str = "") -> dict[str, Any] | None:
        """Number, title and note of what a cell rests on; None where nobody said."""
        found = queries.provenance_of(table, column, row)
        return None if found is None else {**self.source(found.source), "note": found.note}

    def source(self, source: Source) -> dict[str, Any]:
        """Number and title of a source named directly."""
        if source.key not in self.numbers:
            self.sources.append(source)
            self.numbers[source.key] = len(self.sources)
        return {"number": self.numbers[source.key], "title": source.title, "note": source.note}
