"""What goes back to the carrier: CUSRES with an answer a traveller, CONTRL where something is no message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from otay.formats.contrl.codes import ACTIONS, RECEIVED
from otay.formats.contrl.writing import report
from otay.formats.contrl.writing import write_record as write_contrl
from otay.formats.cusres.answers import Answer, meaning
from otay.formats.cusres.writing import answered, verdict
from otay.formats.cusres.writing import refused as refusal
from otay.formats.cusres.writing import write_record as write_cusres
from otay.node import clock
from otay.people.passengers.models import Traveller
from otay.people.passengers.reading import Reading

if TYPE_CHECKING:
    from otay.people.passengers.services.work import Work


def prepared() -> str:
    """When the reply is made."""
    return clock.now().strftime("%Y-%m-%dT%H:%M")


def answers(work: Work) -> list[Answer]:
    """One a traveller of the list; who could not be taken is insufficient data."""
    people: Sequence[dict[str, Any]] = work.unit.record["travellers"]
    return [
        Answer(one.answer, one.answer_text) if one is not None and one.answer else verdict(person)
        for person, one in zip(people, work.people, strict=True)
    ]


def cusres(work: Work) -> str:
    """The answer to a list: a traveller at a time, or as a whole where the list asks for no more."""
    record = work.unit.record
    if work.flight is None:
        text = next((finding.message for finding in work.findings if finding.rule.startswith("passengers.")), "")
        return write_cusres(refusal(_filled(record), text.upper()[:70], prepared=prepared())).decode()
    if work.answers and len(work.people) == len(record["travellers"]):
        return write_cusres(answered(_filled(record), answers(work), prepared=prepared())).decode()
    whole = {**_filled(record), "travellers": []}
    return write_cusres(answered(whole, [], prepared=prepared())).decode()


def _filled(record: dict[str, Any]) -> dict[str, Any]:
    """A record of our own JSON may leave out what an envelope always has."""
    names = ("sender", "recipient", "interchange", "reference")
    bare: dict[str, Any] = {**dict.fromkeys(names, ""), "references": {}}
    return {**record, "message": bare | record["message"]}


def listed(work: Work) -> list[dict[str, Any]]:
    """The same for programs that read JSON: who, which answer, why."""
    if not work.answers or work.flight is None:
        return []
    found = []
    for number, (answer, one) in enumerate(zip(answers(work), work.people, strict=True), 1):
        references = work.unit.record["travellers"][number - 1]["references"]
        found.append(
            {
                "traveller": one.uid if one is not None else "", "number": number,
                "references": {code: references[code] for code in ("AVF", "ABO") if references.get(code)},
                "code": answer.code, "meaning": meaning(answer.code), "text": answer.text,
            }
        )  # fmt: skip
    return found


def contrl(reading: Reading, *, received: bool = False) -> str:
    """The syntax report on a message; ``received``: it is one part of a transfer whose others are awaited."""
    if reading.file is None:
        return ""
    types = ("PAXLST", "PNRGOV")
    made = report(reading.file, prepared=prepared(), types=types)
    if received:
        for entry in (made["interchange"], *made["messages"]):
            entry["action"] = ACTIONS[RECEIVED]
    return write_contrl(made).decode()


def known_answers(travellers: Sequence[Traveller]) -> list[Answer]:
    """What stands for travellers answered before."""
    return [Answer(one.answer, one.answer_text) for one in travellers]
