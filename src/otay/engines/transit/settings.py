"""What a movement may and may not do: thresholds, places, deadlines. Every number has a default."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

Metres = Annotated[float, Field(gt=0, le=1_000_000)]
Seconds = Annotated[float, Field(ge=0, le=90 * 86_400)]


class Place(BaseModel):
    """A circle, open all the time or between two moments."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("", max_length=100, description="For people.")
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    radius_m: Metres = 300.0
    opens: AwareDatetime | None = Field(None, description="Authorised from this moment on.")
    closes: AwareDatetime | None = Field(None, description="Authorised until this moment.")

    @model_validator(mode="after")
    def _in_order(self) -> Place:
        if self.opens and self.closes and self.opens > self.closes:
            raise ValueError("closes before it opens")
        return self


class TransitRules(BaseModel):
    """The rules of a movement, or of several on one route."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    corridor_m: Metres = Field(500.0, description="Half width of the corridor around the route.")
    return_m: Metres | None = Field(None, description="Nearer than this it is back; by default 80 % of corridor_m.")
    off_route_s: Seconds = Field(120.0, description="So long outside before it counts as off route.")
    wrong_way_m: Metres = Field(2000.0, description="So far back along the route before it counts.")
    stop_s: Seconds = Field(1200.0, description="So long in one place before it counts as a stop.")
    stop_radius_m: Metres = Field(150.0, description="Within this circle it stands.")
    stop_places: tuple[Place, ...] = Field((), max_length=1000, description="Where stops are planned.")
    authorised_places: tuple[Place, ...] = Field(
        (),
        max_length=1000,
        description="Where and when the seal may be opened; stops and meetings there are planned too.",
    )
    arrival_m: Metres = Field(
        1000.0, description="So near the end of the route it has arrived; so near either end it may stop."
    )
    report_interval_s: Seconds | None = Field(None, description="The device's reporting interval; else its own median.")
    silence_factor: float = Field(3.0, ge=1, le=100, description="So many intervals of silence are explained.")
    silence_min_s: Seconds = Field(300.0, description="Shorter silence never counts.")
    low_battery_pct: float = Field(20.0, ge=0, le=100)
    low_battery_v: float | None = Field(None, ge=0, le=100, description="For devices that tell volts.")
    jump_kmh: float = Field(250.0, gt=0, le=10_000, description="No vehicle moves faster.")
    jump_m: Metres = Field(1000.0, description="A shorter jump is noise.")
    jam_s: Seconds = Field(600.0, description="So long without satellites while reporting.")
    meeting_m: Metres = Field(100.0, description="So near two movements stand together.")
    meeting_s: Seconds = Field(300.0, description="So long before it counts.")
    meeting_gap_s: Seconds = Field(900.0, description="Positions further apart in time say nothing in between.")
    repeat_s: Seconds = Field(900.0, description="A seal alarm told again within this time is the same alarm.")
    future_s: Seconds = Field(600.0, description="A time so far ahead of its receipt is wrong.")
    departed_at: AwareDatetime | None = Field(None, description="By default the first observation.")
    deadline: AwareDatetime | None = Field(None, description="The time limit as a moment.")
    time_limit_s: Seconds | None = Field(
        None, description="The time limit from departure on, where no deadline is given."
    )
    late_hold_s: Seconds = Field(900.0, description="So long predicted late before it counts.")
    pace_s: Seconds = Field(7200.0, description="The pace of so long counts for the prediction.")
    devices: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        max_length=10_000,
        description="Which devices belong to a movement; else the first to report.",
    )

    @property
    def back_m(self) -> float:
        """Where the excursion from the corridor ends."""
        return min(self.return_m or 0.8 * self.corridor_m, self.corridor_m)

    @property
    def interval(self) -> timedelta | None:
        """The reporting interval, where it is given."""
        return None if self.report_interval_s is None else timedelta(seconds=self.report_interval_s)
