"""When each truck does what: declared on both sides, arrived, inspected, released. Pure.

Spans are invented but ordered as at a real crossing: the export is declared about four hours ahead, the import an hour
and a half, Mexican customs lets the truck go half an hour before it reaches the U.S. booth.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from otay.web.demo.life import Truck


class Action(StrEnum):
    """What happens to a truck, on which side."""

    EXPORT_LODGED = "export_lodged"
    EXPORT_ARRIVED = "export_arrived"
    EXPORT_RELEASED = "export_released"
    IMPORT_LODGED = "import_lodged"
    IMPORT_CORRECTED = "import_corrected"
    IMPORT_ARRIVED = "import_arrived"
    IMPORT_INSPECTED = "import_inspected"
    IMPORT_RELEASED = "import_released"


#: Time from the crossing at the U.S. booth; inspection and release follow from the lane.
OFFSETS = {
    Action.EXPORT_LODGED: timedelta(hours=-4),
    Action.IMPORT_LODGED: timedelta(minutes=-90),
    Action.IMPORT_CORRECTED: timedelta(minutes=-75),
    Action.EXPORT_ARRIVED: timedelta(minutes=-35),
    Action.EXPORT_RELEASED: timedelta(minutes=-25),
    Action.IMPORT_ARRIVED: timedelta(0),
}
EARLIEST = min(OFFSETS.values())
INSPECTION = {"red": timedelta(minutes=40), "yellow": timedelta(minutes=12)}
BOOTH = timedelta(minutes=2)
#: At this port one truck in four is left to whoever tries the demo, until the patience runs out.
YOUR_PORT, YOUR_SHARE = "2506", 4


@dataclass(frozen=True, slots=True)
class Due:
    """An action that is due."""

    at: datetime
    action: Action
    truck: Truck


class Agenda:
    """What is still to happen, soonest first."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Due]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._heap)

    def add(self, due: Due) -> None:
        """Put ``due`` on the agenda."""
        self._count += 1
        heapq.heappush(self._heap, (due.at, self._count, due))

    def expect(self, truck: Truck) -> None:
        """All that is known of ``truck`` before it reaches the booth."""
        for action, offset in OFFSETS.items():
            if action is not Action.IMPORT_CORRECTED or truck.mistaken:
                self.add(Due(truck.crosses_at + offset, action, truck))

    def arrived(self, truck: Truck, lane: str, *, patience: timedelta) -> None:
        """After arrival the lane decides: inspection and release, or release at the booth. ``patience``: how long the
        demo's own officers leave the trucks of your booth to you."""
        wait = patience if is_yours(truck) else timedelta(0)
        released = truck.crosses_at + BOOTH + wait
        if lane in INSPECTION:
            inspected = truck.crosses_at + INSPECTION[lane] + wait
            self.add(Due(inspected, Action.IMPORT_INSPECTED, truck))
            released = inspected + BOOTH
        self.add(Due(released, Action.IMPORT_RELEASED, truck))

    def until(self, moment: datetime) -> Iterator[Due]:
        """Take off what is due before ``moment``, in order."""
        while self._heap and self._heap[0][0] < moment:
            yield heapq.heappop(self._heap)[2]


def is_yours(truck: Truck) -> bool:
    """True for the trucks that are left to whoever tries the demo."""
    return truck.port == YOUR_PORT and int(truck.key[-4:]) % YOUR_SHARE == 0


def finding(truck: Truck) -> tuple[str, str]:
    """What an inspection of ``truck`` finds: a result, and remarks."""
    match truck.planted:
        case "undervalued":
            return "offence", "Invoice price far below the export record of the same goods (demo)"
        case "overweight":
            return "discrepancy", "Scale shows more than the declared mass (demo)"
        case "other_goods":
            return "discrepancy", "Goods differ from the declared goods code (demo)"
    return "conforms", ""
