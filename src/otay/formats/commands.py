"""``otay read``: read any message that Otay knows, without a node."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import click

from otay.core.errors import OtayError
from otay.core.findings import Finding, error, refuses
from otay.core.i18n import N_, translate
from otay.core.terminal import Command, language_option, option
from otay.formats.files import STDIN, content
from otay.formats.registry import ReadResult, formats, messages
from otay.formats.registry import read as read_message


def _answer(data: object) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, default=str))


def _list_formats(language: str, as_json: bool) -> None:
    known = [
        {"format": item.key, "title": translate(item.title, language), "writes": item.write is not None}
        for item in formats().values()
    ]
    if as_json:
        _answer(known)
        return
    width = max(len(str(entry["format"])) for entry in known)
    for entry in known:
        direction = N_("reads and writes") if entry["writes"] else N_("reads")
        click.echo(f"{entry['format']:<{width}}  {entry['title']} ({translate(direction, language)})")


def _misuse(language: str, message: str, **params: object) -> click.UsageError:
    return click.UsageError(translate(message, language, **params))


def _load(file: str, format: str, language: str) -> ReadResult:
    return read_message(content(file, language), format=format, name="" if file == STDIN else file)


def show(findings: Sequence[Finding], language: str) -> None:
    """Findings as text, on standard error."""
    for item in findings:
        parts = [part for part in (item.place, item.text(language), item.remedy_text(language)) if part]
        click.echo(f"{item.severity}: {' '.join(parts)} [{item.rule}]", err=True)


def _convert(result: ReadResult, target: str) -> tuple[list[bytes], ReadResult]:
    """The messages written; what cannot be expressed in the target joins the findings."""
    if not result.records:
        return [], result
    try:
        return messages(result, target), result
    except OtayError as problem:
        found = problem.findings or (error("", "write.refused", problem.template, **problem.params),)
        return [], replace(result, findings=(*result.findings, *found))


def _report(file: str, result: ReadResult, language: str) -> dict[str, Any]:
    findings = [item.as_dict(language) for item in result.findings]
    return {"file": file, "format": result.format, "records": result.records, "findings": findings}


def _write_out(files: Sequence[str], format: str, target: str, language: str, as_json: bool) -> bool:
    refused = False
    for file in files:
        written, result = _convert(_load(file, format, language), target)
        refused = refused or refuses(result.findings)
        if len(files) == 1 and len(written) <= 1 and not as_json:
            show(result.findings, language)
            sys.stdout.buffer.write(b"".join(written))
            sys.stdout.buffer.flush()
            continue
        try:
            texts = [message.decode() for message in written]
        except UnicodeDecodeError:
            problem = N_("%(name)s is not text: write one file at a time, without --json.")
            raise _misuse(language, problem, name=target) from None
        report = _report(file, result, language)
        _answer({key: report[key] for key in ("file", "format", "findings")} | {"as": target, "messages": texts})
    return refused


def _write_template(name: str, language: str) -> None:
    chosen = formats().get(name)
    if chosen is None or chosen.template is None:
        known = ", ".join(key for key, item in formats().items() if item.template)
        raise _misuse(language, N_("There is no template %(name)s: use one of %(formats)s."), name=name, formats=known)
    sys.stdout.buffer.write(chosen.template(language))
    sys.stdout.buffer.flush()


def _check_names(format: str, target: str, language: str) -> None:
    for name, extra in ((format, "auto"), (target, "json")):
        if name != extra and name not in formats():
            known = ", ".join([extra, *formats()])
            message = N_("There is no format %(name)s: use one of %(formats)s.")
            raise _misuse(language, message, name=name, formats=known)
    if target != "json" and formats()[target].write is None:
        raise _misuse(language, N_("%(name)s is read but not written."), name=target)


@click.command(
    cls=Command,
    help=N_(
        "Read messages and say what they hold and what is wrong with them.\n\n"
        "Prints one JSON object a file, a line each: file, format, records, findings. FILE may be - for standard "
        "input. "
        "Exit code: 0 when nothing is worse than a warning, 1 when something was refused, 2 on misuse."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay read declaration.xml\n"
        "  otay read --lang es batch.csv\n"
        "  otay read declaration.xml --as wco > same.xml\n"
        "  otay read declaration.json --as wco > declaration.xml\n"
        "  cat declaration.json | otay read - --format declaration\n"
        "  otay read --template xlsx > batch.xlsx\n"
        "  otay read --formats"
    ),
)
@click.argument("files", nargs=-1, metavar="FILE...")
@option("--format", "format", default="auto", metavar="auto|NAME", help=N_("What the files are; auto looks inside."))
@option("--as", "target", default="json", metavar="json|NAME", help=N_("Write the message back out in this format."))
@option("--formats", "list_formats", is_flag=True, help=N_("List the formats and stop."))
@option("--template", metavar="NAME", help=N_("Write an example to fill in, and stop (csv, xlsx)."))
@option("--json", "as_json", is_flag=True, help=N_("JSON also where text is the rule (--formats, --as)."))
@language_option("language")
@click.pass_context
def read(
    ctx: click.Context,
    files: tuple[str, ...],
    format: str,
    target: str,
    list_formats: bool,
    template: str | None,
    as_json: bool,
    language: str,
) -> None:
    """Read messages and say what they hold."""
    if list_formats:
        _list_formats(language, as_json)
        return
    if template:
        _write_template(template, language)
        return
    if not files:
        raise _misuse(language, N_("Name at least one file, or - for standard input."))
    _check_names(format, target, language)
    if target != "json":
        ctx.exit(1 if _write_out(files, format, target, language, as_json) else 0)
    refused = False
    for file in files:
        result = _load(file, format, language)
        refused = refused or refuses(result.findings)
        _answer(_report(file, result, language))
    ctx.exit(1 if refused else 0)
