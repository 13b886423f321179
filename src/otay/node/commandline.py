r"""What every ``otay`` command that works on a node shares: options, languages, output and errors.

A room's ``commands.py``::

    from otay.node.commandline import Console, Group, node_command, option

    @click.group(cls=Group, help=N_("The neighbour."))
    def exchange() -> None: ...

    @exchange.command(help=N_("What is waiting."), epilog=N_("\b\nExamples:\n  otay exchange status --json"))
    @option("--limit", type=int, default=20, show_default=True, help=N_("How many to list."))
    @node_command
    def status(console: Console, limit: int) -> None:
        from otay.exchange.queries import ...        # models only after the node is set up
        console.answer({"waiting": 3}, console.text(N_("%(count)d messages are waiting"), count=3))

``@node_command`` stands last (nearest to the function): it adds ``--home``, ``--json`` and ``--lang``, sets Django up
for the node, and turns an :class:`OtayError` into a message on standard error and exit code 1 (misuse is 2, as click
has it).
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from otay.core.errors import OtayError
from otay.core.i18n import N_, translate
from otay.core.terminal import Command, Group, Option, language_option, option, preferred_language
from otay.node import config

__all__ = [
    "Command", "Console", "Group", "Option", "node_command", "option", "plain_command", "preferred_language", "setup",
]  # fmt: skip

_F = TypeVar("_F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Console:
    """Where a command answers: JSON for programs, sentences in the reader's language for people."""

    language: str = "en"
    as_json: bool = False

    def text(self, template: str, **params: object) -> str:
        """``template`` in the reader's language."""
        return translate(template, self.language, **params)

    def say(self, template: str, **params: object) -> None:
        """A line of progress; on standard error, so that it never mixes with an answer."""
        click.echo(self.text(template, **params), err=True)

    def answer(self, data: Any, text: str) -> None:
        """The command's result: ``data`` with ``--json``, else ``text``."""
        click.echo(json.dumps(data, ensure_ascii=False, default=str) if self.as_json else text)

    def problem(self, problem: OtayError) -> None:
        """What went wrong, on standard error."""
        if self.as_json:
            findings = [finding.as_dict(self.language) for finding in problem.findings]
            click.echo(
                json.dumps({"error": problem.text(self.language), "findings": findings}, ensure_ascii=False), err=True
            )
            return
        click.echo(problem.text(self.language), err=True)
        for finding in problem.findings:
            click.echo(f"  {finding.place}: {finding.advice(self.language)}", err=True)


def setup(home: Path | None = None) -> config.NodeConfig:
    """Make this process the node of ``home`` (else of ``OTAY_HOME``): settings read, apps ready.

    Raises:
        BadConfiguration: when there is no node, or its settings are wrong.
    """
    node = config.load(home.resolve() if home else config.node_home())
    os.environ["OTAY_HOME"] = str(node.home)
    os.environ["DJANGO_SETTINGS_MODULE"] = "otay.web.settings"
    import django

    django.setup()
    return node


def plain_command(function: _F) -> _F:
    """Options ``--json`` and ``--lang`` and the errors of the house, for a command that needs no node."""

    @functools.wraps(function)
    def run(*args: Any, as_json: bool, lang: str, **options: Any) -> Any:
        console = Console(lang, as_json)
        try:
            return function(console, *args, **options)
        except OtayError as problem:
            console.problem(problem)
            sys.exit(1)

    decorated = option("--json", "as_json", is_flag=True, help=N_("Answer in JSON."))(run)
    return cast(_F, language_option("lang")(decorated))


def node_command(function: _F) -> _F:
    """Options ``--home``, ``--json``, ``--lang``; Django set up for the node; the errors of the house."""

    @functools.wraps(function)
    def run(console: Console, *args: Any, home: Path | None, **options: Any) -> Any:
        setup(home)
        from django.utils import translation

        with translation.override("es-mx" if console.language == "es" else "en"):
            return function(console, *args, **options)

    decorated = option(
        "--home",
        type=click.Path(path_type=Path, file_okay=False),
        help=N_("Folder of the node; else OTAY_HOME, else ./node."),
    )(run)
    return plain_command(cast(_F, decorated))
