"""Travellers of the same shape, read at once.

A list comes from one program, so nearly all its travellers are the same segments with other values. The first traveller
of a shape is read segment by segment; a :class:`Shape` is learnt from it, and matches whole travellers after that.
What a value means is asked of the same :class:`Interpreter`; a value with any trouble is left to the slow way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from otay.formats.edifact.dates import DAYS
from otay.formats.edifact.interchange import Message
from otay.formats.edifact.separators import Separators
from otay.formats.manifest import Traveller, document, traveller
from otay.formats.paxlst.meanings import DOCUMENT_DATES, PLAIN_ROLES, Interpreter, Kind, Meaning

_MAX_SHAPES = 6
_MAX_SEGMENTS = 80
_MAX_MEMORY = 20_000
# of one shape, kept from one list to the next
_MAX_MODELS = 500
_KINDS = {"person": Kind.PERSON, "bags": Kind.BAGS}
# tries without success before a list is taken to have no shape
_PATIENCE = 40
# travellers still to come for which a shape is worth the making
_WORTH = 16


class Memory:
    """What values mean in one message: each is interpreted once."""

    def __init__(self, message: Message, interpret: Interpreter) -> None:
        self.message, self.interpret = message, interpret
        self.between = message.separators.component
        self.birth_years, self.event_years = interpret.calendar.birth_years, interpret.calendar.event_years
        self.dates: dict[str, str | None] = {}
        self._runs: dict[str, dict[str, Any] | None] = {}
        self._meanings: dict[str, Meaning] = {}

    def date(self, segment: str) -> str | None:
        """The day that a DTM says; None where it is in doubt."""
        if segment not in self.dates:
            meaning = self.interpret(self.message.elements(segment))
            if len(self.dates) >= _MAX_MEMORY:
                self.dates.clear()
            self.dates[segment] = meaning.value if meaning.trouble is None else None
        return self.dates[segment]

    def run(self, text: str, kind: Kind) -> dict[str, Any] | None:
        """What consecutive segments say together; None if any of them is in doubt or is of another kind."""
        if text in self._runs:
            return self._runs[text]
        said: dict[str, Any] = {}
        for segment in text.split(self.message.separators.terminator):
            meaning = self._meanings.get(segment) or self._meaning(segment)
            if meaning.trouble is not None or meaning.kind not in (kind, Kind.IGNORED) or meaning.key == "tags":
                break
            if meaning.kind is kind:
                said[meaning.key] = meaning.value
        else:
            return self._keep(text, said)
        return self._keep(text, None)

    def _keep(self, text: str, said: dict[str, Any] | None) -> dict[str, Any] | None:
        if len(self._runs) >= _MAX_MEMORY:
            self._runs.clear()
        self._runs[text] = said
        return said

    def _meaning(self, segment: str) -> Meaning:
        if len(self._meanings) >= _MAX_MEMORY:
            self._meanings.clear()
        self._meanings[segment] = meaning = self.interpret(self.message.elements(segment))
        return meaning


# a person, bags and documents of which the values that hardly repeat are missing
_Model = tuple[Traveller, dict[str, Any] | None, list[dict[str, Any]]]


def _nothing(_: Sequence[str]) -> tuple[str, ...]:
    return ()


class Shape:
    """The segments of a traveller as one pattern, and where in it the values are."""

    def __init__(self, learner: _Learner, *, complete: bool) -> None:
        self.complete = complete
        self.pattern = "".join(learner.pattern)
        self.match = re.compile(self.pattern).fullmatch
        self.length, self.role = learner.length, learner.role
        self.birth, self.birth_head = learner.birth, learner.birth_head
        self.runs, self.tags = learner.runs, learner.tags
        self.documents, self.types = learner.documents, learner.types
        self.references, self.keys = learner.references, learner.keys
        places = [at for at, _ in self.runs]
        self.repeated = itemgetter(*places, *places[:1]) if places else _nothing
        # what the values that repeat say together: travellers to copy
        self.models: dict[tuple[str, ...], _Model] = {}

    def traveller(self, values: Sequence[str], segment: int, memory: Memory) -> Traveller | None:
        """The traveller that ``values`` describe; None where any of them takes a closer look."""
        texts = self.repeated(values)
        model = self.models.get(texts) or self._model(texts, memory)
        if model is None:
            return None
        person, bags, documents = model
        person = person.copy()
        surnames, given = values[0], values[1]
        if memory.between in given:
            given = given.replace(memory.between, " ")
        person["given"], person["surnames"], person["segment"] = given, surnames, segment
        person["full_name"] = f"{given} {surnames}"
        if self.birth:
            text = values[self.birth]
            year, day = memory.birth_years.get(text[:2]), DAYS.get(text[2:])
            birth = year + day if year and day else memory.date(self.birth_head + text)
            if birth is None:
                return None
            person["birth_date"] = birth
        if bags is not None:
            person["bags"] = bags = bags.copy()
            bags["tags"] = tags = []
            for at in self.tags:
                tags.append({"number": values[at], "count": 1})  # noqa: PERF401 a comprehension is a call
        person["documents"] = papers = []
        for (at, dates), paper in zip(self.documents, documents, strict=False):
            paper = paper.copy()  # noqa: PLW2901
            paper["number"] = values[at]
            for name, at_date, head in dates:
                text = values[at_date]
                year, day = memory.event_years.get(text[:2]), DAYS.get(text[2:])
                said = year + day if year and day else memory.date(head + text)
                if said is None:
                    return None
                paper[name] = said
            papers.append(paper)
        person["references"] = dict(zip(self.keys, values[self.references :], strict=False))
        return person

    def _model(self, texts: tuple[str, ...], memory: Memory) -> _Model | None:
        person = traveller(self.role, "", "") | {"segment": 0}
        bags: dict[str, Any] = {}
        documents = [document(type, "") for type in self.types]
        for (_, target), text in zip(self.runs, texts, strict=False):
            said = memory.run(text, _KINDS.get(target, Kind.DOCUMENT_FIELD))
            if said is None:
                return None
            (person if target == "person" else bags if target == "bags" else documents[int(target)]).update(said)
        if len(self.models) >= _MAX_MEMORY:
            self.models.clear()
        empty: dict[str, Any] = {"count": None, "weight": None, "tags": []}
        self.models[texts] = model = (person, empty | bags if bags or self.tags else None, documents)
        return model


# of the lists read before, by their separators; carriers' programs are few, and their lists come every day
_remembered: dict[Separators, tuple[Shape, ...]] = {}


class Shapes:
    """The shapes that one list may have, the one met last first."""

    def __init__(self, message: Message, interpret: Interpreter) -> None:
        self.memory = Memory(message, interpret)
        # released characters are stand-ins until a segment is split
        self.wanted = message.releases is None
        self.known = list(_remembered.get(message.separators, ())) if self.wanted else []
        self.learnt = 0
        self.misses = 0

    def take(self, position: int, found: list[Traveller]) -> int:
        """Adds travellers to ``found`` as long as they have a known shape; says where the next one begins."""
        segments, memory = self.memory.message.segments, self.memory
        ends = memory.message.separators.terminator
        known, before = self.known, position
        while known:
            for shape in known:
                after = position + shape.length
                match = shape.match(ends.join(segments[position:after]))
                if match and shape.complete and after < len(segments) and segments[after][:3] not in ("NAD", "CNT"):
                    continue  # it has more than this shape, and may have one of its own
                person = shape.traveller(match.groups(), position + 2, memory) if match else None
                if person is not None:
                    found.append(person)
                    position = after
                    if shape is not known[0]:
                        known.remove(shape)
                        known.insert(0, shape)
                    break
            else:
                break
        self.misses = 0 if position > before else self.misses + 1
        if self.misses > _PATIENCE:
            self.known, self.wanted = [], False
        return position

    def learn(self, start: int, end: int) -> None:
        """Remembers the shape of the traveller between two places, which was read segment by segment."""
        message = self.memory.message
        worth = (len(message.segments) - end) // _WORTH >= end - start
        if self.learnt >= _MAX_SHAPES or end - start > _MAX_SEGMENTS or not worth:
            return
        learner = _Learner(message, self.memory.interpret)
        pattern = learner.learn(message.segments[start:end])
        if pattern and all(shape.pattern != pattern for shape in self.known):
            self.learnt += 1
            self.known.insert(0, Shape(learner, complete=learner.length == end - start))
            del self.known[_MAX_SHAPES:]

    def remember(self) -> None:
        """For the next list."""
        if not self.known:
            return
        if len(_remembered) >= _MAX_SHAPES:
            _remembered.clear()
        for shape in self.known:
            if len(shape.models) > _MAX_MODELS:
                shape.models.clear()
        _remembered[self.memory.message.separators] = tuple(self.known)


class _Learner:
    """Makes the pattern of one traveller, as far as it is plain; what follows is read after it, segment by segment."""

    def __init__(self, message: Message, interpret: Interpreter) -> None:
        self.message, self.interpret = message, interpret
        self.mark, self.between = message.separators.element, message.separators.component
        ends = message.separators.terminator
        self.ends = re.escape(ends)
        self.value = rf"[^\s<{re.escape(self.mark + self.between + ends)}]+"
        self.pattern: list[str] = []
        self.length = self.groups = self.birth = self.references = 0
        self.role = self.birth_head = ""
        self.runs: list[tuple[int, str]] = []
        self.tags: list[int] = []
        self.keys: list[str] = []
        self.types: list[str] = []
        self.documents: list[tuple[int, list[tuple[str, int, str]]]] = []
        self._open = ""  # the kind of run that the next segment may go on with

    def learn(self, segments: Sequence[str]) -> str:
        """The pattern; empty where not even the name is plain."""
        for number, segment in enumerate(segments):
            if not (self._segment(segment) if number else self._name(segment)):
                break
            self.length += 1
        return "".join(self.pattern) if self.length > 1 else ""

    def _name(self, segment: str) -> bool:
        head, _, _ = segment.rpartition(self.mark)
        for qualifier, role in PLAIN_ROLES.items():
            if head == f"NAD{self.mark}{qualifier}{self.mark * 2}":
                word = f"{self.value}(?: {self.value})*"
                self.pattern.append(f"{re.escape(head + self.mark)}({word})")
                self.pattern.append(f"{re.escape(self.between)}({word}(?:{re.escape(self.between)}{word}){{0,3}})")
                self.groups, self.role = 2, role
                return True
        return False

    def _add(self, pattern: str) -> int:
        """One more segment with one value in parentheses; which value it is."""
        self.pattern.append(f"{self.ends}{pattern}")
        self.groups += 1
        return self.groups - 1

    def _segment(self, segment: str) -> bool:
        meaning = self.interpret(self.message.elements(segment))
        if meaning.trouble is not None or not (segment[:3].isascii() and segment[:3].isupper()):
            return False
        kind, open_before = meaning.kind, self._open
        self._open = ""
        if kind is Kind.REFERENCE:
            return self._reference(segment, meaning.key)
        if kind is Kind.DOCUMENT:
            return self._document(segment, meaning.key)
        if kind is Kind.BAGS and meaning.key == "tags":
            return self._tag(segment)
        if segment[:3] == "DTM":  # what a date means depends on the list's own
            return self.mark not in segment[4:] and self._date(segment, meaning.kind, meaning.key)
        if kind in (Kind.PERSON, Kind.IGNORED):
            target = "person"
        elif kind is Kind.BAGS:
            target = "bags"
        elif kind is Kind.DOCUMENT_FIELD and self.documents:
            target = str(len(self.documents) - 1)
        else:
            return False
        return self._run(segment, target, open_before)

    def _reference(self, segment: str, key: str) -> bool:
        head, _, value = segment.partition(self.between)
        follows = not self.keys or self.references + len(self.keys) == self.groups
        if key in self.keys or not key or not follows or not (value.isascii() and value.isalnum()):
            return False
        if self.mark in head[4:]:
            return False
        at = self._add(f"{re.escape(head + self.between)}([A-Za-z0-9]+)")
        if not self.keys:
            self.references = at
        self.keys.append(key)
        return True

    def _document(self, segment: str, type: str) -> bool:
        head, _, _ = segment.rpartition(self.mark)
        if len(self.message.elements(segment)) != 3:
            return False
        at = self._add(f"{re.escape(head + self.mark)}({self.value})")
        self.documents.append((at, []))
        self.types.append(type)
        return True

    def _tag(self, segment: str) -> bool:
        head = f"FTX{self.mark}BAG{self.mark * 3}"
        number, _, count = segment[len(head) :].partition(self.between)
        if not segment.startswith(head) or count not in ("", "1") or not number:
            return False
        self.tags.append(self._add(f"{re.escape(head)}({self.value})(?:{re.escape(self.between)}1?)?"))
        return True

    def _date(self, segment: str, kind: Kind, name: str) -> bool:
        head, _, _ = segment.partition(self.between)
        head += self.between
        whole = f"{re.escape(head)}([^{re.escape(self.mark)}{self.ends}]*)"
        if kind is Kind.PERSON and not self.birth and name == "birth_date":
            self.birth, self.birth_head = self._add(whole), head
            return True
        if kind is Kind.DOCUMENT_FIELD and self.documents and name in DOCUMENT_DATES.values():
            self.documents[-1][1].append((name, self._add(whole), head))
            return True
        return False

    def _run(self, segment: str, target: str, open_before: str) -> bool:
        """A segment of a kind that lists repeat word for word; consecutive ones are looked up together."""
        second = segment.find(self.mark, segment.find(self.mark) + 1)
        if second < 0:
            return False
        pattern = f"{re.escape(segment[: second + 1])}[^{self.ends}]*"
        self._open = target
        if open_before == target:
            self.pattern[-1] = f"{self.pattern[-1][:-1]}{self.ends}{pattern})"
        else:
            self.runs.append((self._add(f"({pattern})"), target))
        return True
