"""Working on a case: every change is an entry of its timeline, and is shared where the case and the entry are.

Permission is membership: who is not a member gets the answer that there is no such case.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from otay.core import chain
from otay.core.canonical import canonical_json, digest
from otay.core.custody import genesis
from otay.core.errors import Conflict, Forbidden, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations import sharing
from otay.goods.investigations.domain import cases as rules
from otay.goods.investigations.domain.cases import EntryKind, Kind, LinkType, State, Step
from otay.goods.investigations.models import Case, CaseEntry, CaseLink, CaseMember, Series, Task
from otay.goods.investigations.queries import cases as queries
from otay.node import audit, clock
from otay.node.accounts import actor_by_key
from otay.node.actors import Actor

TEXT = 4000


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry to write. ``shared``: it goes to the neighbour with a case that is shared."""

    kind: EntryKind
    body: dict[str, Any] = field(default_factory=dict)
    shared: bool = False
    at: datetime | None = None


def _text(value: str, name: str, *, least: int = 1, most: int = TEXT) -> str:
    text = value.strip()
    if not least <= len(text) <= most:
        raise Refused(
            N_("The entry cannot be taken"),
            findings=[
                error(
                    f"/{name}", "case.text", N_("Expected %(least)s to %(most)s characters"), value,
                    least=least, most=most,
                )
            ],
        )  # fmt: skip
    return text


def next_reference(name: str, country: str, year: int) -> str:
    """The next reference of a series: ``US-C-2026-00012``. The series stays locked until the transaction ends."""
    key = f"{name}{year}"
    Series.objects.get_or_create(name=key)
    series = Series.objects.select_for_update().get(name=key)
    series.last += 1
    series.save(update_fields=["last"])
    return f"{country}-{name}-{year}-{series.last:05d}"


@transaction.atomic
def open_case(*, actor: Actor, kind: str, title: str, summary: str = "", port: str = "") -> Case:
    """Open a case; who opens it leads it.

    Raises:
        Forbidden: unless ``actor`` may open cases (at the port).
        Refused: when it has no title or an unknown kind.
    """
    actor.require(queries.OPEN, port=port or None)
    if actor.party:
        raise Forbidden(N_("Cases are shown to members of their working groups and to auditors."))
    if kind not in set(Kind):
        raise Refused(
            N_("The case cannot be opened"),
            findings=[error("/kind", "case.kind", N_("Expected one of %(known)s"), kind, known=", ".join(Kind))],
        )
    now = clock.now()
    row = Case.objects.create(
        reference=next_reference("C", settings.OTAY.country, now.year), origin=settings.OTAY.country, kind=kind,
        title=_text(title, "title", least=3, most=150), summary=summary.strip()[:TEXT], state=State.OPEN, port=port,
        opened_at=now, opened_by=actor.key,
    )  # fmt: skip
    CaseMember.objects.create(
        case=row, country=settings.OTAY.country, key=actor.key, name=actor.name, lead=True, since=now
    )
    write(actor, row, [Draft(EntryKind.OPENED, {"title": row.title}, shared=True)])
    audit.record(actor=actor, action="investigations.case_opened", subject=f"case:{row.reference}")
    return row


def locked(actor: Actor, reference: str, *, lead: bool = False, own: bool = False) -> Case:
    """The case, locked for a change by a member.

    Raises:
        NotFound: when ``actor`` is not a member (auditors read, they do not write).
        Forbidden: when a lead is needed and ``actor`` is none, or the case is the neighbour's and must be ours.
        Conflict: when the neighbour has withdrawn it.
    """
    actor.require(queries.WORK)
    mine = CaseMember.objects.filter(key=actor.key, until=None, case__reference=reference)
    row = Case.objects.select_for_update().filter(reference=reference, pk__in=mine.values("case")).first()
    if row is None:
        raise NotFound(N_("There is no case %(reference)s here, or none that you may see."), reference=reference)
    if lead and not mine.filter(lead=True).exists():
        raise Forbidden(N_("Only who leads the case may do this."))
    if own and row.origin != settings.OTAY.country:
        raise Forbidden(N_("The case is the neighbour's: its own members decide this."))
    if row.withdrawn_at:
        raise Conflict(N_("The neighbour has withdrawn case %(reference)s."), reference=reference)
    return row


def write(actor: Actor, row: Case, drafts: Sequence[Draft]) -> list[CaseEntry]:
    """Append entries to the case's timeline, in the caller's transaction; shares what is to be shared."""
    last = row.entries.order_by("-serial").first()
    now = clock.now()
    previous = bytes(last.link) if last else genesis(f"case:{row.reference}")
    digests = [digest(entry_body(row, actor, draft, draft.at or now)) for draft in drafts]
    made = CaseEntry.objects.bulk_create(
        CaseEntry(
            case=row, serial=entry.sequence, kind=draft.kind, at=draft.at or now, recorded_at=now, actor=actor.key,
            author=actor.name, body=draft.body, shared=draft.shared, body_digest=entry.body_digest, link=entry.link,
        )
        for draft, entry in zip(
            drafts, chain.extend(previous, last.serial if last else 0, digests), strict=True
        )
    )  # fmt: skip
    row.entries_count = made[-1].serial
    row.save(update_fields=["entries_count"])
    if row.shared_with and not row.withdrawn_at:
        sharing.publish_entries(actor=actor, row=row, entries=[one for one in made if one.shared])
    return made


def entry_body(row: Case, actor: Actor, draft: Draft, at: datetime) -> bytes:
    """The bytes that an entry's digest covers."""
    return _body_bytes(row.reference, draft.kind, at, actor.key, draft.body)


def _body_bytes(reference: str, kind: str, at: datetime, actor: str, body: dict[str, Any]) -> bytes:
    return canonical_json({"case": reference, "kind": kind, "at": at, "actor": actor, "body": body})


def first_break(row: Case) -> int | None:
    """The serial of the first entry of our timeline that was altered, removed or inserted; None when all hold."""
    previous, last = genesis(f"case:{row.reference}"), 0
    for one in row.entries.order_by("serial"):
        body = digest(_body_bytes(row.reference, one.kind, one.at, one.actor, one.body))
        if one.serial != last + 1 or body != bytes(one.body_digest):
            return last + 1
        if chain.link(previous, one.serial, body) != bytes(one.link):
            return one.serial
        previous, last = bytes(one.link), one.serial
    return last + 1 if last < row.entries_count else None


@transaction.atomic
def add_note(*, actor: Actor, reference: str, text: str, shared: bool = False) -> CaseEntry:
    """Write a note. ``shared``: the neighbour's members see it too."""
    row = locked(actor, reference)
    return _written(actor, row, EntryKind.NOTE, {"text": _text(text, "text")}, shared=shared)


def _written(actor: Actor, row: Case, kind: EntryKind, body: dict[str, Any], *, shared: bool) -> CaseEntry:
    (entry,) = write(actor, row, [Draft(kind, body, shared=shared)])
    audit.record(
        actor=actor, action=f"investigations.case_{kind}", subject=f"case:{row.reference}",
        reason=str(body.get("purpose", "")), serial=entry.serial, shared=shared,
    )  # fmt: skip
    return entry


@transaction.atomic
def ask_neighbour(*, actor: Actor, reference: str, text: str, purpose: str, subject: str = "") -> CaseEntry:
    """Ask the neighbour's members for something, with the purpose it is needed for. It leaves with its audit entry.

    Raises:
        Conflict: when the case is not shared: nobody would read the request.
    """
    row = locked(actor, reference)
    _need_shared(row)
    body = {"text": _text(text, "text"), "purpose": _text(purpose, "purpose", least=5, most=300)}
    if subject.strip():
        body["subject"] = subject.strip()[:80]
    return _written(actor, row, EntryKind.REQUEST, body, shared=True)


def _need_shared(row: Case) -> None:
    if not row.shared_with:
        raise Conflict(
            N_("Case %(reference)s is not shared with the neighbour: share it first."), reference=row.reference
        )


@transaction.atomic
def answer(*, actor: Actor, reference: str, request: str, text: str, basis: str) -> CaseEntry:
    """Answer the neighbour's request ``request`` (``MX/3``), stating the legal basis on which it is answered.

    Raises:
        NotFound: when the neighbour asked no such thing.
        Conflict: when it is answered already.
    """
    row = locked(actor, reference)
    lines = queries.timeline(row)
    asked = {line.place for line in lines if line.kind == EntryKind.REQUEST and line.country != settings.OTAY.country}
    if request not in asked:
        raise NotFound(N_("The neighbour made no request %(request)s in this case."), request=request)
    if request not in {line.place for line in queries.open_requests(lines, of=settings.OTAY.country)}:
        raise Conflict(N_("Request %(request)s was answered already."), request=request)
    body = {
        "answers": request, "text": _text(text, "text"), "purpose": _text(basis, "basis", least=5, most=300),
    }  # fmt: skip
    return _written(actor, row, EntryKind.ANSWER, body, shared=True)


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
    body = {"type": type, "identifier": identifier, "note": _text(why, "why", most=300)}
    was = row.entries.filter(kind=EntryKind.LINK, body__type=type, body__identifier=identifier, shared=True)
    _written(actor, row, EntryKind.UNLINK, body, shared=was.exists())


@transaction.atomic
def add_member(*, actor: Actor, reference: str, key: str, lead: bool = False) -> CaseMember:
    """Take somebody of this node into the working group.

    Raises:
        Forbidden: unless ``actor`` leads the case.
        Refused: when that person may not work on cases, or is an actor of a trader.
    """
    row = locked(actor, reference, lead=True)
    person = actor_by_key(key)
    if person is None or person.party or not person.may(queries.WORK):
        raise Refused(
            N_("This person cannot be a member"),
            findings=[
                error(
                    "/key", "case.member", N_("Members are officers of this node who hold a role that works on cases"),
                    key,
                )
            ],
        )  # fmt: skip
    held = row.members.filter(key=person.key, until=None).first()
    if held is not None:
        if held.lead != lead:
            held.lead = lead
            held.save(update_fields=["lead"])
        return held
    member = CaseMember.objects.create(
        case=row, country=settings.OTAY.country, key=person.key, name=person.name, lead=lead, since=clock.now()
    )
    write(actor, row, [Draft(EntryKind.MEMBER, {"joined": person.name})])
    audit.record(
        actor=actor, action="investigations.member_added", subject=f"case:{reference}", member=person.key, lead=lead
    )
    _republish(actor, row)
    return member


@transaction.atomic
def remove_member(*, actor: Actor, reference: str, key: str) -> None:
    """Take somebody out of the working group; from now on the case does not exist for that person.

    Raises:
        Conflict: when nobody would lead the case any more.
    """
    row = locked(actor, reference, lead=key != actor.key)
    member = row.members.filter(key=key, until=None).first()
    if member is None:
        raise NotFound(N_("The case has no such member."))
    if member.lead and not row.members.filter(lead=True, until=None).exclude(pk=member.pk).exclude(key="").exists():
        raise Conflict(N_("Somebody has to lead the case: name another lead first."))
    member.until = clock.now()
    member.save(update_fields=["until"])
    write(actor, row, [Draft(EntryKind.MEMBER, {"left": member.name})])
    audit.record(actor=actor, action="investigations.member_removed", subject=f"case:{reference}", member=key)
    _republish(actor, row)


@transaction.atomic
def join(*, actor: Actor, reference: str) -> Case:
    """Take up a case that the neighbour shared, as the first of this side; who joins leads here.

    Raises:
        NotFound: when no such case is offered.
    """
    actor.require(queries.OPEN)
    row = Case.objects.select_for_update().filter(pk__in=queries.offered(actor).values("pk"), reference=reference)
    found = row.first()
    if found is None:
        raise NotFound(N_("The neighbour offers no case %(reference)s that waits for us."), reference=reference)
    CaseMember.objects.create(
        case=found, country=settings.OTAY.country, key=actor.key, name=actor.name, lead=True, since=clock.now()
    )
    write(actor, found, [Draft(EntryKind.MEMBER, {"joined": actor.name}, shared=True)])
    audit.record(actor=actor, action="investigations.case_joined", subject=f"case:{reference}")
    return found


@transaction.atomic
def add_task(*, actor: Actor, reference: str, title: str, assignee: str = "", due: date | None = None) -> Task:
    """Give a member something to do; without ``assignee`` oneself."""
    row = locked(actor, reference)
    member = row.members.filter(key=assignee or actor.key, until=None).first()
    if member is None:
        raise Refused(
            N_("The task cannot be given"),
            findings=[error("/assignee", "case.assignee", N_("Tasks are given to members of the case"), assignee)],
        )
    task = Task.objects.create(
        case=row, title=_text(title, "title", most=200), assignee=member.key, assignee_name=member.name, due=due,
        made_by=actor.key, made_at=clock.now(),
    )  # fmt: skip
    write(actor, row, [Draft(EntryKind.TASK, {"task": task.title, "for": member.name})])
    audit.record(actor=actor, action="investigations.task_added", subject=f"case:{reference}", task=task.pk)
    return task


@transaction.atomic
def finish_task(*, actor: Actor, reference: str, task: int) -> None:
    """Say that a task is done."""
    row = locked(actor, reference)
    held = row.tasks.filter(pk=task, done_at=None).first()
    if held is None:
        raise NotFound(N_("The case has no such open task."))
    held.done_at, held.done_by = clock.now(), actor.key
    held.save(update_fields=["done_at", "done_by"])
    write(actor, row, [Draft(EntryKind.TASK_DONE, {"task": held.title})])
    audit.record(actor=actor, action="investigations.task_done", subject=f"case:{reference}", task=held.pk)


@transaction.atomic
def take_step(*, actor: Actor, reference: str, step: str, detail: dict[str, Any]) -> Case:
    """Suspend, refer, decide, appeal, rule upon, close or reopen a case of this node. Only its lead may.

    A decision with an infringement becomes an event of every declaration that is linked (the label of models), and a
    ruling that annuls takes it back.

    Raises:
        Conflict: when the state does not allow it.
        Refused: when the step does not say what it must.
    """
    row = locked(actor, reference, lead=True, own=True)
    state = rules.after(row.state, step, reference=reference)
    rules.check_step(Step(step), detail)
    body = {"step": step, **{name: str(value).strip() for name, value in detail.items() if str(value).strip()}}
    row.state = state
    steps = [(one.body["step"], one.body) for one in row.entries.filter(kind=EntryKind.STEP).order_by("serial")]
    stands = rules.standing([*steps, (step, body)])
    row.outcome, row.penalty, row.currency = stands.outcome, stands.penalty, stands.currency
    row.decided_at = clock.now() if step in (Step.DECIDE, Step.RULE) else row.decided_at
    row.save(update_fields=["state", "outcome", "penalty", "currency", "decided_at"])
    write(actor, row, [Draft(EntryKind.STEP, body, shared=True)])
    if step in (Step.DECIDE, Step.RULE):
        _decided(actor, row, Step(step), body)
    audit.record(
        actor=actor, action=f"investigations.case_{step}", subject=f"case:{reference}",
        reason=str(detail.get("reason", ""))[:300],
    )  # fmt: skip
    _republish(actor, row)
    return row


def _decided(actor: Actor, row: Case, step: Step, body: dict[str, Any]) -> None:
    from otay.goods.investigations.services import outcomes

    numbers = list(row.links.filter(type=LinkType.DECLARATION, removed_at=None).values_list("identifier", flat=True))
    penalty = Decimal(body["penalty"]) if body.get("penalty") else None
    duty = Decimal(body["duty"]) if body.get("duty") else None
    outcomes.of_decision(
        actor=actor, case=row.reference, kind=row.kind, numbers=numbers, currency=body.get("currency", ""),
        infringement=row.outcome == rules.Outcome.INFRINGEMENT and step is Step.DECIDE,
        cleared=row.outcome == rules.Outcome.NO_INFRINGEMENT, penalty=penalty, duty=duty, remarks=body["reason"],
    )  # fmt: skip


@transaction.atomic
def share(*, actor: Actor, reference: str, purpose: str) -> Case:
    """Share a case of this node with the neighbour, as far as the agreement names its fields.

    Raises:
        Conflict: when no agreement in force covers cases, or the case is shared already.
    """
    row = locked(actor, reference, lead=True, own=True)
    if row.shared_with:
        raise Conflict(N_("Case %(reference)s is shared already."), reference=reference)
    why = _text(purpose, "purpose", least=5, most=300)
    row.shared_with, row.shared_at = sharing.peer_for_cases(), clock.now()
    row.save(update_fields=["shared_with", "shared_at"])
    _republish(actor, row)
    before = [one for one in row.entries.order_by("serial") if one.shared]
    sharing.publish_entries(actor=actor, row=row, entries=before)
    _written(actor, row, EntryKind.SHARED, {"with": row.shared_with, "purpose": why}, shared=True)
    for seizure in row.seizures.all():
        sharing.publish_seizure(actor=actor, row=seizure)
    return row


@transaction.atomic
def withdraw(*, actor: Actor, reference: str, reason: str) -> Case:
    """Take a shared case back: the neighbour's node erases what it holds of it and confirms that in its signed chain.

    Raises:
        Conflict: when the case is not shared.
    """
    row = locked(actor, reference, lead=True, own=True)
    _need_shared(row)
    why = _text(reason, "reason", least=5, most=300)
    row.version += 1
    sharing.publish_withdrawal(actor=actor, row=row)
    with_whom, row.shared_with = row.shared_with, ""
    row.save(update_fields=["version", "shared_with"])
    row.members.filter(until=None).exclude(country=settings.OTAY.country).update(until=clock.now())
    _written(actor, row, EntryKind.WITHDRAWN, {"from": with_whom, "purpose": why}, shared=False)
    return row


def _republish(actor: Actor, row: Case) -> None:
    """Tell the neighbour how a shared case of this node stands now."""
    if row.shared_with and row.origin == settings.OTAY.country:
        row.version += 1
        row.save(update_fields=["version"])
        sharing.publish_case(actor=actor, row=row)
