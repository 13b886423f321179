"""Carriers, officers and passenger messages for the passengers room. Everybody is invented."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from factories import passengers as edi
from otay.formats.paxlst.writing import write_record
from otay.intake.incoming import Incoming, Receipt
from otay.intake.services import receive
from otay.node import roles
from otay.node.actors import SYSTEM, Actor, Kind
from otay.people.passengers.models import Flight, Traveller
from otay.screening.watchlists import services as lists

SECOND = Actor(Kind.SYSTEM, "system:second", "Second officer")
DAY = "2026-03-01"
TODAY = datetime.now(UTC).date()
#: A flight that has not left yet, and one that landed long ago.
FUTURE = {"day": f"{TODAY + timedelta(days=30)}", "prepared": f"{TODAY}T08:00"}
PAST = {"day": f"{TODAY - timedelta(days=30)}", "prepared": f"{TODAY - timedelta(days=31)}T08:00"}


def carrier(party: str = "OTAY-AIR", key: str = "") -> Actor:
    """A carrier's program."""
    return _actor(roles.CARRIER, party=party, key=key or f"client:{party.lower()}")


def officer(role: roles.Role = roles.TARGETING, *, ports: tuple[str, ...] = ("*",), key: str = "officer:900") -> Actor:
    """An officer with ``role`` at ``ports``."""
    return _actor(role, ports=ports, key=key, kind=Kind.OFFICER)


def _actor(
    role: roles.Role, *, ports: tuple[str, ...] = ("*",), party: str = "", key: str, kind: Kind = Kind.CLIENT
) -> Actor:
    grants = dict.fromkeys(roles.permissions_of(role.key), frozenset(ports))
    return Actor(kind, key, f"Test {role.key}", grants, party=party)


def person(number: int = 1, **changes: Any) -> dict[str, Any]:
    """A passenger with complete data, named by locator and reference."""
    given, surnames = ("ANA MARIA", "GARCIA LOPEZ") if number == 1 else (f"PERSON{_letters(number)}", "MONTEALTO")
    return {
        "role": "passenger", "given": given, "surnames": surnames, "full_name": f"{given} {surnames}", "sex": "F",
        "birth_date": f"1980-02-{number % 28 + 1:02d}", "nationality": "MEX", "embark": "TIJ", "debark": "LAX",
        "documents": [{"type": "P", "number": f"G{number:08d}", "issuer": "MEX", "expiry": "2031-04-15"}],
        "references": {"AVF": f"LOC{number // 2:03d}", "ABO": f"REF{number:05d}", "SEA": f"{number}A"}, "bags": None,
    } | changes  # fmt: skip


def _letters(number: int) -> str:
    return "".join(chr(ord("A") + int(digit)) for digit in str(number))


def named(number: int) -> dict[str, Any]:
    """The same person by references only, as close-outs and cancellations do."""
    return {"role": "passenger", "full_name": "", "references": {
        code: person(number)["references"][code] for code in ("AVF", "ABO")}}  # fmt: skip


def record(
    *people: dict[str, Any], code: str = "745", subcode: str = "", prepared: str = f"{DAY}T08:30", number: str = "498",
    carrier: str = "OT", day: str = DAY, reference: str = "",
) -> dict[str, Any]:  # fmt: skip
    """A list about one flight from Tijuana to Los Angeles."""
    leg = {"carrier": carrier, "number": number, "origin": "TIJ", "destination": "LAX",
           "departure": f"{day}T10:42", "arrival": f"{day}T11:42", "border": True}  # fmt: skip
    about = {"code": code, "subcode": subcode, "sender": "OTAIR", "recipient": "APIS", "prepared": prepared,
             "interchange": reference or f"{prepared[8:16]}{code}{subcode}", "reference": "1"}  # fmt: skip
    return {"message": about, "flights": [leg], "travellers": list(people), "totals": {}}


def paxlst(*people: dict[str, Any], **given: Any) -> bytes:
    """The same as PAXLST."""
    return write_record(record(*people, **given))


def send(raw: bytes, *, sender: Actor | None = None, reference: str = "", format: str = "") -> Receipt:
    """Hand one message to the door."""
    return receive(actor=sender or carrier(), items=[Incoming(raw, reference, format)])[0]


def codes(receipt: Receipt) -> list[str]:
    """The answers, in the order of the list."""
    return [entry["code"] for entry in receipt.answer["answers"]]


def rules(receipt: Receipt) -> list[str]:
    """What was found."""
    return [finding.rule for finding in receipt.findings]


def roll() -> dict[str, str]:
    """Reference of everybody on the only flight, and where they stand."""
    return {
        str(row.facts.get("references", {}).get("ABO", row.full_name)): row.state
        for row in Traveller.objects.order_by("pk")
    }


def flight() -> Flight:
    """The only flight."""
    return Flight.objects.get(kind="flight")


def watch(*entries: dict[str, Any], key: str = "test-list") -> None:
    """Put a list with ``entries`` in force."""
    lists.open_list(
        actor=SYSTEM, key=key, title="Test list (invented)", category="other", source="test", basis="test",
        contact="test", invented=True,
    )  # fmt: skip
    extend(*entries, key=key)


def extend(*entries: dict[str, Any], key: str = "test-list") -> None:
    """Add entries to the list, put in force by a second officer."""
    proposed = lists.propose_entries(actor=SYSTEM, watchlist=key, entries=list(entries), why="test")
    lists.activate(actor=SECOND, version=proposed.pk)


def entry(category: str = "wanted", **changes: Any) -> dict[str, Any]:
    """An entry that names :func:`person` 1."""
    return {
        "key": "E-1", "kind": "person", "category": category, "names": ["Ana María García López"],
        "birth_dates": ["1980-02-02"], "documents": [{"number": "G00000001", "type": "P"}],
    } | changes  # fmt: skip


__all__ = ["edi"]
