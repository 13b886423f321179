"""The seventeen bytes of time and place that Jointech's binary frames and JT808 lock frames share."""

from __future__ import annotations

from typing import Any

from otay.formats.seals.cursor import NO_BCD, Cursor, bcd_time, digits, place
from otay.formats.seals.frames import Report
from otay.formats.seals.record import KMH_PER_KNOT, kmh

LOCATION_BYTES = 17


def location(cursor: Cursor, report: Report) -> dict[str, Any]:
    """Time, latitude, longitude, flags, speed and course."""
    start = cursor.at
    data = cursor.take(LOCATION_BYTES)
    moment = bcd_time(data[:6], report, start, day_first=True)
    text = digits(data[6:14], report, start + 6)
    flags = data[14] & 15
    lat = lon = None
    if text is not None and not data[14] >> 4 < 10:
        report.warn(start + 14, "seal.bcd", NO_BCD, data[14:15].hex())
    elif text is not None:
        lat = _degrees(int(text[:8])) * (1 if flags & 2 else -1)
        lon = _degrees(int(text[8:] + str(data[14] >> 4))) * (1 if flags & 4 else -1)
        lat, lon = place(lat, lon, report, start + 6)
    speed = digits(data[15:16], report, start + 15)
    number = None if speed is None else int(speed)
    return {
        "time": moment,
        "valid": bool(flags & 1) and lat is not None,
        "lat": lat,
        "lon": lon,
        "speed": kmh(number, KMH_PER_KNOT),
        "speed_byte": number,
        "speed_raw": data[15],
        "course": data[16] * 2.0,
    }


def _degrees(number: int) -> float:
    degrees, minutes = divmod(number, 1_000_000)
    return degrees + minutes / 600_000 if minutes < 600_000 else 999.0
