"""The travellers of one sender and flight while one message is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from otay.core.findings import info, warning
from otay.core.i18n import N_
from otay.formats.manifest import titled
from otay.node.actors import Actor
from otay.node.bulk import insert_many, update_many
from otay.node.prepared import prepared
from otay.people.passengers import hits, reading, sharing
from otay.people.passengers.domain import identity, roll
from otay.people.passengers.domain.roll import Effect, Outcome
from otay.people.passengers.models import Flight, Roll, Traveller
from otay.people.passengers.services import notices, travellers
from otay.people.passengers.services.work import Work

_CHANGES = (Outcome.ADDED, Outcome.CHANGED, Outcome.CANCELLED)


class Desk:
    """The travellers of one sender and flight while one message is worked on."""

    def __init__(self, work: Work, flight: Flight, sender: str, row: Roll) -> None:
        self.work, self.flight, self.sender, self.roll = work, flight, sender, row
        self.touched: dict[int, Traveller] = {}  # by id(): new ones have no key yet
        self.rescreened: list[Traveller] = []
        self.known: list[Traveller] = []
        self.register = identity.Register()

    def load(self, people: Sequence[dict[str, Any]], *, everybody: bool = False) -> None:
        """Those known travellers whom ``people`` may name."""
        flight, sender = self.flight.pk, self.sender
        rows = (
            _all(flight=flight, sender=sender) if everybody else _named(flight=flight, sender=sender, **_keys(people))
        )
        for one in rows:
            one.flight = self.flight
            self._know(one)

    def _know(self, one: Traveller, *, taken: bool = False) -> None:
        self.known.append(one)
        said = travellers.said_of(one)
        references = {**(said.get("references") or {}), **({"AVF": one.locator} if one.locator else {})}
        found = {"surnames": one.surnames, "given": one.given, "birth_date": one.birth_date, "references": references}
        self.register.add(found, (one.reference_key, one.document_key, one.name_key), taken=taken)

    def _find(self, person: dict[str, Any]) -> Traveller | None:
        place = self.register.find(person)
        return None if place is None else self.known[place]

    def take_list(self, *, role: str = "") -> None:
        """A list or a change: everybody on it is listed with what it says."""
        people = self.work.unit.record["travellers"]
        self.load(people)
        for number, person in enumerate(people, 1):
            if not person["full_name"] and not person["references"]:
                self.work.people.append(None)
                continue
            found = self._find(person)
            self.work.people.append(self._list(number, dict(person, **({"role": role} if role else {})), found))

    def _list(self, number: int, person: dict[str, Any], found: Traveller | None) -> Traveller:
        one = found or travellers.blank(self.flight, self.sender)
        if found is None:
            self._know(one, taken=True)
            if self.work.effect is Effect.CHANGE:
                text = N_("Traveller %(traveller)s was not on the list before this change; the traveller is added")
                self._find_fault(info, number, person, "passengers.change_adds", text)
        outcome = roll.take_listing(one, self.work.stamp)
        facts = {name: value for name, value in person.items() if name != "segment"}
        if outcome is Outcome.STALE:
            text = N_("Traveller %(traveller)s: a newer message came before this one; what it said stands")
            self._find_fault(warning, number, person, "passengers.stale", text)
        elif one.facts == facts:
            outcome = Outcome.SAME
        else:
            one.facts = facts
            one.findings = [finding.as_record() for finding in reading.about_traveller(self.work.unit, number)]
            travellers.describe(one)
            self.rescreened.append(one)
        self._touch(one, outcome)
        return one

    def _find_fault(self, make: Any, number: int, person: dict[str, Any], rule: str, text: str) -> None:
        place = f"segment {person['segment']}" if person.get("segment") else f"/travellers/{number - 1}"
        value = " ".join(person["references"].get(code, "") for code in ("AVF", "ABO")).strip()
        self.work.findings.append(make(place, rule, text, value, traveller=titled(number, person)))

    def _touch(self, one: Traveller, outcome: Outcome) -> None:
        one.message = self.work.message
        self.touched[id(one)] = one
        self.work.outcomes[id(one)] = outcome

    def take_cancellations(self) -> None:
        """Everybody named is taken off; who is not known yet is remembered as cancelled."""
        people = self.work.unit.record["travellers"]
        self.load(people)
        for number, person in enumerate(people, 1):
            for one in self._named(person):
                outcome = roll.take_cancellation(one, self.work.stamp)
                if outcome is Outcome.STALE:
                    text = N_("Traveller %(traveller)s: a newer message came before this one; what it said stands")
                    self._find_fault(warning, number, person, "passengers.stale", text)
                self._touch(one, outcome)
                self.work.people.append(one)

    def _named(self, person: dict[str, Any]) -> list[Traveller]:
        """Whom a cancellation means: one traveller, or all under a locator where it gives no more."""
        if not person["full_name"] and not identity.reference_key(person["references"]):
            group = [self.known[place] for place in self.register.all_of(identity.locator_key(person["references"]))]
            if group:
                return group
        found = self._find(person)
        if found is None:
            found = travellers.blank(self.flight, self.sender)
            found.facts = {name: value for name, value in person.items() if name != "segment"}
            travellers.describe(found)
            self._know(found, taken=True)
            text = N_("Traveller %(traveller)s is not on the list; the cancellation is kept for when it comes")
            self._find_fault(info, self.work.unit.record["travellers"].index(person) + 1, person,
                             "passengers.cancel_unknown", text)  # fmt: skip
        return [found]

    def take_closing(self) -> None:
        """Who is on board. Whoever is named and on no list is noted; with a name, as a traveller."""
        people = self.work.unit.record["travellers"]
        about = self.work.unit.record["message"]
        self.load(people, everybody=True)
        named = sorted({key for person in people if (key := identity.closing_key(person))})
        closing = roll.Closing(self.work.stamp, about.get("subcode") or "", frozenset(named))
        kept = roll.later(travellers.closing_of(self.roll), closing)
        if kept is not closing:
            text = N_("A newer close-out of this flight came before this one; what it said stands")
            self.work.findings.append(warning("", "passengers.stale", text))
            return
        self.roll.closed_stamp, self.roll.closed_subcode, self.roll.named = closing.at, closing.subcode, named
        self.roll.unlisted = self._unlisted(people) if closing.subcode != "CLNB" else []
        self.roll.save()
        for one in self.known:
            self.touched[id(one)] = one

    def _unlisted(self, people: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        unlisted = []
        for number, person in enumerate(people, 1):
            locator = identity.locator_key(person["references"])
            group = not person["full_name"] and not identity.reference_key(person["references"])
            if (group and self.register.all_of(locator)) or self._find(person) is not None:
                continue
            text = N_("Traveller %(traveller)s is on board, but on no list")
            self._find_fault(warning, number, person, "passengers.unlisted", text)
            if not person["full_name"]:
                unlisted.append(dict(person["references"]))
                continue
            one = travellers.blank(self.flight, self.sender)
            one.facts = {name: value for name, value in person.items() if name != "segment"}
            travellers.describe(one)
            self._know(one, taken=True)
            self.rescreened.append(one)
            self._touch(one, Outcome.ADDED)
        return unlisted

    def settle(self, actor: Actor, *, shared: bool) -> int:
        """States, screening, answers, versions, notices; returns how many travellers changed. ``shared``: the neighbour
        is to hear of them."""
        everybody = list(self.touched.values())
        moved = {id(one) for one in everybody if travellers.place(one, self.roll)}
        if self.work.is_booking:
            self.rescreened = [one for one in everybody if self.work.outcomes.get(id(one)) is not Outcome.SAME]
        found = dict(zip(map(id, self.rescreened), hits.screen(self.rescreened, actor=None), strict=True))
        renewed = [one for one in self.rescreened if travellers.answer(one, hits.matches(found[id(one)]))]
        changed = [one for one in everybody if id(one) in moved or self.work.outcomes.get(id(one)) in _CHANGES]
        told = [one for one in renewed if not self.work.answers and one.told and one.told != one.answer]
        for one in everybody if self.work.answers else []:
            one.told = one.answer
        for one in changed:
            one.version += 1
        _write(everybody)
        kinds = {key: str(outcome) for key, outcome in self.work.outcomes.items()}
        insert_many(
            [travellers.version_of(one, kinds.get(id(one), str(one.state)), self.work.stamp) for one in changed]
        )
        hits.keep({one.pk: found[id(one)] for one in self.rescreened if found[id(one)] or one.version > 1})
        notices.tell(actor=actor, changed=told)
        if shared:
            sharing.publish_travellers(actor=actor, flight=self.flight, travellers=changed)
        return len(changed)


@prepared
def _all(*, flight: int, sender: str) -> QuerySet[Traveller]:
    return Traveller.objects.filter(flight_id=flight, sender=sender).order_by("pk")


@prepared
def _named(*, flight: int, sender: str, **keys: Sequence[str]) -> QuerySet[Traveller]:
    where = Q(pk__in=())
    for column, values in keys.items():
        if values:
            where |= Q(**{f"{column}__in": values})
    return Traveller.objects.filter(where, flight_id=flight, sender=sender).order_by("pk")


def _keys(people: Sequence[dict[str, Any]]) -> dict[str, list[str]]:
    """What ``people`` may be known by, by column."""
    found: dict[str, set[str]] = {"reference_key": set(), "document_key": set(), "name_key": set(), "locator": set()}
    for person in people:
        locator = str(person["references"].get("AVF") or "").upper()
        for values, key in zip(found.values(), (*identity.keys_of(person), locator), strict=True):
            values.add(key)
    return {column: sorted(values - {""}) for column, values in found.items()}


def _write(everybody: Sequence[Traveller]) -> None:
    fresh = [one for one in everybody if one.pk is None]
    known = [one for one in everybody if one.pk is not None]
    update_many(sorted(known, key=lambda one: one.pk), travellers.WRITTEN)  # locked in the order of their keys
    insert_many(fresh)
