"""Commands of ``otay`` in the reader's language: help, epilogs and options, without Django."""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Callable
from typing import Any, cast

import click

from otay.core.i18n import LANGUAGES, N_, translate

_CHOSEN = "otay.language"


def preferred_language() -> str:
    """``OTAY_LANG``, else the language of the terminal, else English."""
    for name in ("OTAY_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "es" if value.lower().startswith("es") else "en"
    return "en"


def _language(ctx: click.Context) -> str:
    return str(ctx.meta.get(_CHOSEN) or preferred_language())


class _Translated:
    """A command whose help is translated when shown."""

    def _shown(self, ctx: click.Context) -> Any:
        shown: Any = copy.copy(self)
        for name in ("help", "short_help", "epilog"):
            if text := getattr(self, name):
                setattr(shown, name, translate(text, _language(ctx)))
        return shown

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, in the reader's language."""
        ctx = click.get_current_context(silent=True)
        shown = self._shown(ctx) if ctx else self
        return cast(str, super(_Translated, shown).get_short_help_str(limit))  # type: ignore[misc]

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The help page, in the reader's language."""
        super(_Translated, self._shown(ctx)).format_help(ctx, formatter)  # type: ignore[misc]


class Command(_Translated, click.Command):
    """One command."""


class Group(_Translated, click.Group):
    """A group of commands."""

    command_class = Command
    group_class = type


class Option(click.Option):
    """An option whose help is translated when shown."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Names and help, in the reader's language."""
        shown = copy.copy(self)
        shown.help = translate(self.help or "", _language(ctx))
        return super(Option, shown).get_help_record(ctx)


option = functools.partial(click.option, cls=Option)


def _remember_language(ctx: click.Context, param: click.Parameter, value: str | None) -> str:
    ctx.meta[_CHOSEN] = value or preferred_language()
    return str(ctx.meta[_CHOSEN])


def language_option(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """``--lang``, given to the command as its parameter ``name``; read first, so that help obeys it too."""
    return option(
        "--lang",
        name,
        type=click.Choice(LANGUAGES),
        is_eager=True,
        callback=_remember_language,
        help=N_("Language of the messages; OTAY_LANG sets it for all commands."),
    )
