"""How many an office looks at now: its capacity for the day, spread over the traffic that it expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from otay.core.errors import Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.engines.fraud.choosing import Lane

LANES = (Lane.RED, Lane.YELLOW, Lane.QUERY, Lane.BLUE)
#: A random share below this would leave the yardstick too short to measure by.
LEAST_RANDOM = Decimal("0.02")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a plan says. Capacities are declarations a day; shares are parts of the capacity, between 0 and 1."""

    red: int
    yellow: int
    query: int
    blue: int
    random: Decimal
    exploration: Decimal
    trusted: Decimal
    expected_rate: Decimal

    @property
    def capacity(self) -> dict[Lane, int]:
        """By lane."""
        return {Lane.RED: self.red, Lane.YELLOW: self.yellow, Lane.QUERY: self.query, Lane.BLUE: self.blue}


DEFAULT = Terms(40, 60, 20, 40, Decimal("0.10"), Decimal("0.05"), Decimal("0.10"), Decimal("0.04"))


def check(terms: Terms) -> None:
    """A plan keeps a random share, and its shares leave room for the ranking.

    Raises:
        Refused: with every finding.
    """
    findings = [
        error(f"/{name}", "plan.capacity", N_("A capacity is a whole number from 0 to 100,000"), value)
        for name, value in (
            ("red", terms.red), ("yellow", terms.yellow), ("query", terms.query), ("blue", terms.blue)
        )
        if not 0 <= value <= 100_000
    ]  # fmt: skip
    for name in ("random", "exploration", "trusted", "expected_rate"):
        value = getattr(terms, name)
        if not value.is_finite() or not 0 <= value <= 1:
            findings.append(error(f"/{name}", "plan.share", N_("A share is a number from 0 to 1"), value))
    if not findings and terms.random < LEAST_RANDOM:
        findings.append(
            error(
                "/random", "plan.random", N_("At least %(least)s of the capacity is drawn by lot"), terms.random,
                N_("Without it nobody can say what the selection misses, and a model goes blind when trade changes."),
                least=LEAST_RANDOM,
            )
        )  # fmt: skip
    if not findings and terms.random + terms.exploration > Decimal("0.9"):
        findings.append(
            error("/exploration", "plan.shares", N_("The lot and exploration leave too little for the ranking"))
        )
    if findings:
        raise Refused(N_("The plan cannot be used"), findings=findings)


def places_now(terms: Terms, *, seen: int, expected: int, used: Mapping[str, int]) -> dict[Lane, Fraction]:
    """Places that each lane may fill now, having seen ``seen`` of the ``expected`` declarations of the day and given
    ``used`` places away. The capacity is not spent on the first hour: it is spread over the day's traffic."""
    part = Fraction(min(seen, expected), expected) if expected > 0 else Fraction(1)
    found = {}
    for lane, capacity in terms.capacity.items():
        open_places = round(capacity * part) - used.get(str(lane), 0)
        if open_places > 0:
            found[lane] = Fraction(open_places)
    return found
