"""A node's own folder and the settings file in it: everything that makes this node one country's and no other's.

::

    HOME/
      node.toml       what an administrator may read and edit
      keys/           django.key (sessions), signing.pem (the node's Ed25519 key): owner-only
      db.sqlite3      unless node.toml names another database
      files/          message bytes and uploads
"""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from otay.core.codes import currency_known
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
    log: str = "line"
    """Form of the log on standard error: ``line`` for people, ``json`` for a collector."""
    telemetry: str = ""
    """Where OpenTelemetry traces go (OTLP over HTTP); empty: nowhere."""
    timestamps: str = ""
    """A time-stamping authority (RFC 3161) for evidence; empty: evidence carries no time stamp."""
    nats: str = ""
    """NATS server with JetStream that carries to the neighbours; empty: straight to their doors."""
    seal_mqtt: str = ""
    """MQTT broker whose electronic seals this node hears in its own process; empty: none."""
    seal_tcp: tuple[str, ...] = ()
    """Addresses at which this node's own process hears seals, ``HOST:PORT`` or ``HOST:PORT=PROTOCOL``."""
    exchange_url: str = ""
    """Address of the neighbours' door, with mutual TLS; empty: neighbours knock at ``url``."""
    currency: str = "USD"
    """Currency (ISO 4217) in which the node reckons; exchange rates are units of it."""
    rate_days: int = 95
    """Days after which an exchange rate that nothing followed is stale."""

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
    known = {
        "country", "name", "language", "time_zone", "url", "database", "demo", "durable", "trusted_origins",
        "exchange_url", "nats", "log", "telemetry", "timestamps", "seal_mqtt", "seal_tcp",
        "currency", "rate_days",
    }  # fmt: skip
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
    country, url = str(raw["country"]).upper(), str(raw["url"]).rstrip("/")
    zone, demo = str(raw.get("time_zone", "UTC")), bool(raw.get("demo", False))
    _check_values(path, country=country, url=url, zone=zone, demo=demo)
    exchange_url = str(raw.get("exchange_url", "")).rstrip("/")
    _check_exchange_url(path, exchange_url, url)
    return NodeConfig(
        home=home,
        country=country,
        name=str(raw["name"]),
        language=str(raw["language"]),
        time_zone=zone,
        url=url,
        database=os.environ.get("OTAY_DATABASE", str(raw.get("database", f"sqlite:///{home / 'db.sqlite3'}"))),
        demo=demo,
        durable=bool(raw.get("durable", True)),
        trusted_origins=tuple(raw.get("trusted_origins", ())),
        exchange_url=exchange_url,
        log=_log(path, str(raw.get("log", "line"))),
        telemetry=str(raw.get("telemetry", "")),
        timestamps=str(raw.get("timestamps", "")),
        nats=_nats(path, str(raw.get("nats", ""))),
        seal_mqtt=_seal_mqtt(path, str(raw.get("seal_mqtt", ""))),
        seal_tcp=_seal_tcp(path, raw.get("seal_tcp", [])),
        currency=_currency(path, str(raw.get("currency", "USD")).upper()),
        rate_days=_rate_days(path, raw.get("rate_days", 95)),
    )


def _check_values(path: Path, *, country: str, url: str, zone: str, demo: bool) -> None:
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise BadConfiguration(
            N_("%(path)s: country is %(value)s; expected two letters (ISO 3166)"), path=path, value=country
        )
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise BadConfiguration(N_("%(path)s: url is %(value)s; expected http(s)://host"), path=path, value=url)
    if demo and not is_loopback(parts.hostname):
        raise BadConfiguration(
            N_("%(path)s: a demo node is open to this machine alone; "
                "its url must be a loopback address, not %(value)s"),
            path=path, value=url,
        )  # fmt: skip
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadConfiguration(N_("%(path)s: time_zone %(value)s is not known"), path=path, value=zone) from None


def _currency(path: Path, value: str) -> str:
    if not currency_known(value):
        raise BadConfiguration(
            N_("%(path)s: currency is %(value)s; expected three letters (ISO 4217)"), path=path, value=value
        )
    return value


def _rate_days(path: Path, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= 3650:
        raise BadConfiguration(
            N_("%(path)s: rate_days is %(value)s; expected a number of days from 1 to 3650"), path=path, value=value
        )
    return value


def _log(path: Path, value: str) -> str:
    if value not in {"line", "json"}:
        raise BadConfiguration(N_("%(path)s: log is %(value)s; expected line or json"), path=path, value=value)
    return value


def _nats(path: Path, value: str) -> str:
    if value and (urlsplit(value).scheme not in {"nats", "tls"} or not urlsplit(value).hostname):
        raise BadConfiguration(
            N_("%(path)s: nats is %(value)s; expected nats://host:port or tls://host:port"), path=path, value=value
        )
    return value


def _seal_mqtt(path: Path, value: str) -> str:
    if value and (urlsplit(value).scheme not in {"mqtt", "mqtts"} or not urlsplit(value).hostname):
        raise BadConfiguration(
            N_("%(path)s: seal_mqtt is %(value)s; expected mqtt://host:port or mqtts://user@host:port"),
            path=path, value=value,
        )  # fmt: skip
    return value


def _seal_tcp(path: Path, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadConfiguration(
            N_("%(path)s: seal_tcp is %(value)s; expected a list such as [\"0.0.0.0:10011=jt701\"]"),
            path=path, value=value,
        )  # fmt: skip
    return tuple(value)


def _check_exchange_url(path: Path, value: str, url: str) -> None:
    parts = urlsplit(value)
    if value and (
        parts.scheme != "https" or not parts.hostname or not parts.port or parts.netloc == urlsplit(url).netloc
    ):
        raise BadConfiguration(
            N_("%(path)s: exchange_url is %(value)s; expected https://host:port, another port than that of url"),
            path=path, value=value,
        )  # fmt: skip


def default_exchange_url(url: str) -> str:
    """The neighbours' door of a node at ``url``: port 8443 of the same host; none for one that is not on HTTPS."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    return f"https://{f'[{host}]' if ':' in host else host}:8443" if parts.scheme == "https" and host else ""


def is_loopback(host: str) -> bool:
    """True for ``localhost`` and the addresses that never leave the machine."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def sqlite_path(url: str) -> Path:
    """The file that ``sqlite:///path`` names."""
    return Path("/" + unquote(urlsplit(url).path).lstrip("/"))  # four slashes or three


def _text(value: str) -> str:
    """``value`` as a TOML string (its escapes are those of JSON)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def create(
    home: Path,
    *,
    country: str,
    name: str,
    language: str,
    url: str,
    time_zone: str = "UTC",
    database: str | None = None,
    demo: bool = False,
    exchange_url: str = "",
    currency: str = "USD",
) -> NodeConfig:
    """Make the node's folder: settings and a session secret. An existing node.toml is never overwritten.

    Raises:
        BadConfiguration: when the folder already holds a node, or a setting cannot be.
    """
    path = home / FILE
    if path.exists():
        raise BadConfiguration(N_("%(path)s exists already: this folder holds a node"), path=path)
    settings: dict[str, Any] = {
        "country": country,
        "name": name,
        "language": language,
        "time_zone": time_zone,
        "url": url,
    }
    if exchange_url:
        settings["exchange_url"] = exchange_url
    if currency.upper() != "USD":
        settings["currency"] = currency.upper()
    _checked(home, path, {**settings, "demo": demo})
    keys = home / "keys"
    keys.mkdir(parents=True, exist_ok=True, mode=0o700)
    (home / "files").mkdir(exist_ok=True, mode=0o700)
    (home / "static").mkdir(exist_ok=True)  # the web server looks there first
    secret = keys / "django.key"
    if not secret.exists():
        secret.touch(mode=0o600)
        secret.write_text(secrets.token_urlsafe(64))
    lines = [f"{key} = {_text(value)}" for key, value in settings.items()]
    if database:
        lines.append(f"database = {_text(database)}")
    if demo:
        lines.append("demo = true  # invented people and firms; accepts loopback only")
    _write(path, lines)
    return load(home)


def set_database(home: Path, url: str | None) -> None:
    """Change the database that node.toml names; None: the SQLite file in the folder. Other lines stay as they are."""
    path = home / FILE
    lines = [
        line for line in path.read_text(encoding="utf-8").splitlines() if line.partition("=")[0].strip() != "database"
    ]
    _write(path, [*lines, f"database = {_text(url)}"] if url else lines)


def _write(path: Path, lines: list[str]) -> None:
    partial = path.with_suffix(".partial")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)  # it may name a database password
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(path)
