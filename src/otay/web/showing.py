"""How numbers, dates, money and amounts are shown in the reader's language: the filters of all pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats, timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from otay.node import clock

DASH = "–"
Number = int | float | Decimal


def number(value: Number | None, decimals: int | None = None) -> str:
    """``12,345`` or ``12,345.67``; a dash for None."""
    return DASH if value is None else str(formats.number_format(value, decimals, use_l10n=True, force_grouping=True))


def day(value: date | datetime | None, style: str = "DATE_FORMAT", *, zone: str = "") -> str:
    """A date, in ``zone`` (else the node's own); a dash for None."""
    if value is None:
        return DASH
    shown = str(formats.date_format(_local(value, zone) if isinstance(value, datetime) else value, style))
    return shown.lower() if (get_language() or "").startswith("es") else shown  # Spanish: 24 nov, martes


def moment(value: datetime | None, style: str = "DATETIME_FORMAT", *, zone: str = "") -> str:
    """Date and time, in ``zone`` (else the node's own); a dash for None."""
    return day(value, style, zone=zone)


def _local(value: datetime, zone: str) -> datetime:
    aware = value if value.tzinfo else value.replace(tzinfo=UTC)
    return aware.astimezone(ZoneInfo(zone)) if zone else timezone.localtime(aware)


def epoch(value: float | None) -> str:
    """Date and time of seconds since 1970."""
    return moment(None if value is None else datetime.fromtimestamp(value, UTC))


def duration(value: timedelta | float | None) -> str:
    """``2 d 5 h``, ``1 h 20 min``, ``45 s``: the two largest units. Seconds or a timedelta; a dash for None."""
    if value is None:
        return DASH
    seconds = round(value.total_seconds() if isinstance(value, timedelta) else value)
    sign, seconds = ("−" if seconds < 0 else ""), abs(seconds)
    units = (("d", seconds // 86400), ("h", seconds // 3600 % 24), ("min", seconds // 60 % 60), ("s", seconds % 60))
    first = next((index for index, (_name, count) in enumerate(units) if count), len(units) - 1)
    shown = [f"{number(count)} {name}" for name, count in units[first : first + 2] if count]
    return sign + (" ".join(shown) or "0 s")


def ago(value: datetime | None) -> str:
    """How long before or after the node's clock: ``3 min ago``, ``in 2 h``, ``just now``."""
    if value is None:
        return DASH
    passed = clock.now() - value
    if abs(passed) < timedelta(seconds=1):
        return _("just now")
    if passed > timedelta():
        return _("%(duration)s ago") % {"duration": _largest(passed)}
    return _("in %(duration)s") % {"duration": _largest(-passed)}


def _largest(span: timedelta) -> str:
    if span < timedelta(minutes=1):
        return duration(span)
    if span < timedelta(hours=1):
        return duration(span.total_seconds() // 60 * 60)
    if span < timedelta(days=2):
        return duration(span.total_seconds() // 3600 * 3600)
    days = span.days
    return ngettext("%(days)s day", "%(days)s days", days) % {"days": number(days)}


def money(value: Number | None, currency: str) -> str:
    """``1,250.00 USD``: the amount with its ISO currency, never a bare sign."""
    return DASH if value is None else f"{number(value, 2)}\u00a0{currency}"


def mass(kilograms: Number | None) -> str:
    """Kilograms, or tonnes from 10 t on."""
    if kilograms is None:
        return DASH
    amount = Decimal(str(kilograms))
    if abs(amount) >= 10_000:
        return f"{number(amount / 1000, 1)}\u00a0t"
    return f"{number(amount, 0 if amount == amount.to_integral_value() else 1)}\u00a0kg"


def percent(share: Number | None, decimals: int = 0) -> str:
    """A share between 0 and 1 as ``12 %``."""
    return DASH if share is None else f"{number(Decimal(str(share)) * 100, decimals)}\u00a0%"


def exact(value: object) -> str:
    """A decimal that was kept as text, alone or before its unit or currency (``22572.00 USD``), as a number of the
    reader's language; any other text as it is."""
    text = "" if value is None else str(value)
    amount, _space, unit = text.partition(" ")
    try:
        kept = Decimal(amount)
    except ArithmeticError:
        return text
    if not kept.is_finite() or (unit and not _UNIT.fullmatch(unit)):
        return text
    return f"{number(kept)}\u00a0{unit}" if unit else number(kept)


_UNIT = re.compile("[A-Za-z][A-Za-z0-9]{1,2}", re.ASCII)

FILTERS: dict[str, Callable[..., Any]] = {
    "number": number,
    "date": day,
    "time": moment,
    "epoch": epoch,
    "duration": duration,
    "ago": ago,
    "money": money,
    "mass": mass,
    "percent": percent,
    "exact": exact,
}
