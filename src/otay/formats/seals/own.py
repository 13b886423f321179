"""Otay's own seal report: documented JSON, one object a line, for makers and gateways without a protocol of their own.

The manual shows it under "Seal reports". Names are those of every seal record; what is not known is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from otay.core.i18n import N_
from otay.formats.seals.frames import Bad, Family, Report
from otay.formats.seals.record import ALARMS, Alarm, Record, record
from otay.formats.seals.teratrack import split

KEY = "otay-seal"


class SealReport(BaseModel):
    """One report of a seal."""

    model_config = ConfigDict(extra="forbid", strict=False, allow_inf_nan=False)

    otay: Literal["seal/1"] = Field(description="What this is, and its version.")
    device_id: Annotated[str, Field(pattern=r"^[0-9A-Za-z._-]{1,64}$", description="Identifier of the seal.")]
    time: Annotated[AwareDatetime, Field(description="When it was so, with its offset; not when it was sent.")]
    index: Annotated[int, Field(ge=0, le=2**53)] | None = Field(None, description="Counter of the seal's reports.")
    lat: Annotated[float, Field(ge=-90, le=90)] | None = Field(None, description="Latitude, WGS 84.")
    lon: Annotated[float, Field(ge=-180, le=180)] | None = Field(None, description="Longitude, WGS 84.")
    valid: bool = Field(True, description="False when the position is not from satellites.")
    speed: Annotated[float, Field(ge=0, le=1000)] | None = Field(None, description="km/h.")
    course: Annotated[float, Field(ge=0, le=360)] | None = Field(None, description="Degrees from north.")
    battery: Annotated[int, Field(ge=0, le=100)] | None = Field(None, description="Per cent.")
    card: Annotated[str, Field(max_length=64)] | None = Field(None, description="Card used at the lock.")
    status: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,47}$")], bool] = Field(
        default_factory=dict, max_length=64, description="Named flags, such as locked or rope_inserted."
    )
    alarms: list[Alarm] = Field(default_factory=list, max_length=len(ALARMS), description="What the seal complains of.")

    @field_validator("time")
    @classmethod
    def _plausible(cls, value: datetime) -> datetime:
        if value.year < 1970:
            raise ValueError("before 1970")
        return value

    @model_validator(mode="after")
    def _both_or_none(self) -> SealReport:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("lat and lon belong together")
        return self


def decode(frame: bytes, report: Report) -> Iterator[Record]:
    """The record of one report; every fault of it is a finding, and then there is no record."""
    try:
        said: Any = json.loads(frame)
    except (ValueError, RecursionError) as failure:
        raise Bad(0, "seal.json", N_("This is not JSON: %(reason)s."), reason=str(failure)[:100]) from None
    try:
        read = SealReport.model_validate(said)
    except ValidationError as problem:
        faults = problem.errors(include_url=False, include_context=False)
        for fault in faults[1:]:
            report.refuse(_bad(fault))
        raise _bad(faults[0]) from None
    when = read.time.astimezone(UTC)
    values = read.model_dump(exclude={"otay", "time", "device_id"})
    values["valid"] = read.valid and read.lat is not None
    yield record(read.device_id, **values, time=f"{when:%Y-%m-%dT%H:%M:%SZ}")


def _bad(fault: Mapping[str, Any]) -> Bad:
    where = "/".join(str(part) for part in fault["loc"])
    value = "" if isinstance(fault.get("input"), dict) else fault.get("input", "")
    return Bad(0, "seal.field", N_("%(field)s: %(reason)s"), value, field=where or "/", reason=str(fault["msg"]))


def write(records: list[Record]) -> bytes:
    """Records of any family as reports, one a line; records without a time are left out by the caller."""
    return b"".join(json.dumps(_as_report(item), ensure_ascii=False).encode() + b"\n" for item in records)


def _as_report(item: Record) -> dict[str, Any]:
    kept = {"otay": "seal/1", "device_id": item["device_id"], "time": item["time"]}
    for name in ("index", "lat", "lon", "valid", "speed", "course", "battery", "card"):
        if item.get(name) is not None:
            kept[name] = item[name]
    flags = {
        name: value for name, value in item.get("status", {}).items() if re.fullmatch(r"[a-z][a-z0-9_]{0,47}", name)
    }
    return kept | {"status": flags, "alarms": item.get("alarms", [])}


OWN = Family(KEY, split, decode)
