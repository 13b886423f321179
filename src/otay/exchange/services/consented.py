"""What the consents that were given let leave: asked for each record that an agreement shares on consent."""

from __future__ import annotations

from collections.abc import Sequence

from otay.exchange.domain.agreement import Term
from otay.exchange.domain.consent import Clause, identifier, may_leave
from otay.exchange.models import Consent, Peer
from otay.exchange.registry import Publication, record_types


def allowed(
    peer: Peer, term: Term, publications: Sequence[Publication]
) -> list[tuple[tuple[str, ...], tuple[int, ...]]]:
    """For each publication the fields that may leave now (none: it stays) and the consents that they leave on; one
    query. Whoever cannot be told from the record, or has not consented, keeps what the agreement asks consent for."""
    asked = [{clause: subjects_of(term, clause, one) for clause in term.consents} for one in publications]
    everybody = {subject for one in asked for subjects in one.values() for subject in subjects}
    given = {
        (programme, subject): pk
        for programme, subject, pk in Consent.objects.filter(
            peer=peer, subject__in=everybody, withdrawn_at=None
        ).values_list("programme", "subject", "pk")
    }
    found = []
    for one in asked:
        held = {
            clause: given[clause.programme, subject]
            for clause, subjects in one.items()
            for subject in subjects
            if (clause.programme, subject) in given
        }
        found.append((may_leave(term.fields, term.consents, held), tuple(sorted(set(held.values())))))
    return found


def subjects_of(term: Term, clause: Clause, publication: Publication) -> set[str]:
    """Under which identifiers the subject of ``clause`` may have consented; empty when nobody can be told."""
    read = record_types[term.record_type].subjects.get(clause.subject)
    return {name for text in read(publication.body) if (name := identifier(str(text)))} if read else set()
