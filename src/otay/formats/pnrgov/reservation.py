"""One reservation (from SRC to the next): a small machine that knows in which group it stands.

Travellers (TIF) come first, then legs (TVL) with what is asked for and checked in on them, then splits (EQN), services
other than air (MSG), history (ABI). A TIF below a TVL is a traveller checked in, not a new one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from otay.core.findings import Finding, warning
from otay.core.i18n import N_
from otay.formats.edifact.dates import Calendar, Problem
from otay.formats.edifact.interchange import MAX_FINDINGS, Elements, Message, component
from otay.formats.manifest import PASSENGER, Traveller, date_finding, full_name, name_part, titled, traveller
from otay.formats.pnrgov import ssr as requests
from otay.formats.pnrgov.legs import continued, continues, leg, moment
from otay.formats.pnrgov.names import same_person, without_title
from otay.formats.pnrgov.ssr import Ssr

_CATEGORIES = {
    "A": "adult",
    "ADT": "adult",
    "C": "child",
    "CHD": "child",
    "IN": "infant",
    "INF": "infant",
    "IT": "infant",
}
_SEAT_REQUESTS = ("SEAT", "NSST", "NSSA", "NSSW", "NSSB", "SMST", "SMSA", "SMSW", "RQST", "GPST")
_MAX_HISTORY = 2_000
# a booking has at most 99 travellers, a group a few hundred
_MAX_TRAVELLERS = 500
_MAX_REQUESTS = 5_000
_MAX_KEPT = 200
_MEMBER = re.compile(r"([A-Z][A-Z0-9]|[0-9][A-Z])?[ /-]?(\d[A-Z0-9]{4,24})")
_POOL = ("MP", "HP")
_SHORTEST_TAG = 6
_WEIGHT = re.compile("[0-9]+")

BOOKING: Final = "booking"
TRAVELLER: Final = "traveller"
LEG: Final = "leg"
SPLIT: Final = "split"
SERVICE: Final = "service"
HISTORY: Final = "history"


class Reservation:
    """Collects the segments of one reservation."""

    def __init__(self, message: Message, calendar: Calendar, flight: dict[str, Any]) -> None:
        self.message, self.calendar, self.flight = message, calendar, flight
        self.travellers: list[Traveller] = []
        self.findings: list[Finding] = []
        self.first_number = 1
        self.data: dict[str, Any] = {
            "locator": "",
            "carrier": "",
            "created": None,
            "other_locators": [],
            "agency": {},
            "flights": [],
            "contacts": [],
            "addresses": [],
            "payments": [],
            "remarks": [],
            "services": [],
            "split_to": [],
            "history": [],
        }
        self.group = BOOKING
        self.requests = 0
        self.person: Traveller | None = None
        self.checked_in: Traveller | None = None
        self.position = 0
        self._by_tag: dict[str, Callable[[Elements], None]] = {
            "RCI": self._rci,
            "TIF": self._tif,
            "SSR": self._ssr,
            "TVL": self._tvl,
            "IFT": self._ift,
            "ORG": self._org,
            "ADD": self._add,
            "REF": self._ref,
            "FTI": self._fti,
            "TKT": self._tkt,
            "FOP": self._fop,
            "MON": self._mon,
            "RPI": self._rpi,
            "APD": self._apd,
            "SSD": self._ssd,
            "TBD": self._tbd,
            "EBD": self._ebd,
            "EQN": self._eqn,
            "MSG": self._msg,
            "ABI": self._abi,
            "LTS": self._lts,
            "DAT": self._dat,
            "TRI": self._tri,
        }

    def take(self, tag: str, elements: Elements, position: int) -> bool:
        """One segment; False if its tag is not known."""
        self.position = position
        if self.group == HISTORY and tag not in ("ABI", "LTS"):
            self._past(tag, elements)
            return True
        handler = self._by_tag.get(tag)
        if handler is not None:
            handler(elements)
        return handler is not None or tag in ("FAR", "PTK", "TXD", "TRA", "SAC", "SRC", "CON", "PDT", "DOC", "ATT")

    # who and where

    def _rci(self, elements: Elements) -> None:
        for number in range(1, len(elements)):
            carrier, locator = component(elements, number).upper(), component(elements, number, 1)
            if not locator:
                continue
            if self.group == SPLIT:
                _keep(self.data["split_to"], locator)
            elif not self.data["locator"]:
                created = self._moment(component(elements, number, 3), component(elements, number, 4)[:4], "RCI")
                self.data |= {"locator": locator, "carrier": carrier, "created": created}
            elif locator != self.data["locator"]:
                other = {"carrier": carrier, "locator": locator}
                _keep(self.data["other_locators"], other)

    def _moment(self, day: str, time: str, tag: str) -> str | None:
        room = self.findings if len(self.findings) < MAX_FINDINGS else []
        return moment(self.calendar, day, time, self.message.place(self.position, tag), room)

    def _org(self, elements: Elements) -> None:
        if self.group == BOOKING and not self.data["agency"]:
            agency = {
                "system": component(elements, 1),
                "place": component(elements, 1, 1),
                "iata_number": component(elements, 2),
                "office": component(elements, 2, 1),
                "type": component(elements, 5),
                "country": component(elements, 6),
                "currency": component(elements, 6, 1),
                "agent": component(elements, 7),
            }
            self.data["agency"] = {key: value for key, value in agency.items() if value}

    def _dat(self, elements: Elements) -> None:
        for number in range(1, len(elements)):
            kind = component(elements, number)
            name = {"700": "changed", "710": "ticketed"}.get(kind)
            if name and name not in self.data:
                self.data[name] = self._moment(*_day_and_time(elements, number), "DAT")

    def _tif(self, elements: Elements) -> None:
        surnames = name_part(component(elements, 1))
        for number in range(2, max(len(elements), 3)):
            given, title = without_title(name_part(component(elements, number)))
            kind, reference = component(elements, number, 1).upper(), component(elements, number, 2)
            if self.group == LEG or self.group == SERVICE:
                self.checked_in = self._find(reference, surnames, given)
                continue
            self.group = TRAVELLER
            if len(self.travellers) >= _MAX_TRAVELLERS:
                self._too_many()
                return
            category = _CATEGORIES.get(kind, "adult")
            known = self._mentioned(surnames, given, category)
            if known is not None:  # requests tear names at line ends, TIF seldom does
                known |= {"surnames": surnames, "full_name": full_name(known["given"], surnames)}
            self.person = known or self._add_traveller(surnames, given, category)
            if title:
                self.person["title"] = title
            if reference:
                self.person["reference"] = reference

    def _too_many(self) -> None:
        if any(finding.rule == "pnrgov.travellers" for finding in self.findings):
            return
        text = N_("Reservation %(locator)s has more than %(limit)s travellers; the rest is not read.")
        place = self.message.place(self.position, "TIF")
        locator = self.data["locator"] or "-"
        self.findings.append(warning(place, "pnrgov.travellers", text, locator=locator, limit=_MAX_TRAVELLERS))

    def _add_traveller(self, surnames: str, given: str, category: str) -> Traveller:
        person = traveller(PASSENGER, given, surnames)
        person |= {
            "category": category,
            "embark": self.flight.get("origin", ""),
            "debark": self.flight.get("destination", ""),
            "references": {"AVF": self.data["locator"]} if self.data["locator"] else {},
            "segment": self.position + 2,
        }
        self.travellers.append(person)
        return person

    def _mentioned(self, surnames: str, given: str, category: str) -> Traveller | None:
        """An infant of whom the adult's requests told before."""
        for person in self.travellers:
            open_ = category == person["category"] == "infant" and "reference" not in person
            if open_ and same_person(person["surnames"], person["given"], surnames, given):
                return person
        return None

    def _of_reference(self, reference: str) -> Traveller | None:
        wanted = _number(reference)
        if not wanted:
            return None
        return next((person for person in self.travellers if _number(person.get("reference", "")) == wanted), None)

    def _find(self, reference: str, surnames: str, given: str) -> Traveller | None:
        """By reference, else by name."""
        found = self._of_reference(reference)
        if found is not None:
            return found
        for person in self.travellers:
            if same_person(person["surnames"], person["given"], surnames, given):
                return person
        return None

    # particulars

    def _ref(self, elements: Elements) -> None:
        if self.person is not None and self.group == TRAVELLER:
            self.person["references"].setdefault("REF", component(elements, 1, 1) or component(elements, 1))

    def _fti(self, elements: Elements) -> None:
        if self.person is not None:
            member = {"carrier": component(elements, 1), "number": component(elements, 1, 1)}
            _keep(self.person.setdefault("frequent_flyer", []), member)

    def _tkt(self, elements: Elements) -> None:
        number = component(elements, 1)
        if self.person is not None and number:
            self.person.setdefault("tickets", []).append(number)

    def _add(self, elements: Elements) -> None:
        for number in range(2, len(elements)):
            keys = ("purpose", "street", "city", "region", "region_name", "country", "postcode", "contact")
            address = {key: component(elements, number, part) for part, key in enumerate(keys)}
            address = {key: value for key, value in address.items() if value}
            if "contact" in address:
                self._contact({"type": "phone", "value": address["contact"]})
            if address:
                _keep(self.data["addresses"], address)

    def _ift(self, elements: Elements) -> None:
        text = " ".join(component(elements, number) for number in range(2, len(elements))).strip()
        if text:
            self._remark(text)

    def _lts(self, elements: Elements) -> None:
        self._remark("+".join(":".join(element) for element in elements[1:]))

    def _remark(self, text: str) -> None:
        found = requests.contact(text)
        if found:
            self._contact(found)
        if len(self.data["remarks"]) < _MAX_HISTORY:
            self.data["remarks"].append(text)

    def _contact(self, found: dict[str, str]) -> None:
        _keep(self.data["contacts"], found)

    def _fop(self, elements: Elements) -> None:
        """Of a card only the last four digits are kept: more is nobody's business at a border."""
        for number in range(1, len(elements)):
            account = component(elements, number, 4)
            payment = {
                "form": component(elements, number).upper(),
                "amount": component(elements, number, 2),
                "card": component(elements, number, 3).upper(),
                "account": "*" * max(len(account) - 4, 0) + account[-4:],
                "expires": component(elements, number, 5),
            }
            if payment["form"]:
                _keep(self.data["payments"], {key: value for key, value in payment.items() if value})

    def _mon(self, elements: Elements) -> None:
        for number in range(1, len(elements)):
            if component(elements, number).upper() == "T" and self.person is not None:
                amount, currency = component(elements, number, 1), component(elements, number, 2)
                self.person["fare"] = {"amount": amount, "currency": currency}

    # legs

    def _tvl(self, elements: Elements) -> None:
        if self.group == SERVICE:
            return
        self.group, self.checked_in = LEG, None
        flights = self.data["flights"]
        if continues(elements) and flights:
            continued(flights[-1], elements)
        elif not continues(elements):
            found, findings = leg(elements, self.calendar, self.message.place(self.position, "TVL"))
            flights.append(found)
            self.findings += findings[: max(0, MAX_FINDINGS - len(self.findings))]

    def _rpi(self, elements: Elements) -> None:
        if self.group == LEG and self.data["flights"]:
            self.data["flights"][-1].setdefault("status", component(elements, 2))

    def _apd(self, elements: Elements) -> None:
        if self.group == LEG and self.data["flights"] and component(elements, 1):
            self.data["flights"][-1].setdefault("equipment", component(elements, 1))

    def _tri(self, elements: Elements) -> None:
        """A check-in: of the traveller of that reference, until a TIF names another."""
        reference = component(elements, 2, 3)
        self.checked_in = self._of_reference(reference) if self.group == LEG else None

    def _ssd(self, elements: Elements) -> None:
        seat = requests.seat_numbers(Ssr("", "", "", "", "", "", ((component(elements, 1), ""),)))
        if seat and self.checked_in is not None:
            self._seat(self.checked_in, seat[0][0], self._current_leg())

    def _tbd(self, elements: Elements) -> None:
        person = self.checked_in
        if person is None:
            return
        unit = {"700": "KGM", "701": "LBR", "K": "KGM", "L": "LBR"}.get(component(elements, 2, 2), "KGM")
        count, weight = component(elements, 2), component(elements, 2, 1)
        bags = {
            "count": int(count[:4]) if count.isascii() and count.isdigit() else None,
            "weight": {"value": weight.lstrip("0") or "0", "unit": unit} if _WEIGHT.fullmatch(weight) else None,
            "tags": _tags(elements, count),
        }
        if person["bags"] is None or self._on_border_leg():
            person["bags"] = bags

    def _ebd(self, elements: Elements) -> None:
        self.data["excess_bags"] = [":".join(element) for element in elements[1:] if any(element)]

    def _current_leg(self) -> dict[str, Any]:
        flights: list[dict[str, Any]] = self.data["flights"]
        return flights[-1] if flights else {}

    def _on_border_leg(self) -> bool:
        now = self._current_leg()
        return bool(now) and (now["origin"], now["destination"]) == (
            self.flight.get("origin"),
            self.flight.get("destination"),
        )

    def _seat(self, person: Traveller, seat: str, on: dict[str, Any]) -> None:
        entry = {"seat": seat, "origin": on.get("origin", ""), "destination": on.get("destination", "")}
        _keep(person.setdefault("seats", []), entry)
        here = (entry["origin"], entry["destination"]) == (self.flight.get("origin"), self.flight.get("destination"))
        if here or "SEA" not in person["references"]:
            person["references"]["SEA"] = seat

    # special service requests

    def _ssr(self, elements: Elements) -> None:
        self.requests += 1
        if self.requests > _MAX_REQUESTS:
            return
        request = requests.parse(elements)
        if request.code in ("DOCS", "DOCO", "DOCA"):
            {"DOCS": self._docs, "DOCO": self._doco, "DOCA": self._doca}[request.code](request)
        elif request.code == "INFT":
            self._inft(request)
        elif request.code.startswith("FQT"):
            self._fqtv(request)
        elif request.code in _SEAT_REQUESTS:
            self._seats(request)
        elif request.code.startswith("CTC"):
            found = requests.contact(f"{request.code} {request.text}")
            if found:
                self._contact(found)
        elif len(self.data["services"]) < _MAX_HISTORY:
            self.data["services"].append({"code": request.code, "status": request.status, "text": request.text})

    def _whose(self, request: Ssr) -> Traveller | None:
        for reference in request.travellers:
            found = self._of_reference(reference)
            if found is not None:
                return found
        if self.group == TRAVELLER:
            return self.person
        return self.travellers[0] if len(self.travellers) == 1 else None

    def _docs(self, request: Ssr) -> None:
        said = requests.docs(request.text, self.calendar)
        named = [p for p in self.travellers if same_person(p["surnames"], p["given"], said.surnames, said.given)]
        asked = self._whose(request)
        if said.infant:
            infants = [p for p in named if p["category"] == "infant"]
            if not infants and len(self.travellers) >= _MAX_TRAVELLERS:
                self._too_many()
                return
            person = infants[0] if infants else self._infant(said.surnames, said.given, asked)
        elif asked is not None and (asked in named or not named):
            person = asked
        elif named:
            person = named[0]
        else:
            return
        self._identify(person, said)

    def _identify(self, person: Traveller, said: requests.Docs) -> None:
        for key in ("birth_date", "sex", "nationality"):
            person[key] = person[key] or getattr(said, key)
        if not person["full_name"]:
            person |= {"given": said.given, "surnames": said.surnames}
            person["full_name"] = full_name(said.given, said.surnames)
        known = {(paper["type"], paper["number"]) for paper in person["documents"]}
        if said.document and (said.document["type"], said.document["number"]) not in known:
            person["documents"].append(said.document)
        self._date_problems(person, said.problems)

    def _date_problems(self, person: Traveller, problems: Sequence[tuple[Problem, str, str]]) -> None:
        for problem, what, value in problems:
            if len(self.findings) < MAX_FINDINGS:
                place = self.message.place(self.position, "SSR", 1, 9)
                number = self.first_number + self.travellers.index(person)
                self.findings.append(date_finding(place, problem, what, value, titled(number, person)))

    def _infant(self, surnames: str, given: str, with_: Traveller | None) -> Traveller:
        """An infant has its own entry, even where the airline wrote it only beside the adult."""
        for person in self.travellers:
            if person["category"] == "infant" and same_person(person["surnames"], person["given"], surnames, given):
                return person
        current, person = self.person, self._add_traveller(surnames, without_title(given)[0], "infant")
        if with_ is not None:
            person["travels_with"] = with_["full_name"]
        self.person = current
        return person

    def _inft(self, request: Ssr) -> None:
        surnames, given, born = requests.infant(request.text, self.calendar)
        if surnames and len(self.travellers) < _MAX_TRAVELLERS:
            person = self._infant(surnames, given, self._whose(request))
            person["birth_date"] = person["birth_date"] or born

    def _fqtv(self, request: Ssr) -> None:
        """A frequent flyer's number, with the programme's airline before it: ``KL1234567890``."""
        person = self._whose(request)
        match = _MEMBER.match(request.text.upper().removeprefix("/"))
        if person is None or match is None:
            return
        members = person.setdefault("frequent_flyer", [])
        _keep(members, {"carrier": match[1] or request.carrier, "number": match[2]})

    def _doco(self, request: Ssr) -> None:
        person = self._whose(request)
        if person is None:
            return
        place, paper, problems = requests.doco(request.text, self.calendar)
        if place:
            person["birth_place"] = {"country": "", "place": place}
        if paper:
            _keep(person["documents"], paper)
        self._date_problems(person, problems)

    def _doca(self, request: Ssr) -> None:
        person, address = self._whose(request), requests.doca(request.text)
        if person is not None and address:
            _keep(person.setdefault("addresses", []), address)

    def _seats(self, request: Ssr) -> None:
        on = {"origin": request.origin, "destination": request.destination}
        if not request.origin:
            on = self._current_leg()
        for number, (seat, reference) in enumerate(requests.seat_numbers(request)):
            person = self._of_reference(reference)
            seated = [p for p in self.travellers if p["category"] != "infant"]
            if person is None and not reference and number < len(seated):
                person = seated[number]
            if person is not None:
                self._seat(person, seat, on)

    # what came of it

    def _eqn(self, elements: Elements) -> None:
        self.group = SPLIT
        self.data["split_count"] = component(elements, 1)

    def _msg(self, elements: Elements) -> None:
        self.group = SERVICE

    def _abi(self, elements: Elements) -> None:
        self.group = HISTORY
        by = " ".join(part for element in elements[1:] for part in element if part.strip())
        if len(self.data["history"]) < _MAX_HISTORY:
            self.data["history"].append({"by": by, "at": None, "changes": []})

    def _past(self, tag: str, elements: Elements) -> None:
        entry = self.data["history"][-1]
        if tag == "DAT":
            entry["at"] = self._moment(*_day_and_time(elements, 1), "DAT")
        elif tag == "SAC":
            entry["changes"].append({"action": component(elements, 3) or component(elements, 1), "what": []})
        elif entry["changes"] and len(entry["changes"][-1]["what"]) < _MAX_HISTORY:
            entry["changes"][-1]["what"].append("+".join(":".join(element) for element in elements))


def _day_and_time(elements: Elements, number: int) -> tuple[str, str]:
    """Of a DAT; some write the two in one component."""
    day, time = component(elements, number, 1), component(elements, number, 2)
    return (day, time) if time or len(day) <= len("DDMMYY") else (day[:6], day[6:])


def _keep(kept: list[Any], item: Any) -> None:
    """Each once, and not without end."""
    if len(kept) < _MAX_KEPT and item not in kept:
        kept.append(item)


def _number(reference: str) -> str:
    return reference.strip().lstrip("0")


def _tags(elements: Elements, bags: str) -> list[dict[str, Any]]:
    """Bag tags. Where those in a row do not add up to the ``bags``, the sender numbers its tags there."""
    tags = [tag for number in range(4, len(elements)) if (tag := _tag(elements, number))]
    if str(sum(tag["count"] for tag in tags)) != bags.lstrip("0"):
        tags = [tag | {"count": 1} for tag in tags]
    return tags


def _tag(elements: Elements, number: int) -> dict[str, Any] | None:
    """A bag tag, or some in a row: airline, the first number, how many, and the airport they go to.

    Who shares a pool of bags has MP and the head's reference instead, and the head HP: they are no tags.
    """
    airline, tag = component(elements, number).upper(), component(elements, number, 1)
    if not tag or (airline in (*_POOL, "") and not (tag.isdigit() and len(tag) >= _SHORTEST_TAG)):
        return None
    in_row = component(elements, number, 2)
    count = int(in_row) if in_row.isascii() and in_row.isdigit() and len(in_row) <= 2 else 1
    places = (component(elements, number, part) for part in (3, 4))
    place = next((part.upper() for part in places if part.isalpha()), "")
    return {"number": tag, "count": count or 1, "airline": airline, "destination": place}
