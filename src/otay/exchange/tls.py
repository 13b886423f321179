"""The node's certificates on disk, and the two TLS contexts they make: of its door, and of its calls to a neighbour.

::

    HOME/keys/tls-authority.pem   key and certificate of the node's own authority
    HOME/keys/tls-door.pem        key and certificate of its door, renewed here
    HOME/keys/tls-neighbours.pem  authorities of the neighbours it trusts: who may knock
"""

from __future__ import annotations

import hashlib
import os
import ssl
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from otay.exchange import keystore
from otay.exchange.domain import certificates
from otay.exchange.domain.certificates import Certified

_END_OF_KEY = b"-----END PRIVATE KEY-----\n"


def wanted() -> bool:
    """True if this node's door speaks mutual TLS: node.toml names ``exchange_url``."""
    return bool(settings.OTAY.exchange_url)


def authority() -> Certified:
    """The node's own authority; made at the first call."""
    file = _file("tls-authority.pem")
    if not file.exists():
        made = certificates.new_authority(keystore.own_country(), at=keystore.real_now())
        keystore.write_once(file, made.key + made.certificate)
    return _split(file)


def door() -> Certified:
    """The certificate of the node's door, made anew when it is about to end or the door has moved."""
    host = urlsplit(settings.OTAY.exchange_url).hostname or "localhost"
    file = _file("tls-door.pem")
    at = keystore.real_now()
    if not file.exists() or certificates.is_due(_split(file).certificate, host, at=at):
        made = certificates.new_door(authority(), keystore.own_country(), host, at=at)
        keystore.write_over(file, made.key + made.certificate)
    return _split(file)


def authority_pem() -> str:
    """What the identity document shows: the authority's certificate; empty without mutual TLS."""
    return authority().certificate.decode() if wanted() else ""


def context_to(neighbour_authority: str) -> ssl.SSLContext:
    """For calls to a neighbour: TLS 1.3, its authority and no other, and our certificate."""
    door()
    file = _file("tls-door.pem")
    return _context(neighbour_authority, file, file.stat().st_mtime_ns)


@lru_cache(maxsize=16)
def _context(neighbour_authority: str, own: Path, changed: int) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cadata=neighbour_authority)
    context.load_cert_chain(own)
    return context


def write_neighbours(authorities: list[str]) -> Path:
    """The file of those who may knock. Without any neighbour it names our own authority, whose key none of them has."""
    file = _file("tls-neighbours.pem")
    keystore.write_over(file, "".join(authorities or [authority_pem()]).encode())
    return file


def write_door() -> tuple[Path, Path]:
    """Certificate and key of the door as two files, for a server that wants them apart."""
    made = door()
    files = _file("tls-door.crt"), _file("tls-door.key")
    for file, content in zip(files, (made.certificate, made.key), strict=True):
        keystore.write_over(file, content)
    return files


def fingerprint(authorities: list[str]) -> str:
    """Changes when the door must be opened anew: other neighbours, or another certificate of ours."""
    return hashlib.sha256("".join(authorities).encode() + door().certificate).hexdigest()


def _file(name: str) -> Path:
    return Path(settings.OTAY.keys) / name


def _split(file: Path) -> Certified:
    key, mark, certificate = file.read_bytes().partition(_END_OF_KEY)
    return Certified(key + mark, certificate)


def is_door_process() -> bool:
    """True in the process that serves the door, and wherever no other door exists."""
    return not wanted() or os.environ.get("OTAY_DOOR") == "1"
