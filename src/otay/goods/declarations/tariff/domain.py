"""The rate of a day and the tariff line of goods, as customs takes them. Pure.

A customs rate holds from its date until the next one of its currency (in the United States 19 CFR 159.34, in Mexico
article 20 of the Código Fiscal de la Federación). Of the tariff's lines the one with the longest code that the goods
code begins with is taken; of two with the same code, the one that names the origin.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from otay.core.measures import convert as in_unit

ANY = ""
"""The origin of a line for goods of any origin."""


def plain(value: Decimal) -> Decimal:
    """The same number without zeros that say nothing: 6.5000 is 6.5, and 1E+2 is 100."""
    least = value.normalize()
    return least if int(least.as_tuple().exponent) <= 0 else least.quantize(Decimal(1))


@dataclass(frozen=True, slots=True)
class Rate:
    """``rate`` units of the node's currency for one of ``currency``, from ``since`` on."""

    currency: str
    since: date
    rate: Decimal
    source: str


@dataclass(frozen=True, slots=True)
class Quote:
    """The rate taken for a day. ``stale``: it is older than a rate may be."""

    rate: Rate
    stale: bool


@dataclass(frozen=True, slots=True)
class Converted:
    """An amount in another currency, unrounded, with the rates that it rests on (none: it was in that currency)."""

    amount: Decimal
    currency: str
    quotes: tuple[Quote, ...] = ()

    @property
    def stale(self) -> bool:
        """True where a rate that it rests on is too old to compare by."""
        return any(quote.stale for quote in self.quotes)


@dataclass(frozen=True)
class Rates:
    """Rates to ``base``; one may be used for ``valid_days`` after its date before it counts as stale."""

    base: str
    valid_days: int
    rates: tuple[Rate, ...] = ()

    @cached_property
    def _series(self) -> dict[str, tuple[list[date], list[Rate]]]:
        found: dict[str, tuple[list[date], list[Rate]]] = {}
        for one in sorted(self.rates, key=lambda rate: rate.since):
            days, rates = found.setdefault(one.currency, ([], []))
            days.append(one.since)
            rates.append(one)
        return found

    def at(self, currency: str, day: date) -> Quote | None:
        """The rate of ``currency`` on ``day``: the last one not after it; None where there is none yet."""
        days, rates = self._series.get(currency, ([], []))
        place = bisect_right(days, day) - 1
        if place < 0:
            return None
        return Quote(rates[place], stale=day - days[place] > timedelta(days=self.valid_days))

    def convert(self, amount: Decimal, currency: str, to: str, day: date) -> Converted | None:
        """``amount`` in ``to`` at the rates of ``day``, across the base where need be; None where a rate is missing."""
        if not currency or not to:
            return None
        quotes = []
        for code, into_base in ((currency, True), (to, False)):
            if code == self.base or currency == to:
                continue
            quote = self.at(code, day)
            if quote is None:
                return None
            amount = amount * quote.rate.rate if into_base else amount / quote.rate.rate
            quotes.append(quote)
        return Converted(amount, to, tuple(quotes))


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tariff: duty on goods whose code begins with ``hs``, of ``origin`` (``ANY``: of any), from
    ``start`` to ``end``, both included (None: until further notice).

    ``ad_valorem`` is per cent of the value; ``specific`` an amount of ``currency`` for one ``unit`` (Recommendation 20
    of UN/CEFACT).
    """

    hs: str
    origin: str
    start: date
    end: date | None
    ad_valorem: Decimal
    specific: Decimal | None
    unit: str
    currency: str
    source: str

    def holds(self, day: date) -> bool:
        """True on a day of its validity."""
        return self.start <= day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class Taken:
    """The line that was taken. ``least``: the code has fewer digits than the lines below it, and of those this is the
    one with the lowest rate: the duty is at least this."""

    line: Line
    least: bool = False


@dataclass(frozen=True)
class Tariff:
    """Lines of a tariff, looked up by goods code, origin and day."""

    lines: tuple[Line, ...] = ()

    @cached_property
    def _by_code(self) -> dict[str, list[Line]]:
        found: dict[str, list[Line]] = {}
        for line in self.lines:
            found.setdefault(line.hs, []).append(line)
        return found

    def take(self, hs: str, origin: str, day: date) -> Taken | None:
        """The line for goods of code ``hs`` and ``origin`` on ``day``; None where the tariff has none."""
        for length in range(len(hs) - len(hs) % 2, 1, -2):
            if found := self._at(hs[:length], origin, day):
                return Taken(found)
        below = [self._at(code, origin, day) for code in self._by_code if len(hs) >= 2 and code.startswith(hs)]
        least = min((line for line in below if line), key=lambda line: (line.ad_valorem, line.hs), default=None)
        return Taken(least, least=True) if least else None

    def _at(self, code: str, origin: str, day: date) -> Line | None:
        valid = [line for line in self._by_code.get(code, ()) if line.holds(day) and line.origin in (origin, ANY)]
        return max(valid, key=lambda line: line.origin != ANY, default=None)


@dataclass(frozen=True, slots=True)
class Tables:
    """What values and duties are reckoned by."""

    rates: Rates
    tariff: Tariff


def duty_of(
    line: Line, *, value: Decimal, currency: str, day: date, rates: Rates,
    quantities: Mapping[str, Decimal] | None = None,
) -> Decimal | None:  # fmt: skip
    """Duty of goods worth ``value`` (in ``currency``) by ``line``, in ``currency``, unrounded.

    ``quantities``: how much there is, by unit. None where a specific duty meets goods of an unknown quantity or a
    currency without a rate that may be used.
    """
    duty = value * line.ad_valorem / 100
    if not line.specific:
        return duty
    amounts = (in_unit(many, unit, line.unit) for unit, many in (quantities or {}).items())
    quantity = next((many for many in amounts if many is not None), None)
    specific = rates.convert(line.specific, line.currency, currency, day)
    if quantity is None or specific is None or specific.stale:
        return None
    return duty + quantity * specific.amount


def overlaps(lines: Iterable[Line]) -> Iterator[tuple[Line, Line]]:
    """Lines of the same code and origin that hold on a common day: the earlier one first."""
    groups: dict[tuple[str, str], list[Line]] = {}
    for line in lines:
        groups.setdefault((line.hs, line.origin), []).append(line)
    for group in groups.values():
        for earlier, later in pairwise(sorted(group, key=lambda line: line.start)):
            if earlier.end is None or earlier.end >= later.start:
                yield earlier, later
