"""Writes the reference pages that are made from the program: ``python tools/reference.py LANGUAGE FOLDER``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import check_node
import click
from django.utils import translation

from otay.core.i18n import translate

Row = Iterable[object]
WORDS = {
    "Command": "Orden",
    "Commands": "Órdenes",
    "What it does": "Qué hace",
    "Option": "Opción",
    "Method": "Método",
    "Path": "Ruta",
    "Role": "Función",
    "Permission": "Permiso",
    "Key": "Clave",
    "Held by": "Quién lo tiene",
    "Second factor": "Segundo factor",
    "By port": "Por puerto",
    "yes": "sí",
    "no": "no",
    "Name": "Nombre",
    "Reads": "Lee",
    "Writes": "Escribe",
    "Indicator": "Indicador",
    "Unit": "Unidad",
    "Points": "Puntos",
    "How it is computed": "Cómo se calcula",
    "Record type": "Tipo de registro",
    "Field": "Campo",
    "Personal data": "Dato personal",
    "Roles and permissions": "Funciones y permisos",
    "Format": "Formato",
    "Formats": "Formatos",
    "Indicators": "Indicadores",
    "Shared records": "Registros compartidos",
    "The JSON API": "La API JSON",
}
INTRODUCTIONS = {
    "commands": (
        "Every command has `--help`, `--json` and `--lang en|es`. Exit code 0 means done, 1 refused, 2 misused.",
        "Toda orden acepta `--help`, `--json` y `--lang en|es`. El código de salida 0 significa hecho; 1, rechazado; "
        "2, mal usado.",
    ),
    "api": (
        "Every path starts with `/api/v1`. Send `Authorization: Bearer TOKEN`; an error is a problem document "
        "(RFC 9457) whose `findings` name each fault by place and rule. A running node serves the whole OpenAPI 3.1 "
        "document at `/api/v1/openapi.json`.",
        "Toda ruta empieza con `/api/v1`. Envíe `Authorization: Bearer TOKEN`; un error es un documento de problema "
        "(RFC 9457) cuyo `findings` nombra cada falta por lugar y regla. Un nodo en marcha ofrece el documento OpenAPI "
        "3.1 completo en `/api/v1/openapi.json`.",
    ),
    "roles": (
        "An administrator gives people roles; a role holds permissions. A role that is given by port counts at the "
        "ports named, or at all.",
        "La administración del nodo asigna funciones a las personas; cada función tiene permisos. Una función por "
        "puerto vale en los puertos nombrados, o en todos.",
    ),
    "indicators": (
        "What the page of the action plan measures, and which of the 22 points each indicator speaks to.",
        "Lo que mide la página del plan de acción, y de cuáles de los 22 puntos habla cada indicador.",
    ),
    "formats": (
        "What `otay read` recognises and what `otay read --as` writes.",
        "Lo que `otay read` reconoce y lo que `otay read --as` escribe.",
    ),
    "records": (
        "Record types that an agreement with the neighbour may name, with their fields. A field that the agreement "
        "does not name never leaves the node.",
        "Tipos de registro que un acuerdo con el país vecino puede nombrar, con sus campos. Un campo que el acuerdo no "
        "nombra nunca sale del nodo.",
    ),
}


class Writer:
    """Markdown in one language."""

    def __init__(self, language: str) -> None:
        self.language = language

    def word(self, english: str) -> str:
        """A heading of ours."""
        return WORDS[english] if self.language == "es" else english

    def text(self, template: str) -> str:
        """A text of a command, translated."""
        return translate(template, self.language)

    def page(self, key: str, title: str, body: Iterable[str]) -> str:
        """A whole page."""
        introduction = INTRODUCTIONS[key][self.language == "es"]
        return "\n".join([f"# {self.word(title)}", "", introduction, "", *body, ""])

    def table(self, titles: Iterable[str], rows: Iterable[Row]) -> Iterator[str]:
        """A table with a head."""
        heads = [self.word(title) for title in titles]
        yield "| " + " | ".join(heads) + " |"
        yield "|" + " --- |" * len(heads)
        for row in rows:
            yield "| " + " | ".join(_cell(value) for value in row) + " |"
        yield ""

    def yes(self, value: bool) -> str:
        """Yes or no."""
        return self.word("yes" if value else "no")


def _cell(value: object) -> str:
    return " ".join(str(value).split()).replace("|", "\\|").replace("<", "&lt;")


# --- the pages --------------------------------------------------------------------------------------------------


def commands(writer: Writer) -> str:
    """Every command with its options."""
    from otay.cli import main

    def of(command: click.Command, parents: list[str]) -> Iterator[str]:
        names = [*parents, command.name or ""]
        yield f"{'#' * min(len(names), 4)} `{' '.join(names)}`"
        yield ""
        yield from [_paragraphs(writer.text(command.help or "")), ""]
        options = [p for p in command.params if isinstance(p, click.Option) and not p.hidden]
        if options:
            yield from writer.table(
                ["Option", "What it does"],
                (
                    [", ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)), writer.text(p.help or "")]
                    for p in options
                ),
            )
        if command.epilog:
            yield from [_paragraphs(writer.text(command.epilog)), ""]
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                if found := command.get_command(context, name):
                    found.name = name
                    yield from of(found, names)

    main.name = "otay"
    body = [line for name in main.list_commands(click.Context(main)) for line in of(_named(main, name), ["otay"])]
    return writer.page("commands", "Commands", body)


def _named(group: click.Group, name: str) -> click.Command:
    command = group.get_command(click.Context(group), name)
    if command is None:
        raise SystemExit(f"otay {name}: no such command")
    command.name = name
    return command


def _paragraphs(text: str) -> str:
    r"""Click's help as Markdown: what stands behind ``\b`` is shown as it is."""
    return "\n\n".join(
        f"```text\n{part.removeprefix(chr(8)).strip(chr(10))}\n```" if part.startswith("\b") else part
        for part in text.strip().split("\n\n")
    )


def api(writer: Writer) -> str:
    """Every operation, by room."""
    from otay.web.api import api as served

    schema: Mapping[str, Any] = served.get_openapi_schema(path_prefix="")
    by_tag: dict[str, list[Row]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["-"])[0]
            told = operation.get("description") or operation.get("summary", "")
            by_tag.setdefault(tag, []).append([method.upper(), f"`{path}`", told])
    body: list[str] = []
    for tag, rows in sorted(by_tag.items()):
        body += [f"## {tag}", "", *writer.table(["Method", "Path", "What it does"], rows)]
    return writer.page("api", "The JSON API", body)


def roles(writer: Writer) -> str:
    """Roles, and every permission with those who hold it."""
    from otay.node import roles as known

    body = writer.table(
        ["Role", "Key", "Second factor", "By port"],
        ([r.title, f"`{r.key}`", writer.yes(r.second_factor), writer.yes(r.per_port)] for r in known.ROLES.values()),
    )
    permissions = writer.table(
        ["Permission", "What it does", "Held by"],
        (
            [f"`{p.key}`", p.title, ", ".join(sorted(str(known.ROLES[role].title) for role in p.held_by))]
            for p in sorted(known.PERMISSIONS.values(), key=lambda p: p.key)
        ),
    )
    return writer.page("roles", "Roles and permissions", [*body, *permissions])


def indicators(writer: Writer) -> str:
    """Every registered indicator."""
    from otay.node import registry

    rows = [
        [item.title, ", ".join(map(str, item.points)), item.unit or "-", item.explanation]
        for item in registry.indicators
    ]
    return writer.page(
        "indicators", "Indicators", writer.table(["Indicator", "Points", "Unit", "How it is computed"], rows)
    )


def formats(writer: Writer) -> str:
    """Every format that is read, and those that are written."""
    from otay.formats.registry import formats as known

    rows = [
        [f"`{item.key}`", writer.text(item.title), writer.yes(True), writer.yes(item.write is not None)]
        for item in known().values()
    ]
    return writer.page("formats", "Formats", writer.table(["Name", "Format", "Reads", "Writes"], rows))


def records(writer: Writer) -> str:
    """Every record type that may be exchanged."""
    from otay.exchange.registry import record_types

    body: list[str] = []
    for item in record_types:
        body += [f"## {item.title} (`{item.key}`)", ""]
        body += writer.table(
            ["Field", "What it does", "Personal data"],
            ([f"`{field.name}`", field.title, writer.yes(field.personal)] for field in item.fields),
        )
    return writer.page("records", "Shared records", body)


PAGES: dict[str, Callable[[Writer], str]] = {
    "commands": commands,
    "api": api,
    "roles": roles,
    "indicators": indicators,
    "formats": formats,
    "records": records,
}


def main(language: str, folder: Path) -> None:
    """All pages in ``language``."""
    import os

    home = Path(os.environ["OTAY_HOME"])
    check_node.main(home)
    from otay.node.commandline import setup

    setup(home)
    folder.mkdir(parents=True, exist_ok=True)
    with translation.override("es-mx" if language == "es" else "en"):
        for name, page in PAGES.items():
            (folder / f"{name}.md").write_text(page(Writer(language)), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
