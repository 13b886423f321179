"""Passenger messages. All persons and bookings are invented; the carriers' codes are not in use."""

from __future__ import annotations

import random
from collections.abc import Iterable

HEADER = (
    "BGM+745",
    "RFF+TN:OTAY0001:::1",
    "NAD+MS+++APIS DESK",
    "COM+525555550100:TE+525555550101:FX+apis(at)example.test:EM",
    "TDT+20+OT498+++OT",
    "LOC+125+TIJ",
    "DTM+189:2603011042:201",
    "LOC+87+SAN",
    "DTM+232:2603011142:201",
)
ANA = (
    "NAD+FL+++GARCIA LOPEZ:ANA:MARIA",
    "ATT+2++F",
    "DTM+329:800229",
    "MEA+CT++:2",
    "MEA+WT++KGM:31",
    "GEI+4+173",
    "FTX+BAG+++OT000123:1",
    "LOC+22+SAN",
    "LOC+174+MEX",
    "LOC+178+TIJ",
    "LOC+179+SAN",
    "LOC+180+MEX:::TIJUANA",
    "NAT+2+MEX",
    "RFF+AVF:ABC123",
    "RFF+ABO:ABC12301",
    "RFF+SEA:12A",
    "DOC+P:110:111+G12345678",
    "DTM+36:310415",
    "LOC+91+MEX",
    "DOC+V+20261234",
    "LOC+91+USA",
)
JOHN = (
    "NAD+FL+++SMITH:JOHN",
    "ATT+2++M",
    "DTM+329:750101",
    "LOC+178+TIJ",
    "LOC+179+SAN",
    "NAT+2+USA",
    "RFF+AVF:ABC124",
    "RFF+ABO:ABC12401",
    "DOC+P:110:111+500000001",
    "DTM+36:290101",
    "LOC+91+USA",
)


def message(
    *segments: str | Iterable[str], type: str = "PAXLST:D:05B:UN:IATA", reference: str = "1", rest: str = ""
) -> list[str]:
    """Segments between UNH and a right UNT."""
    body = [segment for part in segments for segment in ([part] if isinstance(part, str) else part)]
    return [f"UNH+{reference}+{type}{rest}", *body, f"UNT+{len(body) + 2}+{reference}"]


def interchange(*messages: Iterable[str], una: str = "UNA:+.? '", end: str = "'", sender: str = "OT:ZZ") -> bytes:
    """Messages between UNB and a right UNZ."""
    body = [segment for message in messages for segment in message]
    head = f"UNB+UNOA:4+{sender}+MXAPIS:ZZ+260301:0830+REF1++APIS"
    return (una + "".join(segment + end for segment in [head, *body, f"UNZ+{len(messages)}+REF1"])).encode()


def manifest(*travellers: Iterable[str], count: int | None = None) -> bytes:
    """A passenger list of the travellers given."""
    total = f"CNT+42:{len(travellers) if count is None else count}"
    return interchange(message(HEADER, *travellers, total))


_SURNAMES = ("GARCIA", "HERNANDEZ RUIZ", "MARTINEZ", "DE LA CRUZ", "PEREZ GOMEZ", "SMITH", "TANAKA", "OBRIEN")
_GIVEN = ("MARIA", "JOSE LUIS", "ANA", "JOHN", "KENJI", "GUADALUPE", "PATRICK", "SOFIA")


def large_manifest(travellers: int = 200, seed: int = 1) -> bytes:
    """A list as a departure control system sends it: 18 segments a traveller, 61 kB for 200 of them."""
    draw = random.Random(seed)
    people = []
    for number in range(travellers):
        state = draw.choice(("MEX", "MEX", "USA", "CAN", "JPN"))
        locator = "".join(draw.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=6))
        birth = f"{draw.randrange(40, 99):02d}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
        expiry = f"{draw.randrange(27, 36):02d}{draw.randrange(1, 13):02d}{draw.randrange(1, 29):02d}"
        people.append(
            (
                f"NAD+FL+++{draw.choice(_SURNAMES)}:{draw.choice(_GIVEN)}:{draw.choice(_GIVEN)}",
                f"ATT+2++{draw.choice('MF')}",
                f"DTM+329:{birth}",
                f"MEA+CT++:{draw.randrange(1, 3)}",
                f"FTX+BAG+++OT{draw.randrange(10**6):06d}:1",
                "LOC+22+SAN",
                f"LOC+174+{state}",
                "LOC+178+TIJ",
                "LOC+179+SAN",
                f"NAT+2+{state}",
                f"RFF+AVF:{locator}",
                f"RFF+ABO:{locator}{number:05d}",
                f"RFF+SEA:{draw.randrange(1, 40)}{draw.choice('ABCDEF')}",
                f"RFF+CR:{draw.randrange(10**10):010d}",
                f"RFF+YZY:{draw.randrange(10**13):013d}C1{draw.randrange(10**9):09d}",
                f"DOC+P:110:111+{draw.choice('AGNK')}{draw.randrange(10**8):08d}",
                f"DTM+36:{expiry}",
                f"LOC+91+{state}",
            )
        )
    return manifest(*people)
