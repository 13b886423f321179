"""Invented people and programs of a demo node, and the sheet that says how to sign in as one of them.

Passwords, second-factor secrets and tokens are random for each demo home and stand in ``keys/demo-people.json``, which
its owner alone can read. They are shown on the sign-in page only by a demo node on a loopback address.
"""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa import app_settings as mfa_settings
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.conf import settings
from django.db import transaction

from otay.core.errors import Forbidden
from otay.core.i18n import N_
from otay.node import roles, services
from otay.node.actors import SYSTEM
from otay.node.config import NodeConfig, is_loopback
from otay.node.models import ApiClient, User

FILE = "demo-people.json"

# Invented names. (role, port, user name, name, firm); ports are codes of the schedule of ports of entry.
_CAST: dict[str, tuple[tuple[str, str, str, str, str], ...]] = {
    "US": (
        ("port_officer", "2506", "officer.otay", "Dana Whitlock", ""),
        ("supervisor", "2506", "supervisor.otay", "Marcus Bellamy", ""),
        ("port_officer", "2304", "officer.laredo", "Elena Castañeda", ""),
        ("supervisor", "2304", "supervisor.laredo", "Howard Tran", ""),
        ("targeting", "*", "targeting", "Priya Raman", ""),
        ("trusted_programme", "*", "trusted", "Joel Abernathy", ""),
        ("transit", "*", "transit", "Rosa Delgadillo", ""),
        ("investigations", "*", "investigator", "Neil Okafor", ""),
        ("planner", "*", "planner", "Grace Lindqvist", ""),
        ("rescue", "*", "rescue", "Tom Yazzie", ""),
        ("auditor", "*", "auditor", "Ruth Feldman", ""),
        ("administrator", "*", "admin", "Sam Ortega", ""),
        ("trader", "*", "broker", "Nora Whitfield", "otay-demo-broker"),
        ("carrier", "*", "carrier", "Luis Armenta", "otay-demo-carrier"),
    ),
    "MX": (
        ("port_officer", "2506", "oficial.otay", "Ximena Robledo", ""),
        ("supervisor", "2506", "supervisor.otay", "Arturo Villaseñor", ""),
        ("port_officer", "2304", "oficial.laredo", "Jimena Cantú", ""),
        ("supervisor", "2304", "supervisor.laredo", "Héctor Garza", ""),
        ("targeting", "*", "analisis", "Mariana Quiroz", ""),
        ("trusted_programme", "*", "confianza", "Iván Lozano", ""),
        ("transit", "*", "transito", "Beatriz Macías", ""),
        ("investigations", "*", "investigacion", "Ulises Carrasco", ""),
        ("planner", "*", "planeacion", "Paulina Escobedo", ""),
        ("rescue", "*", "rescate", "Fermín Yocupicio", ""),
        ("auditor", "*", "auditoria", "Lucía Barragán", ""),
        ("administrator", "*", "admin", "Rodrigo Peñaloza", ""),
        ("trader", "*", "agente", "Teresa Montemayor", "otay-demo-broker"),
        ("carrier", "*", "transportista", "Joaquín Bañuelos", "otay-demo-carrier"),
    ),
}
# (key, name, role, firm)
_PROGRAMS = (
    ("demo-broker", "Demo broker's program (invented)", "trader", "otay-demo-broker"),
    ("demo-carrier", "Demo carrier's program (invented)", "carrier", "otay-demo-carrier"),
    ("demo-life", "Player of border life (invented)", "supervisor", ""),
)


def is_open(node: NodeConfig) -> bool:
    """True for a demo node whose own address is a loopback one: only there is the sheet shown."""
    return node.demo and is_loopback(urlsplit(node.url).hostname or "")


def seed() -> None:
    """Make one invented person a role and the programs of the demo; a second call adds what is missing.

    Raises:
        Forbidden: on a node that is not a demo on a loopback address.
    """
    node: NodeConfig = settings.OTAY
    if not is_open(node):
        raise Forbidden(N_("Invented people exist only on a demo node whose url is a loopback address"))
    known = _read(node.home)
    with transaction.atomic():
        present = set(User.objects.values_list("username", flat=True))
        people = [entry for entry in known.get("people", []) if entry["username"] in present]
        people += [_person(node, *row) for row in _CAST.get(node.country, _CAST["US"]) if row[2] not in present]
        present = set(ApiClient.objects.values_list("key", flat=True))
        programs = [entry for entry in known.get("programs", []) if entry["key"] in present]
        programs += [_program(*row) for row in _PROGRAMS if row[0] not in present]
        # Inside the transaction: an account whose password stands nowhere must not come to be.
        _write(node.home, {"people": people, "programs": programs})


def _person(node: NodeConfig, role: str, port: str, username: str, name: str, party: str) -> dict[str, str]:
    password = "-".join(secrets.token_hex(2) for _ in range(4))
    language = "" if role in {"trader", "carrier"} else node.language
    user = services.create_person(
        actor=SYSTEM, username=username, name=name, password=password, roles=[(role, port)], party=party,
        language=language, invented=True,
    )  # fmt: skip
    entry = {"username": username, "name": name, "role": role, "port": port, "party": party, "password": password}
    if roles.ROLES[role].second_factor:
        secret = generate_totp_secret()
        TOTP.activate(user, secret)
        entry["totp"] = secret
    return entry


def _program(key: str, name: str, role: str, party: str) -> dict[str, str]:
    token = services.create_client(actor=SYSTEM, key=key, name=name, role=role, party=party, invented=True)
    return {"key": key, "name": name, "role": role, "party": party, "token": token}


def sheet(home: Path) -> dict[str, list[dict[str, Any]]]:
    """``{"people": [...], "programs": [...]}``: who can sign in and how, with the codes valid now (``code``)."""
    found = _read(home)
    people = [
        {
            **person,
            "title": roles.ROLES[person["role"]].title,
            "code": code_now(person["totp"]) if "totp" in person else "",
        }
        for person in found.get("people", [])
    ]
    return {"people": people, "programs": found.get("programs", [])}


def token_of(home: Path, key: str) -> str:
    """The token of program ``key`` of the demo.

    Raises:
        KeyError: when the demo has no such program.
    """
    tokens: dict[str, str] = {program["key"]: program["token"] for program in _read(home).get("programs", [])}
    return tokens[key]


def code_now(secret: str) -> str:
    """The six digits an authenticator app would show."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // mfa_settings.TOTP_PERIOD)))


def _read(home: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((home / "keys" / FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def _write(home: Path, content: dict[str, Any]) -> None:
    partial = home / "keys" / (FILE + ".partial")
    partial.unlink(missing_ok=True)
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, indent=2)
    partial.replace(home / "keys" / FILE)
