"""Evidence of a case: taken in, looked at, handed over; each of these is an entry of the file's custody chain."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from otay.core.custody import Holding
from otay.core.errors import Conflict, Refused
from otay.core.findings import error
from otay.core.i18n import N_
from otay.goods.investigations import evidence_files as files
from otay.goods.investigations.domain.cases import EntryKind
from otay.goods.investigations.models import Evidence, EvidenceCustody
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services.cases import Draft, locked, write
from otay.node import audit, clock, custody
from otay.node.actors import Actor


@transaction.atomic
def add(
    *, actor: Actor, reference: str, name: str, chunks: Iterable[bytes], note: str, source: str, shared: bool = False
) -> Evidence:
    """Keep a file as evidence. ``source``: from whom it came. With ``shared`` the neighbour hears that it exists, its
    digest and what it shows, never its bytes.

    Raises:
        TooLarge, Refused: when the file cannot be kept.
        Conflict: when the case holds the same bytes already.
    """
    row = locked(actor, reference)
    if not source.strip():
        raise Refused(
            N_("The file cannot be kept as evidence"),
            findings=[error("/source", "evidence.source", N_("Say from whom it came"))],
        )
    clean = name.replace("\\", "/").rsplit("/", 1)[-1].strip()[-120:]
    content = files.read_bounded(chunks)
    kind = files.content_type_of(content, clean)
    sha256 = files.keep(content)
    if held := row.evidence.filter(sha256=sha256).first():
        raise Conflict(N_("The case holds this file already, as evidence %(number)s."), number=held.number)
    number = row.evidence.count() + 1
    item = Evidence.objects.create(
        case=row, number=number, item=f"evidence:{reference}/{number}", name=clean, content_type=kind,
        size=len(content), sha256=sha256, note=note.strip()[:500], added_by=actor.key, added_at=clock.now(),
    )  # fmt: skip
    _hold(actor, item, "taken", place=source.strip()[:150], sha256=sha256, size=item.size)
    body = {"evidence": number, "name": clean, "sha256": sha256, "size": item.size, "text": item.note or clean}
    write(actor, row, [Draft(EntryKind.EVIDENCE, body, shared=shared)])
    audit.record(
        actor=actor, action="investigations.evidence_added", subject=f"case:{reference}", number=number, sha256=sha256,
        shared=shared,
    )  # fmt: skip
    return item


def _hold(actor: Actor, item: Evidence, kind: str, *, place: str = "", **detail: object) -> None:
    custody.extend(EvidenceCustody, {item.item: [Holding(kind, clock.now(), actor.key, actor.name, place, detail)]})
    item.entries_count += 1
    item.save(update_fields=["entries_count"])


@transaction.atomic
def hand_out(*, actor: Actor, reference: str, number: int, purpose: str) -> tuple[Evidence, bytes]:
    """The file itself, for a member or an auditor who says why. That it was handed out is on its custody chain.

    Raises:
        Refused: when no purpose is given.
        Conflict: when the file or its custody chain is not what it was.
    """
    row = queries.case(actor, reference)
    if not purpose.strip():
        raise Refused(
            N_("Evidence is handed out for a stated purpose"),
            findings=[error("/purpose", "evidence.purpose", N_("Say what it is needed for"))],
        )
    queries.evidence(row, number)
    item = Evidence.objects.select_for_update().get(case=row, number=number)
    if not queries.evidence_whole(item).whole:
        raise Conflict(N_("The custody chain of this evidence does not hold: see its page."))
    content = files.read(item.sha256)
    _hold(actor, item, "copied", purpose=purpose.strip()[:300])
    audit.record(
        actor=actor, action="investigations.evidence_copied", subject=f"case:{reference}", reason=purpose,
        number=number,
    )  # fmt: skip
    return item, content
