"""What the room keeps."""

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
    "Report",
    "ReportBatch",
    "ReportFrame",
    "ReportMark",
    "ReportRetention",
    "ReportWording",
    "ReportingDevice",
]
