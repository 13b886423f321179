"""What the API of rates and tariff takes and gives."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from ninja import Field, Schema


class RateOut(Schema):
    """A rate that holds on the day. ``stale``: it is older than a rate may be, and nothing is compared by it."""

    currency: str
    since: date
    rate: Decimal
    source: str
    stale: bool


class RatesOut(Schema):
    """Units of ``base`` for one of each currency on ``day``."""

    base: str
    day: date
    rates: list[RateOut]


class RateIn(Schema):
    """A rate from a date on. Values are checked with all others, so that every finding comes at once."""

    currency: str = Field(max_length=20)
    since: str = Field(max_length=20, description="ISO 8601, such as 2026-01-31")
    rate: str = Field(max_length=40, description="Units of the node's currency for one, as text: 0.0586")
    source: str = Field("", max_length=400)


class RatesIn(Schema):
    """Rates to put. ``source`` stands in where one names none."""

    rates: list[RateIn] = Field(min_length=1, max_length=20_000)
    source: str = Field("", max_length=400)


class TariffLineOut(Schema):
    """A line of the tariff; ``origin`` empty: of any."""

    hs: str
    origin: str
    start: date
    end: date | None
    ad_valorem: Decimal
    specific: Decimal | None
    unit: str
    currency: str
    source: str


class TariffLinesOut(Schema):
    """Lines that hold on ``day``. ``next``: give it as ``start`` to go on; null at the end."""

    day: date
    lines: list[TariffLineOut]
    next: int | None


class TakenOut(Schema):
    """The line that goods fall under, null where there is none. ``least``: the code has fewer digits than the lines
    below it; of those this one has the lowest rate."""

    line: TariffLineOut | None
    least: bool


class TariffLineIn(Schema):
    """A line of the tariff. Values are checked with all others, so that every finding comes at once."""

    hs: str = Field(max_length=40)
    origin: str = Field("", max_length=20)
    start: str = Field(max_length=20)
    end: str | None = Field(None, max_length=20)
    ad_valorem: str = Field(max_length=40, description="Per cent of the value, as text: 6.5")
    specific: str | None = Field(None, max_length=40)
    unit: str = Field("", max_length=10)
    currency: str = Field("", max_length=20)
    source: str = Field("", max_length=400)


class TariffLinesIn(Schema):
    """Lines to put. ``source`` stands in where one names none."""

    lines: list[TariffLineIn] = Field(min_length=1, max_length=20_000)
    source: str = Field("", max_length=400)


class TableChanged(Schema):
    """What became of the rows: the same ones again change nothing."""

    fresh: int
    corrected: int
    same: int
    version: int
