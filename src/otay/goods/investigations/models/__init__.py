"""What investigations keep."""

from otay.goods.investigations.models.cases import (
    Case,
    CaseEntry,
    CaseLink,
    CaseMember,
    Evidence,
    EvidenceCustody,
    NeighbourEntry,
    Series,
    Task,
)
from otay.goods.investigations.models.mirror import MirrorCursor, MirrorFinding, MirrorPair, PairedRecord
from otay.goods.investigations.models.outcomes import OutcomeEvent
from otay.goods.investigations.models.seizures import NeighbourSeizure, SeizedItem, Seizure, SeizureCustody
from otay.goods.investigations.models.selection import (
    HistoryStore,
    ModelVersion,
    Override,
    Plan,
    Score,
    Selected,
    TrustedTrader,
)

__all__ = [
    "Case",
    "CaseEntry",
    "CaseLink",
    "CaseMember",
    "Evidence",
    "EvidenceCustody",
    "HistoryStore",
    "MirrorCursor",
    "MirrorFinding",
    "MirrorPair",
    "ModelVersion",
    "NeighbourEntry",
    "NeighbourSeizure",
    "OutcomeEvent",
    "Override",
    "PairedRecord",
    "Plan",
    "Score",
    "SeizedItem",
    "Seizure",
    "SeizureCustody",
    "Selected",
    "Series",
    "Task",
    "TrustedTrader",
]
