"""Cases: membership as the only door, sharing as far as agreed, evidence, decisions."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from factories import declarations, investigations
from factories.exchange import Neighbour, paired, terms
from otay.core.errors import Conflict, Forbidden, NotFound, OtayError, Refused, TooLarge
from otay.exchange.domain.agreement import Term
from otay.exchange.models import Inbox, Outbox
from otay.exchange.registry import Received
from otay.exchange.services import acceptance
from otay.goods.investigations import evidence_files, sharing
from otay.goods.investigations.domain.cases import CASE, CASE_ENTRY
from otay.goods.investigations.domain.seizures import SEIZURE
from otay.goods.investigations.models import (
    Case,
    CaseEntry,
    EvidenceCustody,
    NeighbourEntry,
    NeighbourSeizure,
    OutcomeEvent,
)
from otay.goods.investigations.queries import cases as queries
from otay.goods.investigations.services import cases, evidence, withdrawing
from otay.node import clock, protection, roles
from otay.node.models import AuditEvent

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.7 invented"


def agreed(*, without: tuple[str, ...] = ()) -> Any:
    """A neighbour with whom all record types of cases are agreed, but not the fields in ``without``."""
    neighbour = Neighbour()
    covered = tuple(
        Term(kind.key, tuple(one.name for one in kind.fields if one.name not in without), ("MX", "US"))
        for kind in sharing.RECORD_TYPES
    )
    return neighbour, paired(neighbour, agreed=terms(terms=covered))


def sent(record_type: str) -> list[dict[str, Any]]:
    return [row.parsed for row in Outbox.objects.filter(record_type=record_type).order_by("sequence")]


def add(row: Case, **given: Any) -> Any:
    wanted = {"name": "invoice.pdf", "chunks": [PDF], "note": "Invoice", "source": "Importer (invented)", **given}
    return evidence.add(actor=investigations.officer(), reference=row.reference, **wanted)


def test_a_case_exists_for_its_members_and_auditors_alone() -> None:
    row = investigations.opened()
    member, other = investigations.officer(), investigations.officer(key="client:other")
    supervisor = investigations.officer(roles.SUPERVISOR, ports=(investigations.PORT,))
    assert queries.case(member, row.reference) == row
    assert queries.case(investigations.officer(roles.AUDITOR), row.reference) == row
    for stranger in (other, supervisor):
        with pytest.raises(NotFound):
            queries.case(stranger, row.reference)
        for change in (
            lambda who: cases.add_note(actor=who, reference=row.reference, text="x"),
            lambda who: cases.take_step(actor=who, reference=row.reference, step="close", detail={"reason": "x"}),
            lambda who: cases.share(actor=who, reference=row.reference, purpose="curiosity"),
            lambda who: cases.link(actor=who, reference=row.reference, links=[cases.Link("trader", "X")]),
            lambda who: evidence.hand_out(actor=who, reference=row.reference, number=1, purpose="curiosity"),
        ):
            with pytest.raises(OtayError) as refused:
                change(stranger)
            assert refused.value.status in {403, 404}
    for closed in (
        declarations.broker(),
        investigations.officer(roles.PORT_OFFICER),
        investigations.officer(roles.RESCUE),
    ):
        with pytest.raises(Forbidden):
            queries.case(closed, row.reference)
    assert CaseEntry.objects.count() == 1


def test_an_auditor_reads_and_does_not_write() -> None:
    row = investigations.opened()
    auditor = investigations.officer(roles.AUDITOR)
    with pytest.raises(Forbidden):
        cases.add_note(actor=auditor, reference=row.reference, text="x")


def test_a_trader_with_an_officer_s_grants_sees_no_case() -> None:
    row = investigations.opened()
    with pytest.raises(Forbidden):
        queries.case(replace(investigations.officer(), party="ACME"), row.reference)


def test_the_timeline_is_immutable_and_shows_what_an_owner_of_the_database_altered() -> None:
    row = investigations.opened()
    cases.add_note(actor=investigations.officer(), reference=row.reference, text="first")
    row.refresh_from_db()
    assert cases.first_break(row) is None
    protection.install(connection, "investigations_caseentry")
    try:
        with pytest.raises(IntegrityError), transaction.atomic():
            CaseEntry.objects.filter(case=row).update(author="Somebody else")
    finally:
        protection.remove(connection, "investigations_caseentry")
    CaseEntry.objects.filter(case=row, serial=2).update(body={"text": "second"})
    assert cases.first_break(row) == 2
    CaseEntry.objects.filter(case=row, serial=2).delete()
    assert cases.first_break(row) == 2


def test_only_the_lead_decides_and_the_decision_becomes_a_label() -> None:
    declaration = declarations.lodged()
    row = investigations.opened()
    lead = investigations.officer()
    cases.link(actor=lead, reference=row.reference, links=[cases.Link("declaration", declaration.number)])
    detail = {"reason": "Invoices (invented)", "outcome": "infringement", "penalty": "900", "duty": "75.50",
              "currency": "USD"}  # fmt: skip
    decided = cases.take_step(actor=lead, reference=row.reference, step="decide", detail=detail)
    assert (decided.state, decided.outcome, decided.penalty) == ("decided", "infringement", 900)
    found = OutcomeEvent.objects.filter(declaration=declaration).order_by("pk")
    assert [one.kind for one in found] == ["finding", "duty", "penalty"]
    assert {one.case for one in found} == {row.reference}
    cases.take_step(actor=lead, reference=row.reference, step="appeal", detail={"reason": "Appeal 1"})
    ruled = cases.take_step(
        actor=lead, reference=row.reference, step="rule", detail={"reason": "Ruling 1", "ruling": "annulled"}
    )
    assert (ruled.outcome, ruled.penalty) == ("no_infringement", None)
    assert OutcomeEvent.objects.filter(declaration=declaration).order_by("-pk")[0].kind == "cleared"
    with pytest.raises(Conflict):
        cases.take_step(actor=lead, reference=row.reference, step="suspend", detail={"reason": "x"})


def test_links_to_what_does_not_exist_or_may_not_be_seen_are_refused() -> None:
    row = investigations.opened()
    lead = investigations.officer()
    for link in (cases.Link("declaration", "26US0000"), cases.Link("spaceship", "X"), cases.Link("trader", " ")):
        with pytest.raises(Refused):
            cases.link(actor=lead, reference=row.reference, links=[link])
    assert cases.link(
        actor=lead, reference=row.reference, links=[cases.Link("movement", "26MXT1"), cases.Link("trader", "X")]
    )
    assert not cases.link(actor=lead, reference=row.reference, links=[cases.Link("trader", "X")])
    cases.unlink(actor=lead, reference=row.reference, type="trader", identifier="X", why="wrong firm")
    assert [one.identifier for one in queries.links(row)] == ["26MXT1"]


def test_somebody_must_lead() -> None:
    row = investigations.opened()
    lead = investigations.officer()
    with pytest.raises(Conflict):
        cases.remove_member(actor=lead, reference=row.reference, key=lead.key)
    with pytest.raises(Refused):
        cases.add_member(actor=lead, reference=row.reference, key="client:nobody")


def test_nothing_leaves_without_an_agreement_over_cases() -> None:
    row = investigations.opened()
    with pytest.raises(Conflict):
        cases.share(actor=investigations.officer(), reference=row.reference, purpose="joint work")
    agreed(without=("state",))
    with pytest.raises(Conflict):  # without this field a withdrawal could not be told
        cases.share(actor=investigations.officer(), reference=row.reference, purpose="joint work")
    assert not Outbox.objects.exists()


def test_what_is_shared_follows_the_agreement_field_by_field() -> None:
    agreed(without=("members", "author", "person", "held_from"))
    lead = investigations.officer()
    row = investigations.opened(lead)
    cases.add_note(actor=lead, reference=row.reference, text="for us alone")
    cases.add_note(actor=lead, reference=row.reference, text="for both", shared=True)
    cases.link(actor=lead, reference=row.reference, links=[cases.Link("person", "Passport 1")], shared=True)
    investigations.seized(lead, case=row.reference, held_from="Somebody (invented)")
    cases.share(actor=lead, reference=row.reference, purpose="joint work")
    told = sent(CASE_ENTRY)
    assert [one["text"] for one in told if "text" in one] == ["for both"]
    assert not any("author" in one or "person" in one for one in told)
    assert "Passport" not in str(told)
    assert "members" not in sent(CASE)[-1]
    assert "Somebody" not in str(sent(SEIZURE))
    assert sent(SEIZURE)[0]["goods"][0]["quantity"] == "100.000"
    with pytest.raises(Conflict):
        cases.share(actor=lead, reference=row.reference, purpose="joint work")


def test_a_request_needs_a_shared_case_and_a_purpose() -> None:
    row = investigations.opened()
    lead = investigations.officer()
    with pytest.raises(Conflict):
        cases.ask_neighbour(actor=lead, reference=row.reference, text="Tell us", purpose="Valuation")
    agreed()
    cases.share(actor=lead, reference=row.reference, purpose="joint work")
    with pytest.raises(Refused):
        cases.ask_neighbour(actor=lead, reference=row.reference, text="Tell us", purpose=" ")
    cases.ask_neighbour(actor=lead, reference=row.reference, text="Tell us", purpose="Valuation")
    assert sent(CASE_ENTRY)[-1]["purpose"] == "Valuation"
    event = AuditEvent.objects.filter(action="investigations.case_request").get()
    assert (event.reason, event.subject) == ("Valuation", f"case:{row.reference}")


def received(key: str, body: dict[str, Any], *, version: int = 1, sequence: int = 1) -> Received:
    return Received(0, "MX", sequence, key, version, body, clock.now())


def offered(reference: str = "MX-C-2026-00001") -> Case:
    body = {"reference": reference, "state": "open", "kind": "origin", "title": "Caso inventado", "summary": "Resumen",
            "port": "2304", "members": [{"name": "Ulises (inventado)", "lead": True}]}  # fmt: skip
    sharing.keep_cases([received(reference, body)])
    return Case.objects.get(reference=reference)


def entry(reference: str, serial: int, **body: Any) -> None:
    record = {"case": reference, "country": "MX", "serial": serial, "at": clock.now().isoformat(), **body}
    sharing.keep_entries([received(f"{reference}/MX/{serial}", record)])


def test_the_neighbour_s_case_is_joined_once_and_its_requests_are_answered_once() -> None:
    row = offered()
    first, second = investigations.officer(), investigations.officer(key="client:second")
    with pytest.raises(NotFound):
        queries.case(first, row.reference)
    cases.join(actor=first, reference=row.reference)
    with pytest.raises(NotFound):
        cases.join(actor=second, reference=row.reference)
    with pytest.raises(Forbidden):
        cases.take_step(actor=first, reference=row.reference, step="close", detail={"reason": "x"})
    entry(row.reference, 1, kind="request", text="¿Cuál fue el importe?", purpose="Valoración")
    entry(row.reference, 2, kind="link", content={"type": "declaration", "identifier": "26MX1", "note": ""})
    assert [line.place for line in queries.open_requests(queries.timeline(row), of="US")] == ["MX/1"]
    with pytest.raises(NotFound):
        cases.answer(actor=first, reference=row.reference, request="MX/2", text="x", basis="Agreement")
    cases.answer(actor=first, reference=row.reference, request="MX/1", text="64,800 USD", basis="Agreement")
    with pytest.raises(Conflict):
        cases.answer(actor=first, reference=row.reference, request="MX/1", text="again", basis="Agreement")
    assert [one.identifier for one in queries.links(row)] == ["26MX1"]


def test_a_neighbour_speaks_for_itself_alone() -> None:
    ours = investigations.opened()
    with pytest.raises(ValueError, match="not its own"):
        sharing.keep_cases([received(ours.reference, {"reference": ours.reference, "state": "closed"})])
    row = offered()
    with pytest.raises(ValueError, match="speaks for"):
        sharing.keep_entries([received(f"{row.reference}/US/1", {"kind": "note", "text": "forged"})])
    with pytest.raises(ValueError, match="not known here yet"):
        entry("MX-C-2026-00099", 1, kind="note", text="too early")
    entry(ours.reference, 1, kind="note", text="into a case that was never shared")
    assert not NeighbourEntry.objects.filter(case=ours).exists()


def test_an_older_head_does_not_replace_a_newer_one() -> None:
    row = offered()
    body = {"reference": row.reference, "state": "decided", "title": "Later"}
    sharing.keep_cases([received(row.reference, body, version=3)])
    sharing.keep_cases([received(row.reference, {**body, "state": "open", "title": "Earlier"}, version=2)])
    row.refresh_from_db()
    assert (row.state, row.title, row.version) == ("decided", "Later", 3)


def test_what_the_neighbour_withdraws_is_erased_and_the_erasure_confirmed() -> None:
    neighbour, _peer = agreed()
    reference = "MX-C-2026-00001"
    head = {"reference": reference, "state": "open", "title": "Secreto", "summary": "Secreto"}
    add_record(neighbour, CASE, reference, head)
    note = {"case": reference, "country": "MX", "serial": 1, "kind": "note", "text": "Secreto"}
    add_record(neighbour, CASE_ENTRY, f"{reference}/MX/1", note)
    goods = {"reference": "MX-S-2026-00001", "case": reference, "state": "seized", "goods": []}
    add_record(neighbour, SEIZURE, "MX-S-2026-00001", goods)
    acceptance.accept_batch(neighbour.batch())
    cases.join(actor=investigations.officer(), reference=reference)
    assert NeighbourSeizure.objects.count() == NeighbourEntry.objects.count() == 1
    add_record(neighbour, CASE, reference, {"reference": reference, "state": "withdrawn"}, version=2)
    acceptance.accept_batch(neighbour.batch(4, 4))
    assert withdrawing.erase_withdrawn() == 3
    assert withdrawing.erase_withdrawn() == 0
    row = Case.objects.get(reference=reference)
    assert (row.title, row.summary) == ("", "")
    assert not NeighbourEntry.objects.exists()
    assert not NeighbourSeizure.objects.exists()
    assert "Secreto" not in "".join(Inbox.objects.values_list("body", flat=True))
    told = Outbox.objects.filter(record_type="otay.erasure").get().parsed
    assert (told["stream"], told["ranges"]) == ("MX>US", [[1, 3]])
    with pytest.raises(Conflict):
        cases.add_note(actor=investigations.officer(), reference=reference, text="too late")
    late = {"case": reference, "country": "MX", "serial": 2, "kind": "note", "text": "Secreto"}
    add_record(neighbour, CASE_ENTRY, f"{reference}/MX/2", late)
    acceptance.accept_batch(neighbour.batch(5, 5))
    assert not NeighbourEntry.objects.exists()


def add_record(neighbour: Neighbour, kind: str, key: str, body: dict[str, Any], *, version: int = 1) -> None:
    neighbour.add(body, record_type=kind, business_key=key, version=version)


def test_withdrawing_tells_the_neighbour_and_ends_the_sharing() -> None:
    agreed()
    lead = investigations.officer()
    row = investigations.opened(lead)
    cases.share(actor=lead, reference=row.reference, purpose="joint work")
    cases.withdraw(actor=lead, reference=row.reference, reason="Shared by mistake")
    assert sent(CASE)[-1] == {"reference": row.reference, "state": "withdrawn"}
    before = Outbox.objects.count()
    cases.add_note(actor=lead, reference=row.reference, text="again ours alone", shared=True)
    assert Outbox.objects.count() == before
    cases.share(actor=lead, reference=row.reference, purpose="this time rightly")
    assert sent(CASE)[-1]["state"] == "open"


def test_evidence_is_kept_by_its_digest_outside_the_web_root_and_handed_out_for_a_purpose(settings: Any) -> None:
    row = investigations.opened()
    item = add(row)
    path = evidence_files.path_of(item.sha256)
    assert path.read_bytes() == PDF
    assert path.stat().st_mode & 0o077 == 0
    assert settings.OTAY.files in path.parents
    with pytest.raises(Refused):
        evidence.hand_out(actor=investigations.officer(), reference=row.reference, number=1, purpose=" ")
    auditor = investigations.officer(roles.AUDITOR)
    _item, content = evidence.hand_out(actor=auditor, reference=row.reference, number=1, purpose="yearly audit")
    assert hashlib.sha256(content).hexdigest() == item.sha256
    item.refresh_from_db()
    assert [one.kind for one in queries.custody_of(item)] == ["taken", "copied"]
    assert queries.evidence_whole(item).whole
    with pytest.raises(Conflict):
        add(row, name="again.pdf")


def test_evidence_that_was_altered_is_not_handed_out() -> None:
    row = investigations.opened()
    item = add(row)
    path = evidence_files.path_of(item.sha256)
    path.chmod(0o600)
    path.write_bytes(PDF + b"!")
    with pytest.raises(Conflict):
        evidence.hand_out(actor=investigations.officer(), reference=row.reference, number=1, purpose="the file")
    path.write_bytes(PDF)
    EvidenceCustody.objects.filter(item=item.item).update(holder="Somebody else")
    with pytest.raises(Conflict):
        evidence.hand_out(actor=investigations.officer(), reference=row.reference, number=1, purpose="the chain")


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.pdf", b""), ("a.exe", b"MZ\x90\x00"), ("a.html", b"<script>"), ("a.png", PDF), ("a.svg", b"<svg/>"),
     ("a.txt", b"a\x00b"), ("a.txt", b"\xff\xfe"), ("..", b"text")],
)  # fmt: skip
def test_a_file_of_a_kind_that_is_not_kept_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(Refused):
        add(investigations.opened(), name=name, chunks=[content])


def test_a_file_over_the_limit_is_refused_while_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence_files, "LIMIT", 10)
    read: list[int] = []

    def chunks() -> Any:
        for number in range(100):
            read.append(number)
            yield b"%PDF-"

    with pytest.raises(TooLarge):
        add(investigations.opened(), chunks=chunks())
    assert len(read) == 3


def test_a_name_with_a_path_is_a_name() -> None:
    assert add(investigations.opened(), name="../../etc/invoice.pdf").name == "invoice.pdf"
    assert add(investigations.opened(), name="C:\\temp\\other.pdf").name == "other.pdf"
