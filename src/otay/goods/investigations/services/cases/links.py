"""What a case is about: declarations, movements, traders, persons, findings, seizures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction

from otay.core.errors import NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations.domain.cases import EntryKind, LinkType
from otay.goods.investigations.models import CaseLink
from otay.goods.investigations.services.cases.timeline import Draft, locked, text_of, write, written
from otay.node import audit, clock
from otay.node.actors import Actor


@dataclass(frozen=True, slots=True)
class Link:
    """Something to link to a case."""

    type: str
    identifier: str
    note: str = ""


@transaction.atomic
def link(*, actor: Actor, reference: str, links: Sequence[Link], shared: bool = False) -> list[CaseLink]:
    """Link subjects to a case; one that is linked already is left as it is.

    Raises:
        Refused: for an unknown type or an identifier that does not exist where this node can tell.
    """
    row = locked(actor, reference)
    _check_links(actor, links)
    held = set(row.links.filter(removed_at=None).values_list("type", "identifier"))
    fresh = [one for one in links if (one.type, one.identifier.strip()) not in held]
    now = clock.now()
    made = CaseLink.objects.bulk_create(
        CaseLink(
            case=row, type=one.type, identifier=one.identifier.strip(), note=one.note.strip()[:300],
            added_by=actor.key, added_at=now,
        )
        for one in fresh
    )  # fmt: skip
    if made:
        write(
            actor,
            row,
            [
                Draft(EntryKind.LINK, {"type": one.type, "identifier": one.identifier, "note": one.note}, shared=shared)
                for one in made
            ],
        )
        audit.record(
            actor=actor, action="investigations.case_linked", subject=f"case:{reference}",
            links=[f"{one.type}:{one.identifier}" for one in made], shared=shared,
        )  # fmt: skip
    return made


def _check_links(actor: Actor, links: Iterable[Link]) -> None:
    from otay.goods.declarations.queries import visible

    findings = []
    for number, one in enumerate(links):
        if one.type not in set(LinkType):
            known = ", ".join(LinkType)
            findings.append(
                error(f"/{number}/type", "case.link_type", N_("Expected one of %(known)s"), one.type, known=known)
            )
        if not 1 <= len(one.identifier.strip()) <= 80:
            findings.append(
                error(
                    f"/{number}/identifier", "case.link_identifier", N_("Give an identifier of 1 to 80 characters"),
                    one.identifier,
                )
            )  # fmt: skip
        elif one.type == LinkType.DECLARATION and not visible(actor).filter(number=one.identifier.strip()).exists():
            findings.append(
                error(
                    f"/{number}/identifier", "case.link_known",
                    N_("There is no such declaration here, or none that you may see"), one.identifier,
                    N_("Declarations of the neighbour are linked as the neighbour's."),
                )
            )  # fmt: skip
    if findings:
        raise Refused(N_("The links cannot be made"), findings=findings)


@transaction.atomic
def unlink(*, actor: Actor, reference: str, type: str, identifier: str, why: str) -> None:
    """Take a link of our side away again; the timeline keeps both."""
    row = locked(actor, reference)
    held = row.links.filter(type=type, identifier=identifier, removed_at=None).first()
    if held is None:
        raise NotFound(N_("The case has no such link."))
    held.removed_at = clock.now()
    held.save(update_fields=["removed_at"])
    body = {"type": type, "identifier": identifier, "note": text_of(why, "why", most=300)}
    was = row.entries.filter(kind=EntryKind.LINK, body__type=type, body__identifier=identifier, shared=True)
    written(actor, row, EntryKind.UNLINK, body, shared=was.exists())
