"""Envelopes, receipts, agreements, proofs and keys: what holds, and what must not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from factories.exchange import NOW, Neighbour, parcel, terms
from otay.core.canonical import canonical_json, digest
from otay.exchange.domain import agreement as rules
from otay.exchange.domain import envelope, keys, proof
from otay.exchange.domain.agreement import Term
from otay.exchange.domain.envelope import Verdict
from otay.exchange.domain.receipt import Held, Receipt, read_receipt, receipt_verifies
from otay.exchange.domain.refusals import Code, Rejected
from otay.exchange.domain.request import SignedRequest, check_request, read_request


def sent(count: int) -> Neighbour:
    neighbour = Neighbour()
    for number in range(count):
        neighbour.add(parcel(f"P-{number}"), created_at=NOW)
    return neighbour


def code_of(call, *args, **kwargs) -> Code:
    with pytest.raises(Rejected) as caught:
        call(*args, **kwargs)
    return caught.value.code


def test_a_batch_reads_back_as_it_was_packed():
    neighbour = sent(3)
    batch = envelope.unpack(neighbour.batch())
    assert list(batch.records) == neighbour.records
    assert batch.head == neighbour.head(1, 3, signed_at=batch.head.signed_at)
    assert keys.verifies(neighbour.key.public, envelope.BATCH, batch.head.document(), batch.signature)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_no_single_byte_of_a_batch_can_change_unnoticed(data):
    neighbour = sent(2)
    raw = bytearray(neighbour.batch())
    place = data.draw(st.integers(0, len(raw) - 1))
    raw[place] ^= data.draw(st.integers(1, 255))
    try:
        batch = envelope.unpack(bytes(raw))
    except Rejected:
        return
    assert not keys.verifies(neighbour.key.public, envelope.BATCH, batch.head.document(), batch.signature)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_refused_and_never_crash(raw):
    for call in (envelope.unpack, envelope.read_head):
        with pytest.raises(Rejected):
            call(raw)
    with pytest.raises(Rejected):
        read_request(keys.encode(raw))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
@settings(max_examples=200, deadline=None)
def test_any_document_is_refused_by_every_reader(value):
    for call in (rules.read_terms, read_receipt, keys.read_identity, proof.verify):
        with pytest.raises(Rejected):
            call(value)


@given(
    JSON, st.sampled_from(["header", "head", "path", "receipt", "previous", "public", "sequence", "body", "signature"])
)
@settings(max_examples=150, deadline=None)
def test_a_proof_with_any_part_replaced_never_crashes(value, part):
    made = evidence(sent(3), 2)
    try:
        checked = proof.verify({**made, part: value})
    except Rejected:
        return
    assert (
        not checked.holds or (part == "receipt" and not value) or made[part] == value or (part == "body" and not value)
    )


@pytest.mark.parametrize(
    "mutate",
    [
        lambda raw: raw + b"\n{}",
        lambda raw: b"\n".join(raw.split(b"\n")[:-2]),
        lambda raw: raw.replace(b'"number":"P-0","port"', b'"port":"2404","number":"P-0","x"'),
        lambda raw: raw.replace(b'"version":1', b'"version":1.0'),
        lambda raw: raw.replace(b'"version":1', b'"version":true'),
        lambda raw: raw.replace(b"{", b"{ ", 1),
    ],
)
def test_a_batch_that_is_not_canonical_or_complete_is_malformed(mutate):
    assert code_of(envelope.unpack, mutate(sent(2).batch())) is Code.MALFORMED


def test_too_large_and_too_many_are_said_to_be_so():
    assert code_of(envelope.read_head, b"x" * (envelope.MAX_BYTES + 1)) is Code.TOO_LARGE
    neighbour = sent(1)
    head = replace(neighbour.head(1, 1), last=envelope.MAX_RECORDS + 5)
    raw = envelope.pack(head, neighbour.records, neighbour.key)[0]
    assert code_of(envelope.unpack, raw) is Code.TOO_LARGE


def test_deeply_nested_json_is_refused():
    assert code_of(envelope.parse_body, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}") is Code.MALFORMED


@given(st.integers(0, 12), st.integers(1, 12), st.integers(1, 12))
@settings(max_examples=200, deadline=None)
def test_a_batch_is_judged_by_where_it_starts_and_ends(held, first, count):
    neighbour = sent(24)
    batch = envelope.unpack(neighbour.batch(first, first + count - 1))
    stored = {
        number: neighbour.link_at(number) for number in (first - 1, min(first + count - 1, held)) if number <= held
    }
    verdict, known = envelope.judge(batch, held, stored)
    if first > held + 1:
        assert verdict is Verdict.GAP
    elif first + count - 1 <= held:
        assert (verdict, known) == (Verdict.DUPLICATE, count)
    else:
        assert (verdict, known) == (Verdict.NEW, held - first + 1)


def test_another_link_under_the_same_number_is_a_fork():
    neighbour = sent(3)
    batch = envelope.unpack(neighbour.batch(2, 3))
    good = {1: neighbour.link_at(1), 2: neighbour.link_at(2)}
    assert envelope.judge(batch, 2, good)[0] is Verdict.NEW
    assert envelope.judge(batch, 2, {**good, 2: b"\x01" * 32})[0] is Verdict.FORK
    assert envelope.judge(batch, 2, {**good, 1: b"\x01" * 32})[0] is Verdict.FORK


def test_a_receipt_reads_back_and_holds_only_under_its_own_key():
    key = keys.SigningKey.generate()
    told = Receipt("MX>US", 4, b"\x02" * 32, NOW, "US", key.id, (Held(3, "quarantined", "x"),))
    signed = told.signed(key)
    assert read_receipt(json.loads(json.dumps(signed))) == told
    assert receipt_verifies(signed, key.public)
    assert not receipt_verifies(signed, keys.SigningKey.generate().public)
    signed["receipt"]["held"] = []
    assert not receipt_verifies(signed, key.public)


def test_a_signature_for_one_kind_of_document_does_not_fit_another():
    key = keys.SigningKey.generate()
    document = {"a": "b"}
    assert keys.verifies(key.public, "one", document, key.sign("one", document))
    assert not keys.verifies(key.public, "two", document, key.sign("one", document))


def test_a_key_survives_its_file_and_an_identity_shows_tampering():
    key = keys.SigningKey.generate()
    again = keys.SigningKey.from_pem(key.pem())
    assert again.id == key.id == keys.key_id(key.public)
    document = Neighbour().identity()
    assert keys.read_identity(document).country == "MX"
    document["identity"]["url"] = "http://elsewhere"
    assert code_of(keys.read_identity, document) is Code.BAD_SIGNATURE


def public(*neighbours: Neighbour) -> dict[str, dict[str, bytes]]:
    return {one.country: {one.key.id: one.key.public} for one in neighbours}


def test_an_agreement_holds_for_those_who_signed_exactly_it():
    us, mx = Neighbour("US"), Neighbour("MX")
    agreed = terms(now=NOW)
    signatures = {"US": rules.sign(agreed, us.key), "MX": rules.sign(agreed, mx.key)}
    assert rules.signed_by(agreed, signatures, public(us, mx)) == {"US", "MX"}
    assert rules.signed_by(terms(now=NOW, retention_days=31), signatures, public(us, mx)) == set()
    assert rules.signed_by(agreed, {**signatures, "MX": signatures["US"]}, public(us, mx)) == {"US"}
    assert rules.read_terms(json.loads(json.dumps(agreed.document()))) == agreed


@pytest.mark.parametrize(
    "change",
    [
        {"reference": "a b"},
        {"version": 0},
        {"parties": ("US", "MX")},
        {"parties": ("MX", "MX")},
        {"purpose": " "},
        {"retention_days": 0},
        {"valid_to": NOW - timedelta(days=900)},
        {"terms": ()},
        {"terms": (Term("a", ("x",), ("MX",)), Term("a", ("y",), ("MX",)))},
        {"terms": (Term("a", (), ("MX",)),)},
        {"terms": (Term("a", ("x",), ("CA",)),)},
    ],
)
def test_terms_that_nobody_could_keep_are_refused(change):
    assert code_of(rules.check, terms(now=NOW, **change)) is Code.MALFORMED


def test_what_the_agreement_does_not_name_is_denied():
    agreed = terms(now=NOW, terms=(Term("test.parcel", ("number",), ("MX",)),))
    assert agreed.covers("test.parcel", sender="MX", at=NOW) is not None
    assert agreed.covers("test.parcel", sender="US", at=NOW) is None
    assert agreed.covers("test.other", sender="MX", at=NOW) is None
    assert agreed.covers("test.parcel", sender="MX", at=agreed.valid_to) is None
    assert agreed.covers("test.parcel", sender="MX", at=agreed.valid_from - timedelta(seconds=1)) is None
    assert rules.project(parcel(driver="x"), agreed.terms[0].fields) == {"number": "P-1"}
    assert rules.not_agreed(parcel(), agreed.terms[0]) == ["port", "weight"]


def request_of(neighbour: Neighbour, **changes) -> SignedRequest:
    made = {
        "sender": "MX",
        "receiver": "US",
        "target": "/x?a=1",
        "purpose": "test",
        "at": NOW,
        "key": neighbour.key.id,
        **changes,
    }
    return SignedRequest(**made)


@pytest.mark.parametrize(
    ("changes", "late", "code"),
    [
        ({}, 0, None),
        ({}, 299, None),
        ({}, 301, Code.STALE),
        ({}, -301, Code.STALE),
        ({"receiver": "CA"}, 0, Code.WRONG_RECEIVER),
        ({"target": "/x?a=2"}, 0, Code.WRONG_RECEIVER),
    ],
)
def test_a_signed_request_is_good_for_one_door_for_a_short_while(changes, late, code):
    neighbour = Neighbour()
    request, signature = read_request(request_of(neighbour, **changes).header(neighbour.key))
    arguments = {
        "public": neighbour.key.public,
        "receiver": "US",
        "target": "/x?a=1",
        "now": NOW + timedelta(seconds=late),
    }
    if code is None:
        check_request(request, signature, **arguments)
    else:
        assert code_of(check_request, request, signature, **arguments) is code
    stranger = keys.SigningKey.generate().public
    assert (
        code_of(check_request, request_of(neighbour), signature, **{**arguments, "public": stranger})
        is Code.BAD_SIGNATURE
    )


def evidence(neighbour: Neighbour, sequence: int, *, receipted: bool = True) -> dict:
    last = len(neighbour.records)
    head = neighbour.head(1, last)
    receiver = keys.SigningKey.generate()
    told = Receipt(
        "MX>US", last, neighbour.link_at(last), NOW, "US", receiver.id, (Held(1, "quarantined", "x"),)
    ).signed(receiver)
    record = neighbour.records[sequence - 1]
    return proof.build(
        stream="MX>US",
        sequence=sequence,
        header=json.loads(record.header()),
        body=record.body.decode(),
        previous=neighbour.link_at(sequence - 1),
        path=[digest(one.header()) for one in neighbour.records[sequence:]],
        head=head.document(),
        signature=neighbour.key.sign(envelope.BATCH, head.document()),
        receipt=told if receipted else None,
        public={neighbour.key.id: keys.encode(neighbour.key.public), receiver.id: keys.encode(receiver.public)},
    )


@pytest.mark.parametrize("sequence", [1, 2, 5])
def test_a_record_is_proven_alone(sequence):
    checked = proof.verify(json.loads(json.dumps(evidence(sent(5), sequence))))
    assert checked.holds
    assert checked.sequence == sequence
    assert checked.held == ("quarantined" if sequence == 1 else "")
    assert proof.verify({**evidence(sent(5), sequence), "body": ""}).holds


@pytest.mark.parametrize(
    "tamper",
    [
        lambda made: made | {"body": made["body"].replace("12.5", "99")},
        lambda made: made | {"header": made["header"] | {"business_key": "P-9"}},
        lambda made: made | {"sequence": 3},
        lambda made: made | {"stream": "MX>CA"},
        lambda made: made | {"path": made["path"][:-1]},
        lambda made: made | {"head": made["head"] | {"signed_at": "2020-01-01T00:00:00+00:00"}},
        lambda made: made | {"signature": "AAAA"},
        lambda made: made | {"receipt": {**made["receipt"], "signature": "AAAA"}},
        lambda made: made | {"receipt": {**made["receipt"], "receipt": made["receipt"]["receipt"] | {"held": []}}},
        lambda made: (
            made | {"public": {name: keys.encode(keys.SigningKey.generate().public) for name in made["public"]}}
        ),
    ],
)
def test_a_proof_that_was_touched_does_not_hold(tamper):
    assert not proof.verify(tamper(evidence(sent(5), 2))).holds


@pytest.mark.parametrize(
    "text", ["2026-11-24T12:00:00", "2026-11-24T12:00:00Z", "2026-11-24T12:00:00+02:00", 5, None, "soon"]
)
def test_a_time_has_one_form(text):
    assert code_of(envelope.read_time, text) is Code.MALFORMED


def test_headers_keep_the_instant_of_any_zone_in_utc():
    neighbour = Neighbour()
    record = neighbour.add(created_at=datetime(2026, 1, 1, 5, tzinfo=timezone(timedelta(hours=-7))))
    raw = neighbour.batch()
    assert code_of(envelope.unpack, raw) is Code.MALFORMED  # a sender writes UTC
    assert record.created_at.astimezone(UTC).hour == 12
    assert canonical_json({"a": 1}) == b'{"a":1}'


@given(
    st.dictionaries(
        st.text(max_size=6), st.integers() | st.text(max_size=12) | st.lists(st.text(max_size=4)), max_size=6
    )
)
@settings(max_examples=150, deadline=None)
def test_a_body_is_read_in_exactly_the_canonical_form_of_the_library(body):
    try:
        raw = canonical_json(body)
    except UnicodeEncodeError:
        return
    assert envelope.parse_body(raw) == body
    for other in (raw + b" ", b"{ " + raw[1:], b'{"a":1.5}', b'{"a":NaN}', b'{"a":1,"a":1}'):
        if other != raw:
            assert code_of(envelope.parse_body, other) is Code.MALFORMED
