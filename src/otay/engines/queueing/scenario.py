"""The scenario file: a port of entry, its traffic, lanes, booths, hours on both sides, and what is assumed.

Times in a file are local wall-clock time of the port; the run starts at midnight of ``start``. The manual has the
reference; ``scenario.schema.json`` beside this module is the JSON Schema of :class:`Scenario`.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

FORMAT: Literal["otay-scenario/1"] = "otay-scenario/1"
Name = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\w .-]+$")]
Positive = Annotated[FiniteFloat, Field(gt=0)]
NotNegative = Annotated[FiniteFloat, Field(ge=0)]
Share = Annotated[FiniteFloat, Field(ge=0, le=1)]
Weights = Annotated[list[NotNegative], Field(min_length=7, max_length=7)]
HourWeights = Annotated[list[NotNegative], Field(min_length=24, max_length=24)]
Month = Annotated[str, Field(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
Days = Annotated[
    str, Field(pattern=r"^(mon|tue|wed|thu|fri|sat|sun)(-(mon|tue|wed|thu|fri|sat|sun))?$", description="mon-fri, sat")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class ServiceTime(_Part):
    """How long a booth or dock takes for one vehicle or person; ``low`` to ``high``: how far the mean is uncertain."""

    kind: Literal["lognormal", "gamma", "erlang", "exponential", "constant", "empirical"] = "lognormal"
    mean_seconds: Positive | None = Field(None, description="Mean; left out only for empirical")
    cv: Positive = Field(0.5, description="Standard deviation over mean (lognormal, gamma)")
    stages: int = Field(2, ge=1, le=100, description="Stages of the Erlang distribution")
    values_seconds: list[Positive] = Field(default=[], max_length=100_000, description="Measured times (empirical)")
    low: Positive | None = Field(None, description="Least mean in seconds that the source allows")
    high: Positive | None = Field(None, description="Greatest mean in seconds that the source allows")
    source: str = Field("", max_length=500, description="Where it comes from; empty means nobody said")


class Profile(_Part):
    """Monthly counts spread by weekday and hour: a Poisson stream whose rate changes every hour."""

    kind: Literal["profile"]
    monthly: dict[Month, NotNegative] = Field(min_length=1, description="Arrivals of each calendar month")
    weekday: Weights = [1.0] * 7
    hour: HourWeights | list[HourWeights] = Field([1.0] * 24, description="24 weights, or 7 rows of 24 from Monday")


class Trace(_Part):
    """Arrivals as they were observed."""

    kind: Literal["trace"]
    minutes: list[NotNegative] = Field(
        default=[], max_length=5_000_000, description="Minutes after the start, in any order"
    )
    file: str = Field("", max_length=300, description="CSV beside the scenario with a column minute or time (ISO 8601)")


class Bunched(_Part):
    """As profile, but vehicles come in bunches (traffic lights, ferries, trains, shifts that end)."""

    kind: Literal["bunched"]
    monthly: dict[Month, NotNegative] = Field(min_length=1)
    weekday: Weights = [1.0] * 7
    hour: HourWeights | list[HourWeights] = [1.0] * 24
    size: Annotated[FiniteFloat, Field(ge=1, le=10_000)] = Field(5.0, description="Mean size of a bunch (geometric)")
    headway_seconds: NotNegative = Field(3.0, description="Mean time between vehicles of a bunch")


class Staffing(_Part):
    """So many booths from one time to another; entries that overlap add up."""

    days: Days = "mon-sun"
    from_: Clock = Field("00:00", alias="from")
    to: Clock = "24:00"
    booths: int = Field(ge=0, le=500)


class Opening(_Part):
    """Open from one time to another."""

    days: Days = "mon-sun"
    opens: Clock = "00:00"
    closes: Clock = "24:00"


Booths = Annotated[int, Field(ge=0, le=500)] | list[Staffing]


class Referral(_Part):
    """The share of a class that is sent on to a secondary station."""

    to: Name
    share: Share
    source: str = Field("", max_length=500)


class Traffic(_Part):
    """A class of vehicles or people: how many come, which lanes they may use, what they need."""

    name: Name
    lanes: list[Name] = Field(
        min_length=1, description="Lanes that it may use; the one with the least expected wait is taken"
    )
    arrivals: Annotated[Profile | Trace | Bunched, Field(discriminator="kind")]
    service: ServiceTime
    referrals: list[Referral] = []
    patience_minutes: Positive | None = Field(None, description="Mean wait (exponential) beyond which one turns away")


class Lane(_Part):
    """A lane group and its booths."""

    name: Name
    booths: Booths = Field(1, description="A number, or by days and hours; with shared_with, left out")
    hours: list[Opening] = Field([Opening()], description="When it is open; booths outside these hours are closed")
    double_stacked: bool = Field(False, description="Two booths behind one another in each lane: booths counts lanes")
    most_booths: int | None = Field(None, ge=1, le=500, description="Booths that exist; staffing is not sought beyond")
    storage: int | None = Field(None, ge=1, description="Vehicles that fit in the lanes before the booths")
    shared_with: Name | None = Field(None, description="Served by the booths of this other lane")
    rank: int = Field(0, ge=0, le=20, description="At shared booths the lowest rank is served first")
    service_factor: Positive = Field(1.0, description="Service here over the traffic's own service time")
    source: str = Field("", max_length=500)


class Secondary(_Part):
    """A secondary station: documents, agriculture, scan, physical examination."""

    name: Name
    docks: Booths = 1
    service: ServiceTime
    storage: int | None = Field(None, ge=1, description="Places to wait; when full, primary booths are held")
    source: str = Field("", max_length=500)


class Neighbour(_Part):
    """A station on the other side that comes before: export control or customs there."""

    name: Name
    traffic: list[Name] = Field(min_length=1, description="Classes that pass it")
    booths: Booths = 1
    hours: list[Opening] = [Opening()]
    service: ServiceTime
    source: str = Field("", max_length=500)


class Incident(_Part):
    """Booths lost for a while."""

    lane: Name
    from_minute: NotNegative = Field(description="Minutes after the start")
    to_minute: Positive
    booths_lost: int | None = Field(None, ge=1, description="Left out: all")


class Target(_Part):
    """The service level: a share of waits within a limit, and the mean."""

    share: Annotated[FiniteFloat, Field(gt=0, lt=1)] = 0.8
    minutes: Positive = 20.0
    mean_minutes: Positive | None = Field(15.0, description="Most mean wait; null asks for none")


class Costs(_Part):
    """What an hour of an officer and an hour of waiting cost, in one currency."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "USD"
    officer_hour: NotNegative = 0.0
    waiting_hour: NotNegative = 0.0


class Scenario(_Part):
    """One port of entry (one direction) over some days."""

    format: Literal["otay-scenario/1"] = FORMAT
    name: str = Field(min_length=1, max_length=200)
    port: str = Field("", max_length=20)
    start: date
    days: int = Field(7, ge=1, le=366)
    warm_up_days: int = Field(1, ge=0, le=14, description="Days played before the start and not counted")
    seed: int = Field(1, ge=0, le=2**63 - 1)
    replications: int = Field(20, ge=2, le=10_000)
    traffic: list[Traffic] = Field(min_length=1, max_length=50)
    lanes: list[Lane] = Field(min_length=1, max_length=50)
    secondary: list[Secondary] = Field([], max_length=20)
    neighbour: list[Neighbour] = Field([], max_length=10)
    road_storage: int | None = Field(None, ge=1, description="Vehicles on the approach road between both sides")
    incidents: list[Incident] = Field([], max_length=100)
    target: Target = Target()
    costs: Costs = Costs()
    data: list[str] = Field([], description="What is data, with its source")
    assumptions: list[str] = Field([], description="What is assumed")
