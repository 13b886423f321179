"""Service times and referral shares that a default scenario starts from, each with its source and its range.

Measured distributions are scarce. What no source told is an assumption and says so; its range is an assumption too.
"""

from __future__ import annotations

from dataclasses import dataclass

from otay.engines.queueing.scenario import Referral, ServiceTime

ASSUMED = "Assumption: no measurement found"
_READY = "CBP, El Paso 2017: Ready lanes about 30 % faster; press 2011: 10-20 s less than general, hence the two means"
_SENTRI = "San Ysidro 2005: 7,200 vehicles a day over 2 lanes, at most 24 s each"
_FAST = "One truck timed at the World Trade Bridge: 27 s from booth to drive-off"
_SCAN = "Press on CBP figures: non-intrusive scan 8 min, physical examination up to 120 min"


@dataclass(frozen=True, slots=True)
class Default:
    """Primary service of one class of traffic and where it is sent on to."""

    service: ServiceTime
    referrals: tuple[Referral, ...] = ()


def _time(mean: float, low: float, high: float, source: str, cv: float = 0.5) -> ServiceTime:
    return ServiceTime(kind="lognormal", mean_seconds=mean, cv=cv, low=low, high=high, source=source)


_CAR_SCAN = "Press on CBP figures: under 2 % of passenger vehicles scanned"
_CARGO_SCAN = "Press on CBP figures: 15 % of commercial vehicles scanned in 2021"
_CARS = (Referral(to="vehicle secondary", share=0.02, source=_CAR_SCAN),)
_TRUCKS = (
    Referral(to="cargo scan", share=0.15, source=_CARGO_SCAN),
    Referral(to="agricultural inspection", share=0.03, source=ASSUMED),
    Referral(to="physical examination", share=0.02, source=ASSUMED),
)
_TRUSTED = (Referral(to="cargo scan", share=0.05, source=ASSUMED),)
_DOCUMENTS = (Referral(to="documents", share=0.02, source=ASSUMED),)

PRIMARY: dict[str, Default] = {
    "general": Default(_time(55, 50, 60, _READY), _CARS),
    "ready": Default(_time(40, 35, 45, _READY), _CARS),
    "sentri": Default(_time(20, 16, 24, _SENTRI), _CARS),
    "pedestrian": Default(_time(20, 15, 25, ASSUMED, 0.7), _DOCUMENTS),
    "bus": Default(_time(240, 180, 320, ASSUMED), _DOCUMENTS),
    "cargo": Default(_time(60, 50, 72, ASSUMED), _TRUCKS),
    "cargo_fast": Default(_time(27, 22, 34, _FAST), _TRUSTED),
    "cargo_empty": Default(_time(40, 32, 50, ASSUMED), _TRUSTED),
    "rail": Default(_time(2700, 1800, 3600, ASSUMED)),
}

SECONDARY: dict[str, ServiceTime] = {
    "vehicle secondary": _time(900, 720, 1200, ASSUMED),
    "cargo scan": _time(480, 400, 600, _SCAN),
    "agricultural inspection": _time(1800, 1200, 2700, ASSUMED),
    "physical examination": _time(5400, 3600, 7200, _SCAN),
    "documents": _time(600, 450, 800, ASSUMED),
}

EXPORT = _time(30, 24, 38, ASSUMED)
