"""FollowTheMoney entities (https://followthemoney.tech/explorer/): the shape in which public lists are exchanged.

An entity is ``{"id", "schema", "properties": {name: [texts]}}``, one a line or in an array. People and organisations
become entries; passports and other papers are put with their holder, or stand for themselves where the holder is not
in the file; sanctions are noted with whom they are about. What has no place of its own in an entry is kept with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from otay.core.findings import error, info
from otay.core.i18n import N_
from otay.screening.watchlists.reading.entries import Raw, Read, Report, keep, name_parts
from otay.screening.watchlists.reading.text import Item

PEOPLE = frozenset(["Person"])
ORGANISATIONS = frozenset(["LegalEntity", "Organization", "Company", "PublicBody"])
PAPERS = frozenset(["Passport", "Identification"])
_NAMES = ("name", "alias", "weakAlias", "previousName")
_NUMBERS = {
    "passportNumber": "passport", "idNumber": "id", "taxNumber": "tax", "socialSecurityNumber": "social security",
    "registrationNumber": "registration", "innCode": "INN", "ogrnCode": "OGRN", "leiCode": "LEI", "dunsCode": "DUNS",
    "npiCode": "NPI", "uniqueEntityId": "UEI", "imoNumber": "IMO", "swiftBic": "BIC",
}  # fmt: skip
_TOPICS = (("wanted", "wanted"), ("crime.traffick", "smuggling"), ("sanction", "sanction"))
_USED = frozenset(
    [*_NAMES, *_NUMBERS, "firstName", "lastName", "secondName", "middleName", "birthDate", "incorporationDate",
     "gender", "nationality", "citizenship", "summary", "notes"]
)  # fmt: skip
_ENTITY = frozenset(["id", "schema", "properties"])


@dataclass(slots=True)
class _Entity:
    place: str
    id: str
    schema: str
    properties: dict[str, list[str]]
    more: Mapping[str, Any]
    papers: list[dict[str, str]] = field(default_factory=list)
    measures: list[str] = field(default_factory=list)

    def texts(self, *names: str) -> list[str]:
        return [value for name in names for value in self.properties.get(name, ())]

    def one(self, name: str) -> str:
        return next(iter(self.texts(name)), "")


def is_ftm(items: Sequence[Item]) -> bool:
    """True if the first value looks like an entity."""
    return bool(items) and isinstance(items[0].value, dict) and {"schema", "properties"} <= set(items[0].value)


def read_ftm(items: Sequence[Item], category: str, report: Report | None = None) -> Read:
    """The entries of entities."""
    read = Read("ftm")
    entities = [entity for item in items if (entity := _entity(read, item))]
    people = {entity.id: entity for entity in entities if entity.schema in PEOPLE | ORGANISATIONS}
    alone: list[_Entity] = []
    others: dict[str, int] = {}
    for entity in entities:
        if entity.schema in PAPERS:
            holders = [people[key] for key in entity.texts("holder") if key in people]
            for holder in holders:
                holder.papers += _papers(entity)
            alone += [] if holders else [entity]
        elif entity.schema == "Sanction":
            said = "; ".join(entity.texts("program", "reason", "authority", "status"))
            for key in entity.texts("entity"):
                if key in people:
                    people[key].measures.append(said)
        elif entity.id not in people:
            others[entity.schema] = others.get(entity.schema, 0) + 1
    for schema, count in sorted(others.items()):
        message = N_("%(count)d entities of the schema %(schema)s are not screened and were left out.")
        read.found(info("", "watchlist.schema", message, schema, count=count, schema=schema))
    total = len(people) + len(alone)
    return keep(read, (*map(_party, people.values()), *map(_paper, alone)), category, total=total, report=report)


def _entity(read: Read, item: Item) -> _Entity | None:
    raw = item.value
    if not isinstance(raw, dict) or not isinstance(raw.get("properties"), dict):
        read.found(error(item.place, "watchlist.shape", N_("Expected an entity with its properties."), raw))
        return None
    if not isinstance(raw.get("id"), str) or not isinstance(raw.get("schema"), str) or not raw["id"]:
        read.found(error(item.place, "watchlist.shape", N_("An entity has an id and a schema."), raw.get("id", "")))
        return None
    properties: dict[str, list[str]] = {}
    for name, values in raw["properties"].items():
        listed = values if isinstance(values, list) else [values]
        if not all(isinstance(value, str | int) for value in listed):
            message = N_("The values of a property are texts.")
            read.found(error(f"{item.place}, {name}", "watchlist.property", message, listed))
            return None
        properties[name] = [text for value in listed if (text := str(value).strip())]
    return _Entity(item.place, raw["id"], raw["schema"], properties, {k: v for k, v in raw.items() if k not in _ENTITY})


def _papers(entity: _Entity) -> list[dict[str, str]]:
    kind = entity.one("type") or ("passport" if entity.schema == "Passport" else "")
    return [
        {"number": number, "type": kind, "issuer": entity.one("country")}
        for number in entity.texts("number", "passportNumber")
    ]


def _paper(entity: _Entity) -> Raw:
    return Raw(
        place=entity.place, key=entity.id, kind="document", documents=_papers(entity),
        valid_until=entity.one("endDate"), remarks="; ".join(entity.texts("summary", "notes")),
        extras={**entity.more, **entity.properties},
    )  # fmt: skip


def _party(entity: _Entity) -> Raw:
    person = entity.schema in PEOPLE
    names = [name_parts(full_name=text) for text in entity.texts(*_NAMES)]
    given, last = entity.texts("firstName", "secondName", "middleName"), entity.texts("lastName")
    if person and len(last) == 1 and len(entity.texts("firstName")) == 1:
        # kept apart they say more than the whole; the entry goes by its caption all the same
        names.insert(1 if names else 0, name_parts(" ".join(given), last[0]))
    topics = " ".join(entity.texts("topics"))
    numbers = [{"number": text, "type": _NUMBERS[name]} for name in _NUMBERS for text in entity.texts(name)]
    return Raw(
        place=entity.place, key=entity.id, kind="person" if person else "organisation",
        category=next((ours for theirs, ours in _TOPICS if theirs in topics), ""), names=names,
        births=entity.texts("birthDate") if person else (), sexes=entity.texts("gender") if person else (),
        nationalities=entity.texts("nationality", "citizenship"), documents=[*numbers, *entity.papers],
        remarks="\n".join(entity.texts("summary", "notes") + entity.measures)[:4000],
        extras={**entity.more, **_extras(entity.properties)},
    )  # fmt: skip


def _extras(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in properties.items() if name not in _USED}
