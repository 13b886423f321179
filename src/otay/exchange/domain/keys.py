"""Keys and signatures: Ed25519 over canonical JSON, each kind of document in its own signing domain."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from otay.core.canonical import canonical_json
from otay.core.i18n import N_
from otay.exchange.domain import certificates
from otay.exchange.domain.refusals import Code, Rejected

IDENTITY = "otay.identity.v1"


def key_id(public: bytes) -> str:
    """The name of a key: the first 128 bits of SHA-256 over its 32 raw bytes, in hexadecimal."""
    return hashlib.sha256(public).hexdigest()[:32]


def signed_bytes(kind: str, document: Mapping[str, Any]) -> bytes:
    """The bytes under a signature. ``kind`` keeps a signature for one sort of document from fitting another."""
    return kind.encode() + b"\x00" + canonical_json(document)


def encode(raw: bytes) -> str:
    """Base64, as signatures and keys travel."""
    return base64.b64encode(raw).decode()


def decode(text: object) -> bytes:
    """The bytes of a base64 text; empty for anything else, which no signature check accepts."""
    try:
        return base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except (binascii.Error, ValueError):
        return b""


class SigningKey:
    """A node's private key."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = private.public_key().public_bytes_raw()
        self.id = key_id(self.public)

    @classmethod
    def generate(cls) -> SigningKey:
        """A new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """The key that :meth:`pem` wrote."""
        private = serialization.load_pem_private_key(pem, password=None)
        if not isinstance(private, Ed25519PrivateKey):
            raise TypeError("the node's signing key must be an Ed25519 key")
        return cls(private)

    def pem(self) -> bytes:
        """PKCS 8, not encrypted: the file is readable by its owner alone."""
        return self._private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, kind: str, document: Mapping[str, Any]) -> str:
        """The signature of ``document``, in base64."""
        return encode(self._private.sign(signed_bytes(kind, document)))


@lru_cache(maxsize=64)
def _loaded(public: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(public)


def raw_verifies(public: bytes, message: bytes, signature: object) -> bool:
    """True if ``signature`` (base64) was made over ``message`` by the holder of ``public``."""
    if len(public) != 32:
        return False
    try:
        _loaded(bytes(public)).verify(decode(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True


def verifies(public: bytes, kind: str, document: Mapping[str, Any], signature: object) -> bool:
    """True if ``signature`` was made over ``document`` by the holder of ``public``."""
    try:
        message = signed_bytes(kind, document)
    except TypeError:  # a float or another value that no signer can have signed
        return False
    return raw_verifies(public, message, signature)


@dataclass(frozen=True, slots=True)
class Identity:
    """What a node tells the world: who it is, where its door is, and its public key."""

    country: str
    name: str
    url: str
    public: bytes
    door: str = ""
    """Where its door with mutual TLS is; empty: the door is at ``url``."""
    authority: str = ""
    """The certificate (PEM) of the authority that issues the door's certificates."""

    @property
    def key(self) -> str:
        """The name of the key."""
        return key_id(self.public)

    def document(self) -> dict[str, Any]:
        """The part that is signed."""
        # A node without a door of its own has the document that it always had.
        door = {"door": self.door, "authority": self.authority} if self.door else {}
        return {
            **door,
            "format": IDENTITY,
            "country": self.country,
            "name": self.name,
            "url": self.url,
            "key": self.key,
            "public": encode(self.public),
        }


def signed_identity(identity: Identity, key: SigningKey) -> dict[str, Any]:
    """The public identity document: signed with its own key, which proves that the node holds the private half."""
    document = identity.document()
    return {"identity": document, "signature": key.sign(IDENTITY, document)}


def read_identity(raw: Any) -> Identity:
    """The identity in a document that :func:`signed_identity` made.

    Raises:
        Rejected: when it has another shape or its signature does not hold.
    """
    document = raw.get("identity") if isinstance(raw, dict) else None
    if not isinstance(document, dict) or document.get("format") != IDENTITY:
        raise Rejected(Code.MALFORMED, N_("This is not an identity document. Make one with: otay exchange identity"))
    texts = country, name, url = [document.get(part) for part in ("country", "name", "url")]
    identity = Identity(
        str(country), str(name), str(url), decode(document.get("public")),
        str(document.get("door", "")), str(document.get("authority", "")),
    )  # fmt: skip
    if not all(isinstance(text, str) and text for text in texts) or document != identity.document():
        raise Rejected(Code.MALFORMED, N_("The identity document lacks a part, or its key name does not fit its key"))
    if len(identity.country) != 2 or not identity.country.isupper():
        raise Rejected(
            Code.MALFORMED,
            N_("The identity document names %(country)s: expected a two-letter country code"),
            country=identity.country[:20],
        )
    if not identity.url.startswith(("https://", "http://")):
        raise Rejected(Code.MALFORMED, N_("The identity document's address must begin with https:// or http://"))
    _check_door(identity)
    if not verifies(identity.public, IDENTITY, document, raw.get("signature")):
        raise Rejected(Code.BAD_SIGNATURE, N_("The identity document's signature does not hold: it was altered"))
    return identity


def _check_door(identity: Identity) -> None:
    if not identity.door:
        return
    if not identity.door.startswith("https://"):
        raise Rejected(Code.MALFORMED, N_("The identity document's door must begin with https://"))
    certificates.check_authority(identity.authority)
