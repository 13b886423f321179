"""Files named on the command line: what they hold, or what is wrong with their names."""

from __future__ import annotations

import sys

import click

from otay.core.i18n import N_, translate
from otay.formats.registry import MAX_BYTES

STDIN = "-"


def content(file: str, language: str) -> bytes:
    """At most one byte more than the bound, so that what is too large is seen without being loaded.

    Raises:
        click.UsageError: in ``language``, if there is nothing to read.
    """
    try:
        if file == STDIN:
            return sys.stdin.buffer.read(MAX_BYTES + 1)
        with open(file, "rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message, reason = N_("%(file)s: there is no such file."), ""
    except IsADirectoryError:
        message, reason = N_("%(file)s is a folder: name the files in it."), ""
    except (OSError, ValueError) as failure:
        message, reason = N_("%(file)s cannot be read: %(reason)s."), getattr(failure, "strerror", None) or str(failure)
    raise click.UsageError(translate(message, language, file=file, reason=reason))
