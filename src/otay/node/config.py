"""A node's own folder and the settings file in it: everything that makes this node one country's and no other's.

::

    HOME/
      node.toml       what an administrator may read and edit
      keys/           django.key (sessions), signing.pem (the node's Ed25519 key): owner-only
      db.sqlite3      unless node.toml names another database
      files/          message bytes and uploads
"""

from __future__ import annotations

import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from otay.core.errors import OtayError
from otay.core.i18n import N_

FILE = "node.toml"
LANGUAGES = ("en", "es-mx")


class BadConfiguration(OtayError):
    """node.toml is missing or says something that cannot be."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """What node.toml says. ``country`` is the ISO 3166 alpha-2 code of the administration that runs the node."""

    home: Path
    country: str
    name: str
    language: str
    time_zone: str
    url: str
    database: str
    demo: bool = False
    durable: bool = True
    trusted_origins: tuple[str, ...] = ()

    @property
    def keys(self) -> Path:
        """Folder of the secrets, readable by the owner alone."""
        return self.home / "keys"

    @property
    def files(self) -> Path:
        """Folder of message bytes and uploads."""
        return self.home / "files"

    def secret_key(self) -> str:
        """Django's secret, from ``keys/django.key``."""
        return (self.keys / "django.key").read_text().strip()


def node_home() -> Path:
    """The folder named by ``OTAY_HOME``, else ``./node``."""
    return Path(os.environ.get("OTAY_HOME", "node")).resolve()


def load(home: Path) -> NodeConfig:
    """Read ``home/node.toml``.

    Raises:
        BadConfiguration: when the file is missing, is not TOML, or lacks or misspells a setting.
    """
    path = home / FILE
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadConfiguration(
            N_("%(path)s does not exist. Create a node with: otay node init %(home)s --country US"),
            path=path,
            home=home,
        ) from None
    except tomllib.TOMLDecodeError as problem:
        raise BadConfiguration(N_("%(path)s is not valid TOML: %(problem)s"), path=path, problem=problem) from None
    return _checked(home, path, raw)


def _checked(home: Path, path: Path, raw: dict[str, Any]) -> NodeConfig:
    known = {"country", "name", "language", "time_zone", "url", "database", "demo", "durable", "trusted_origins"}
    if unknown := sorted(set(raw) - known):
        raise BadConfiguration(
            N_("%(path)s: unknown setting %(unknown)s; known are %(known)s"),
            path=path,
            unknown=", ".join(unknown),
            known=", ".join(sorted(known)),
        )
    if missing := sorted({"country", "name", "language", "url"} - set(raw)):
        raise BadConfiguration(N_("%(path)s: %(missing)s is missing"), path=path, missing=", ".join(missing))
    if raw["language"] not in LANGUAGES:
        raise BadConfiguration(
            N_("%(path)s: language is %(value)s; expected one of %(known)s"),
            path=path,
            value=raw["language"],
            known=", ".join(LANGUAGES),
        )
    return NodeConfig(
        home=home,
        country=str(raw["country"]).upper(),
        name=str(raw["name"]),
        language=str(raw["language"]),
        time_zone=str(raw.get("time_zone", "UTC")),
        url=str(raw["url"]).rstrip("/"),
        database=os.environ.get("OTAY_DATABASE", str(raw.get("database", f"sqlite:///{home / 'db.sqlite3'}"))),
        demo=bool(raw.get("demo", False)),
        durable=bool(raw.get("durable", True)),
        trusted_origins=tuple(raw.get("trusted_origins", ())),
    )


def create(
    home: Path, *, country: str, name: str, language: str, url: str, time_zone: str = "UTC", demo: bool = False
) -> NodeConfig:
    """Make the node's folder: settings and a session secret. An existing node.toml is never overwritten.

    Raises:
        BadConfiguration: when the folder already holds a node.
    """
    path = home / FILE
    if path.exists():
        raise BadConfiguration(N_("%(path)s exists already: this folder holds a node"), path=path)
    keys = home / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "files").mkdir(exist_ok=True, mode=0o700)
    secret = keys / "django.key"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(64))
    lines = [
        f'country = "{country}"',
        f'name = "{name}"',
        f'language = "{language}"',
        f'time_zone = "{time_zone}"',
        f'url = "{url}"',
    ]
    if demo:
        lines.append("demo = true  # invented people and firms; accepts loopback only")
    partial = path.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(path)
    return load(home)
