"""Invented flights between the two countries: who is on them, who does not board, who is on a list, what is wrong.

Both nodes get the same lists from the same invented carrier. The airports are real; carrier, people, documents and
list entries are invented and marked so.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from otay.formats.manifest import CREW, PASSENGER, document, flight, traveller
from otay.formats.paxlst.writing import write_record
from otay.formats.pnrgov.writing import write_record as write_reservations
from otay.intake.incoming import Incoming
from otay.intake.models import Channel
from otay.intake.services import receive
from otay.node import clock
from otay.node.accounts import actor_by_key
from otay.node.actors import SYSTEM, Actor, Kind
from otay.people.passengers.airports import airport
from otay.people.passengers.domain.answers import Kind as Decided
from otay.people.passengers.models import CarrierCode, Flight, ListMessage, Traveller
from otay.people.passengers.services import carriers, deciding
from otay.screening.watchlists import services as lists
from otay.screening.watchlists.models import Watchlist

CARRIER, PARTY, CLIENT = "OT", "otay-demo-carrier", "client:demo-carrier"
SECOND = Actor(Kind.SYSTEM, "system:demo-second", "Second invented officer (demo)")
SEED = 20030320
_AFTER = (-26, -7, -3, 2, 5, 9, 14, 22)  # hours from now at which the flights leave
_ROUTES = (
    ("MEX", "LAX"), ("LAX", "GDL"), ("TIJ", "LAX"), ("GDL", "SAN"), ("SAN", "MEX"), ("MTY", "IAH"), ("ORD", "MEX"),
    ("CUN", "DFW"),
)  # fmt: skip
_GIVEN = {
    "F": ("ANA MARIA", "GUADALUPE", "SOFIA", "MARIA JOSE", "EMILY", "GRACE", "XIMENA", "RENATA", "HANNAH", "CAROLINA"),
    "M": ("JOSE LUIS", "CARLOS", "DIEGO", "JUAN PABLO", "ETHAN", "NOAH", "EMILIANO", "RODRIGO", "WALTER", "ANDRES"),
}
_SURNAMES = (
    "MARTINELLI RIOSECO", "CASTAREDA LUMBRERO", "ORTIVALLE GALDAMES", "VILLAMONTE SAAVEDRINO", "PEDRALVA NUNEZA",
    "ROBLECITO CARRANZAL", "FUENTERROJA MADRIGUEZ", "ESPINARDO QUIROL", "WHITCOMBER", "ALDERFELD", "NORTHGATESON",
    "BRAMBLEWOOD", "MONTECILLO ARRIOLANO", "SANTAMARTA DELGADIN", "LINDENMARK", "ZALDUEGUI PERALTINO",
)  # fmt: skip
#: Travellers (by flight) whom an entry of the invented list names, and how the entry writes them.
_PLANTED: dict[int, dict[str, Any]] = {
    3: {
        "person": ("ARMANDO", "TORREBLANCA IZQUIERDEZ", "M", "1979-04-12", "G99100017"),
        "entry": {"key": "DEMO-1", "category": "immigration", "name": "Torreblanca Izquierdez, Armando",
                  "birth_date": "1979-04-12", "document": "G99100017"},
    },
    4: {
        "person": ("MARIA GPE", "HDEZ VALLECLARO", "F", "1986-11-30", "G99100024"),
        "entry": {"key": "DEMO-2", "category": "wanted", "name": "María Guadalupe Hernández Valleclaro",
                  "birth_date": "1986-11-30", "document": ""},
    },
    5: {
        "person": ("JULIAN", "MONTEZUL", "M", "1991-07-02", "G99100031"),
        "entry": {"key": "DEMO-3", "category": "missing", "name": "Julián Montezul Prados", "birth_date": "",
                  "document": ""},
    },
    6: {
        "person": ("PATRICK", "OBRADOVIC", "M", "1968-01-23", "500990048"),
        "entry": {"key": "DEMO-4", "category": "document", "name": "", "birth_date": "", "document": "500990048"},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Leg:
    """An invented flight."""

    number: str
    origin: str
    destination: str
    leaves: datetime
    lands: datetime

    def record(self) -> dict[str, Any]:
        """As messages name it, in the ports' local times."""
        leg = flight(CARRIER, self.number, self.origin, self.destination)
        leg["departure"] = _local(self.leaves, self.origin)
        leg["arrival"] = _local(self.lands, self.destination)
        return {**leg, "border": True}


def _local(moment: datetime, code: str) -> str:
    return moment.astimezone(ZoneInfo(airport(code).zone)).strftime("%Y-%m-%dT%H:%M")


def seed() -> None:
    """Lists, reservations and close-outs of eight flights; a second call adds nothing."""
    actor = actor_by_key(CLIENT)
    if actor is None or CarrierCode.objects.filter(code=CARRIER).exists():
        return
    carriers.register(actor=SYSTEM, code=CARRIER, party=PARTY)
    _watchlist()
    now = clock.now().astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    legs = [
        Leg(f"{470 + 2 * place}", *ports, now + timedelta(hours=after), now + timedelta(hours=after + 3))
        for place, (after, ports) in enumerate(zip(_AFTER, _ROUTES, strict=True))
    ]
    items = [Incoming(raw) for place, leg in enumerate(legs) for raw in _messages(place, leg, now)]
    receive(actor=actor, items=items, channel=Channel.DEMO)
    _date_back()
    _decide(legs[4].number)


def _date_back() -> None:
    """Lists of flights that left already are dated as if they had come in time: the whole of it is invented."""
    for row in Flight.objects.filter(carrier=CARRIER, departs_at__lt=clock.now()):
        lists_of = ListMessage.objects.filter(flight=row)
        assert row.departs_at is not None  # noqa: S101 - asked for above
        lists_of.exclude(code="266").update(taken_at=row.departs_at - timedelta(hours=3))
        lists_of.filter(code="266").update(taken_at=row.departs_at - timedelta(minutes=5))


def _watchlist() -> None:
    key = "demo-travellers"
    if Watchlist.objects.filter(key=key).exists():
        return
    lists.open_list(
        actor=SYSTEM, key=key, title="Invented travellers (demo)", category="other",
        source="Invented for the demo", basis="None: every entry is invented", contact="demo@example.invalid",
        invented=True,
    )  # fmt: skip
    proposed = lists.propose_entries(
        actor=SYSTEM, watchlist=key, entries=[_entry(case["entry"]) for case in _PLANTED.values()],
        why="Invented cases for the demo",
    )  # fmt: skip
    lists.activate(actor=SECOND, version=proposed.pk, note="demo")


def _entry(case: dict[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = {"key": case["key"], "category": case["category"], "remarks": "Invented (demo)"}
    entry["kind"] = "person" if case["name"] else "document"
    if case["name"]:
        entry["names"] = [case["name"]]
    if case["birth_date"]:
        entry["birth_dates"] = [case["birth_date"]]
    if case["document"]:
        entry["documents"] = [{"number": case["document"], "type": "P", "issuer": _issuer(case["document"])}]
    return entry


def _issuer(number: str) -> str:
    """Invented numbers that begin with 5 are of the United States."""
    return "USA" if number.startswith("5") else "MEX"


def _decide(number: str) -> None:
    """One traveller whom an officer referred after the list was answered: the carrier still has to acknowledge it."""
    row = Flight.objects.filter(carrier=CARRIER, number=number).first()
    one = Traveller.objects.filter(flight=row, answer="0Z", role=PASSENGER).order_by("pk").first() if row else None
    if one is not None:
        deciding.decide(
            actor=SYSTEM, uid=one.uid, kind=Decided.REFER, reason="Document to be looked at on arrival (demo)"
        )


def _messages(place: int, leg: Leg, now: datetime) -> Iterator[bytes]:
    people = _people(place, leg)
    made = min(now, leg.leaves) - timedelta(hours=3)
    yield _list(leg, "745", "", people, made)
    yield _list(leg, "250", "", _crew(place, leg), made + timedelta(minutes=5))
    if place % 2 == 0:
        yield _reservations(leg, people, made - timedelta(hours=20))
    if leg.leaves > now:
        return
    on_board = [_named(person) for number, person in enumerate(people) if number not in (4, 11)]
    stranger = _named({"references": {"AVF": "ZZZZZ9", "ABO": "ZZZZZ901"}})
    named = [*on_board, *([stranger] if place == 1 else [])]
    yield _list(leg, "266", "CLOB", named, leg.leaves - timedelta(minutes=5))


def _named(person: dict[str, Any]) -> dict[str, Any]:
    return {**traveller(PASSENGER, "", ""), "references": person["references"]}


def _list(leg: Leg, code: str, subcode: str, people: Sequence[dict[str, Any]], made: datetime) -> bytes:
    reference = f"{leg.number}{leg.leaves:%m%d}{code}{subcode}"[:14]
    about = {
        "sender": "OTAYDEMOAIR", "recipient": "APIS", "prepared": f"{made:%Y-%m-%dT%H:%M}", "test": True,
        "interchange": reference, "reference": "1", "code": code, "subcode": subcode, "references": {"TN": reference},
        "reporting_party": {"name": "DEMO AIR DESK (INVENTED)"},
    }  # fmt: skip
    return write_record({"message": about, "flights": [leg.record()], "travellers": people, "totals": {}})


def _people(place: int, leg: Leg) -> list[dict[str, Any]]:
    draw = random.Random(SEED + place)  # noqa: S311 - no secret
    people = [_person(draw, place, number, leg) for number in range(draw.randrange(26, 40))]
    if place in _PLANTED:
        given, surnames, sex, born, paper = _PLANTED[place]["person"]
        people[7] |= {"given": given, "surnames": surnames, "full_name": f"{given} {surnames}", "sex": sex}
        people[7] |= {"birth_date": born, "documents": [document("P", paper, _issuer(paper), "2031-01-31")]}
    if place == 3:
        people[9] |= {"birth_date": None, "birth_date_sent": "851399"}  # month 13
        people[12] |= {"given": "", "surnames": "INDRAWATI", "full_name": "INDRAWATI"}  # one name only
        people[15] |= {"documents": []}
        people[18] |= {"nationality": "QQZ"}
    return people


def _person(draw: random.Random, place: int, number: int, leg: Leg) -> dict[str, Any]:
    sex = draw.choice("FM")
    person = traveller(PASSENGER, draw.choice(_GIVEN[sex]), draw.choice(_SURNAMES))
    state = draw.choice(("MEX", "MEX", "USA"))
    locator = f"D{place}{'ABCDEFGH'[number // 3 % 8]}{number // 24}{'KLMNPQRSTUVW'[number // 3 % 12]}X"
    born = datetime(1944, 1, 1, tzinfo=UTC) + timedelta(days=draw.randrange(26_000))
    return person | {
        "sex": sex, "birth_date": f"{born:%Y-%m-%d}", "nationality": state, "embark": leg.origin,
        "debark": leg.destination, "residence": state,
        "documents": [
            document("P", f"{'G' if state == 'MEX' else '5'}{draw.randrange(10**8):08d}", state,
                     f"{draw.randrange(2027, 2036)}-{draw.randrange(1, 13):02d}-15")
        ],
        "references": {
            "AVF": locator, "ABO": f"{locator}{number:02d}", "SEA": f"{number // 6 + 3}{'ABCDEF'[number % 6]}"
        },
        "bags": {"count": draw.randrange(3), "weight": None, "tags": []},
    }  # fmt: skip


def _crew(place: int, leg: Leg) -> list[dict[str, Any]]:
    draw = random.Random(SEED + 100 + place)  # noqa: S311 - no secret
    crew = [_person(draw, place, 90 + number, leg) for number in range(4)]
    for number, person in enumerate(crew):
        references = {"AVF": f"CREW{place}", "ABO": f"CREW{place}{number}"}
        person |= {"role": CREW, "references": references, "bags": None}
    return crew


def _reservations(leg: Leg, people: Sequence[dict[str, Any]], made: datetime) -> bytes:
    about = {
        "type": "PNRGOV", "sender": "OTAYDEMOAIR", "recipient": "APIS", "prepared": f"{made:%Y-%m-%dT%H:%M}",
        "test": True, "interchange": f"P{leg.number}{leg.leaves:%m%d}", "reference": "1", "code": "22",
    }  # fmt: skip
    groups: dict[str, list[int]] = {}
    for number, person in enumerate(people, 1):
        groups.setdefault(person["references"]["AVF"], []).append(number)
    reservations = [
        {
            "locator": locator, "carrier": CARRIER, "created": f"{made - timedelta(days=20 + place):%Y-%m-%dT%H:%M}",
            "flights": [leg.record()], "travellers": numbers,
            "contacts": [{"type": "email", "value": f"demo{place}@example.invalid"}],
            "payments": [{"form": "CC", "account": "XXXXXXXXXXXX0000", "amount": "3210.00"}],
        }
        for place, (locator, numbers) in enumerate(groups.items())
    ]  # fmt: skip
    travelling = [
        {**person, "references": {}, "seats": [{"seat": person["references"]["SEA"], "origin": leg.origin,
                                                "destination": leg.destination}]}
        for person in people
    ]  # fmt: skip
    return write_reservations(
        {"message": about, "flights": [leg.record()], "travellers": travelling, "reservations": reservations,
         "totals": {}}
    )  # fmt: skip
