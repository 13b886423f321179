"""Opening a case and working on it: notes, tasks, the steps to a decision."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction

from otay.core.errors import Forbidden, NotFound, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations.domain import cases as rules
from otay.goods.investigations.domain.cases import EntryKind, Kind, LinkType, State, Step
from otay.goods.investigations.models import Case, CaseEntry, CaseMember, Task
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services.cases.neighbour import republish
from otay.goods.investigations.services.cases.timeline import (
    TEXT,
    Draft,
    locked,
    next_reference,
    text_of,
    write,
    written,
)
from otay.node import audit, clock
from otay.node.actors import Actor


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
        title=text_of(title, "title", least=3, most=150), summary=summary.strip()[:TEXT], state=State.OPEN, port=port,
        opened_at=now, opened_by=actor.key,
    )  # fmt: skip
    CaseMember.objects.create(
        case=row, country=settings.OTAY.country, key=actor.key, name=actor.name, lead=True, since=now
    )
    write(actor, row, [Draft(EntryKind.OPENED, {"title": row.title}, shared=True)])
    audit.record(actor=actor, action="investigations.case_opened", subject=f"case:{row.reference}")
    return row


@transaction.atomic
def add_note(*, actor: Actor, reference: str, text: str, shared: bool = False) -> CaseEntry:
    """Write a note. ``shared``: the neighbour's members see it too."""
    row = locked(actor, reference)
    return written(actor, row, EntryKind.NOTE, {"text": text_of(text, "text")}, shared=shared)


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
        case=row, title=text_of(title, "title", most=200), assignee=member.key, assignee_name=member.name, due=due,
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
    republish(actor, row)
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
