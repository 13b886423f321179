"""What the room keeps."""

from otay.goods.transit.records.alarms import Alarm, AlarmEvent, Suppression
from otay.goods.transit.records.movements import (
    ConsignmentLine,
    Guarantee,
    GuaranteeUse,
    Incident,
    Journey,
    JourneyProfile,
    Movement,
    MovementEvent,
    MovementSeries,
    Route,
    Standing,
)
from otay.goods.transit.records.seals import MovementSeal, Seal, SealLogEntry, SealPhoto
from otay.goods.transit.reports.models import (
    Report,
    ReportBatch,
    ReportFrame,
    ReportingDevice,
    ReportMark,
    ReportRetention,
    ReportWording,
)

__all__ = [
    "Alarm",
    "AlarmEvent",
    "ConsignmentLine",
    "Guarantee",
    "GuaranteeUse",
    "Incident",
    "Journey",
    "JourneyProfile",
    "Movement",
    "MovementEvent",
    "MovementSeal",
    "MovementSeries",
    "Report",
    "ReportBatch",
    "ReportFrame",
    "ReportMark",
    "ReportRetention",
    "ReportWording",
    "ReportingDevice",
    "Route",
    "Seal",
    "SealLogEntry",
    "SealPhoto",
    "Standing",
    "Suppression",
]
