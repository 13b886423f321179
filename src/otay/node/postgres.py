"""PostgreSQL's own programs, for backup and restore."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from urllib.parse import unquote, urlsplit

from otay.core.errors import Conflict, OtayError
from otay.core.i18n import N_

_COUNT_TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'"


def is_postgres(url: str) -> bool:
    """True for a PostgreSQL address."""
    return urlsplit(url).scheme in {"postgresql", "postgres"}


def dump(url: str, file: Path) -> None:
    """Write database ``url`` to ``file`` in pg_dump's own format."""
    _run(url, ["pg_dump", "--format=custom", "--no-owner", f"--file={file}"])


def load(url: str, file: Path) -> None:
    """Fill the empty database ``url`` from ``file``, all of it or nothing.

    Raises:
        Conflict: when the database has tables already.
    """
    if _run(url, ["psql", "--no-psqlrc", "--tuples-only", "--no-align", f"--command={_COUNT_TABLES}"]).strip() != "0":
        raise Conflict(N_("The database is not empty and is not overwritten; name an empty one with --database"))
    name = unquote(urlsplit(url).path.lstrip("/"))
    _run(url, ["pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={name}", str(file)])


def _run(url: str, command: list[str]) -> str:
    parts = urlsplit(url)
    given = {
        "PGHOST": parts.hostname, "PGPORT": str(parts.port or ""), "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""), "PGDATABASE": unquote(parts.path.lstrip("/")),
    }  # fmt: skip
    # Through the environment, so that the password is not in the list of processes.
    environment = {**os.environ, **{name: value for name, value in given.items() if value}}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    except FileNotFoundError:
        raise OtayError(N_("%(program)s is not installed (package postgresql-client)"), program=command[0]) from None
    except subprocess.CalledProcessError as problem:
        raise OtayError(
            N_("%(program)s failed: %(problem)s"), program=command[0], problem=problem.stderr.strip()
        ) from None
    return done.stdout
