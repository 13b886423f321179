"""Certificates of the door between nodes: each node is its own small authority, and trusts those of its neighbours.

TLS proves which machine is at the other end of the wire and hides what passes; what a record says is proved by the
node's Ed25519 signature, whatever wire it came over. The authority's certificate travels in the identity document, so
that trusting a neighbour is one act, and a node renews the certificate of its door without asking anybody.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from otay.core.i18n import N_
from otay.exchange.domain.refusals import Code, Rejected

AUTHORITY_DAYS, DOOR_DAYS, RENEW_DAYS = 3650, 365, 60
_CLOCKS_DIFFER = timedelta(hours=1)
_LONGEST_PEM = 8192


@dataclass(frozen=True, slots=True)
class Certified:
    """A private key and the certificate over its public half, both PEM."""

    key: bytes
    certificate: bytes


def new_authority(country: str, *, at: datetime) -> Certified:
    """The authority of the node of ``country``: ECDSA on P-256, ten years, may sign certificates only."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"Otay authority {country}")
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(name, name, key.public_key(), at=at, days=AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Certified(_key_pem(key), certificate.public_bytes(serialization.Encoding.PEM))


def new_door(authority: Certified, country: str, host: str, *, at: datetime) -> Certified:
    """A certificate for the door at ``host`` (name or address), a year long; the node shows it as server and client."""
    signing = serialization.load_pem_private_key(authority.key, password=None)
    if not isinstance(signing, ec.EllipticCurvePrivateKey):
        raise TypeError("the authority's key must be on an elliptic curve")
    issuer = x509.load_pem_x509_certificate(authority.certificate)
    key = ec.generate_private_key(ec.SECP256R1())
    both_ends = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
    certificate = (
        _builder(_name(f"Otay door {country}"), issuer.subject, key.public_key(), at=at, days=DOOR_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
        .add_extension(both_ends, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .sign(signing, hashes.SHA256())
    )
    return Certified(_key_pem(key), certificate.public_bytes(serialization.Encoding.PEM))


def is_due(certificate: bytes, host: str, *, at: datetime) -> bool:
    """True if a door's certificate must be made anew: it ends within sixty days, or the door has moved."""
    read = x509.load_pem_x509_certificate(certificate)
    names = read.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return _host(host) not in names or read.not_valid_after_utc - timedelta(days=RENEW_DAYS) < at


def check_authority(pem: str) -> None:
    """See that ``pem`` is one certificate of an authority, and nothing else.

    Raises:
        Rejected: when it is not.
    """
    fault = Rejected(Code.MALFORMED, N_("The identity document's certificate is not that of one authority, in PEM"))
    try:
        found = x509.load_pem_x509_certificates(pem.encode("ascii")) if len(pem) <= _LONGEST_PEM else []
        authority = found[0].extensions.get_extension_for_class(x509.BasicConstraints).value.ca if found else False
        found[0].verify_directly_issued_by(found[0])
    except (ValueError, IndexError, TypeError, x509.ExtensionNotFound):
        raise fault from None
    except Exception:  # InvalidSignature and what the library raises for exotic keys
        raise fault from None
    if len(found) != 1 or not authority:
        raise fault


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, *, at: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _CLOCKS_DIFFER)
        .not_valid_after(at + timedelta(days=days))
    )


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
