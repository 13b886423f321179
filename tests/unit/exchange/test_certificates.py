"""The certificates of the door between nodes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509

from otay.exchange.domain import certificates
from otay.exchange.domain.keys import Identity, SigningKey, read_identity, signed_identity
from otay.exchange.domain.refusals import Rejected

NOW = datetime(2026, 11, 24, tzinfo=UTC)
AUTHORITY = certificates.new_authority("US", at=NOW)
DOOR = certificates.new_door(AUTHORITY, "US", "otay.example.us", at=NOW)


def test_a_door_is_issued_by_its_authority_and_renewed_before_it_ends_or_when_it_moves():
    door, authority = (x509.load_pem_x509_certificate(one.certificate) for one in (DOOR, AUTHORITY))
    door.verify_directly_issued_by(authority)
    assert door.subject != door.issuer  # else a client takes it for self-signed
    due = certificates.is_due
    assert not due(DOOR.certificate, "otay.example.us", at=NOW + timedelta(days=300))
    assert due(DOOR.certificate, "otay.example.us", at=NOW + timedelta(days=306))
    assert due(DOOR.certificate, "192.0.2.7", at=NOW)


def test_an_identity_carries_its_door_under_its_signature():
    key = SigningKey.generate()
    told = Identity("US", "Node", "http://a", key.public, "https://a:8443", AUTHORITY.certificate.decode())
    document = signed_identity(told, key)
    assert read_identity(document) == told
    document["identity"]["authority"] = certificates.new_authority("US", at=NOW).certificate.decode()
    with pytest.raises(Rejected, match="altered"):
        read_identity(document)


@pytest.mark.parametrize(
    "pem",
    [
        "",
        "not a certificate",
        DOOR.certificate.decode(),  # may not sign
        AUTHORITY.certificate.decode() * 2,
        AUTHORITY.certificate.decode() + "x" * 9000,
        AUTHORITY.key.decode(),
    ],
)
def test_only_one_authority_is_taken_for_one(pem):
    key = SigningKey.generate()
    document = signed_identity(Identity("US", "Node", "http://a", key.public, "https://a:8443", pem), key)
    with pytest.raises(Rejected, match="authority"):
        read_identity(document)


def test_a_door_without_tls_is_refused():
    key = SigningKey.generate()
    told = Identity("US", "Node", "http://a", key.public, "http://a:8443", AUTHORITY.certificate.decode())
    with pytest.raises(Rejected, match="https"):
        read_identity(signed_identity(told, key))
