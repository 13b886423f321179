"""Bytes read in order, never beyond their end, with the place of whatever is wrong."""

from __future__ import annotations

from otay.core.i18n import N_
from otay.formats.seals.frames import TRUNCATED, Bad, Report
from otay.formats.seals.record import utc

NO_TIME = N_("The frame gives no moment that exists.")
NO_BCD = N_("These bytes are not decimal digits (BCD).")
NO_PLACE = N_("There is no such place on Earth.")


class Cursor:
    """Reads ``data``; asking for more than is left raises :class:`Bad` with the offset."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data, self.at = data, at

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return len(self.data) - self.at

    def take(self, size: int) -> bytes:
        """The next ``size`` bytes."""
        if size > self.left:
            raise Bad(self.at, "seal.truncated", TRUNCATED, self.data[self.at :].hex())
        found = self.data[self.at : self.at + size]
        self.at += size
        return found

    def number(self, size: int) -> int:
        """The next ``size`` bytes as an unsigned number, highest byte first."""
        return int.from_bytes(self.take(size), "big")

    def signed(self, size: int) -> int:
        """The next ``size`` bytes as a signed number, two's complement."""
        return int.from_bytes(self.take(size), "big", signed=True)

    def text(self, size: int) -> str:
        """The next ``size`` bytes as text, without padding."""
        return self.take(size).decode("ascii", "replace").strip(" \x00")


def digits(data: bytes, report: Report, offset: int) -> str | None:
    """Two decimal digits a byte; None and a finding where they are none."""
    text = data.hex()
    if not text.isdecimal():
        report.warn(offset, "seal.bcd", NO_BCD, text)
        return None
    return text


def bcd_time(data: bytes, report: Report, offset: int, *, day_first: bool, zone_hours: int = 0) -> str | None:
    """Six bytes ``ddmmyyhhmmss`` or ``yymmddhhmmss``; None and a finding for a moment that does not exist."""
    text = data.hex()
    moment = None
    if text.isdecimal():
        one, month, three, *clock = (int(text[index : index + 2]) for index in range(0, 12, 2))
        day, year = (one, three) if day_first else (three, one)
        moment = utc(2000 + year, month, day, *clock, zone_hours=zone_hours)
    if moment is None:
        report.warn(offset, "seal.time", NO_TIME, text)
    return moment


def place(lat: float, lon: float, report: Report, offset: int) -> tuple[float | None, float | None]:
    """A position to six decimals; None twice and a finding for one that is not on Earth."""
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        report.warn(offset, "seal.place", NO_PLACE, f"{lat} {lon}")
        return None, None
    return round(lat, 6) + 0.0, round(lon, 6) + 0.0
