"""``otay names``: screen names against a list, or score pairs of names; without a node."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import OtayError
from otay.core.findings import Finding, refuses
from otay.core.i18n import N_, translate
from otay.node.commandline import Console, Group, option, plain_command

if TYPE_CHECKING:
    from otay.engines.names.screening import Screened, Watchlist
    from otay.screening.name_tables import Listed

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
_OUT = click.Path(path_type=Path, dir_okay=False)
HIT_COLUMNS = (
    "query_row", "query_id", "query_name", "entry_row", "entry_id", "entry_name", "tier", "name_score", "birth_date",
    "document", "reasons",
)  # fmt: skip


@click.group(
    cls=Group,
    help=N_(
        "Names compared the way Spanish names work: screen people against a list, or score pairs of names.\n\n"
        "Every score comes with its reasons. Date of birth and document are evidence of their own."
    ),
)
def names() -> None:
    """Commands on names."""


@names.command(
    help=N_(
        "Screen every row of QUERIES against LIST and write the hits.\n\n"
        "Both are CSV with a column `name`, or `given`, `surname1` and `surname2`; and, where known, `birth_date`"
        " (1980-03-15, 1980-03 or 1980), `nationality`, `document`, `sex`, `kind` (person, organisation) and `id`.\n\n"
        "A hit is strong (the same document, or a close name with its date of birth), probable (a name with its date of"
        " birth, or a close name with a nearly equal one) or possible (a close name that nothing refutes). A name whose"
        " date of birth is another is no hit; how many there were is reported.\n\n"
        "The exit code is 1 if a row could not be screened."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay names screen travellers.csv watchlist.csv\n"
        "  otay names screen travellers.csv watchlist.csv --out hits.csv\n"
        "  otay names screen travellers.csv watchlist.csv --threshold 0.8 --json --lang es"
    ),
)
@click.argument("queries", type=_FILE)
@click.argument("list", type=_FILE)
@option("--out", type=_OUT, help=N_("Write the hits to this file; else to standard output."))
@option(
    "--threshold",
    type=click.FloatRange(0.3, 1.0),
    default=0.7,
    show_default=True,
    help=N_("The least score of a name. Names without a date of birth need 0.86 in any case."),
)
@plain_command
def screen(console: Console, queries: Path, list: Path, out: Path | None, threshold: float) -> None:
    """Screen a table against a list."""
    from otay.engines.names.screening import Watchlist
    from otay.screening.name_tables import read_parties, write_table

    asked, findings = read_parties(queries)
    listed, found = read_parties(list)
    findings += found
    watchlist = Watchlist([item.party for item in listed])
    screened = watchlist.screen([item.party for item in asked], threshold=threshold)
    rows = _hits(screened, watchlist, asked, listed, console.language)
    summary = {
        "queries": len(asked),
        "entries": len(listed),
        "hits": len(rows),
        "refuted_by_birth_date": screened.refuted,
    }
    if out:
        write_table(HIT_COLUMNS, rows, lambda text: _write(out, text))
    if console.as_json:
        shown = [finding.as_dict(console.language) for finding in findings]
        console.answer({**summary, **({} if out else {"results": rows}), "findings": shown}, "")
    else:
        if not out:
            write_table(HIT_COLUMNS, rows, lambda text: click.echo(text, nl=False))
        _show(findings, console)
        console.say(
            N_(
                "%(queries)d queries, %(entries)d entries, %(hits)d hits;"
                " %(refuted_by_birth_date)d close names set aside because the date of birth is another."
            ),
            **summary,
        )
    sys.exit(1 if refuses(findings) else 0)


@names.command(
    help=N_(
        "Score pairs of names: a CSV with columns `a` and `b` comes back with `score`, `hit` and `reasons` added.\n\n"
        "A column `kind` or `schema` may say what a pair names (person, company, organisation...)."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay names score pairs.csv\n"
        "  otay names score pairs.csv --threshold 0.8 --out scored.csv\n"
        "  otay names score pairs.csv --json --lang es"
    ),
)
@click.argument("pairs", type=_FILE)
@option("--out", type=_OUT, help=N_("Write the table to this file; else to standard output."))
@option(
    "--threshold",
    type=click.FloatRange(0.0, 1.0),
    default=0.7,
    show_default=True,
    help=N_("From this score on a pair is a hit."),
)
@plain_command
def score(console: Console, pairs: Path, out: Path | None, threshold: float) -> None:
    """Score a table of pairs."""
    from otay.engines.names.evidence import name_evidence
    from otay.engines.names.scoring import compare_texts
    from otay.screening.name_tables import organisation_of, read_table, write_table

    table = read_table(pairs, ("a", "b"))
    columns = [
        *(column for column in table.columns if column not in ("score", "hit", "reasons")),
        "score",
        "hit",
        "reasons",
    ]
    rows: list[dict[str, Any]] = []
    for row in table.rows:
        found = compare_texts(row.cells["a"], row.cells["b"], organisation_of(row))
        reasons = [evidence.text(console.language) for evidence in name_evidence(found)]
        shown: Any = reasons if console.as_json else "; ".join(reasons)
        value = round(found.score, 4)
        rows.append({**row.cells, "score": value, "hit": int(value >= threshold), "reasons": shown})
    findings = [finding.as_dict(console.language) for finding in table.findings]
    if out:
        plain = [{**row, "reasons": "; ".join(row["reasons"]) if console.as_json else row["reasons"]} for row in rows]
        write_table(columns, plain, lambda text: _write(out, text))
    if console.as_json:
        console.answer({"pairs": len(rows), **({} if out else {"results": rows}), "findings": findings}, "")
    else:
        if not out:
            write_table(columns, rows, lambda text: click.echo(text, nl=False))
        _show(table.findings, console)
    sys.exit(1 if refuses(table.findings) else 0)


def _hits(
    screened: Screened, watchlist: Watchlist, asked: Sequence[Listed], listed: Sequence[Listed], language: str
) -> list[Mapping[str, Any]]:
    rows: list[Mapping[str, Any]] = []
    for hit in screened.hits:
        query, entry = asked[hit.query], listed[hit.entry]
        reasons = [evidence.text(language) for evidence in watchlist.evidence(query.party, hit)]
        rows.append(
            {
                "query_row": query.row.number,
                "query_id": query.row.cells.get("id", ""),
                "query_name": query.party.name.text,
                "entry_row": entry.row.number,
                "entry_id": entry.row.cells.get("id", ""),
                "entry_name": entry.party.name.text,
                "tier": str(hit.tier),
                "name_score": round(hit.score, 4),
                "birth_date": hit.birth.name.lower(),
                "document": "equal" if hit.document else "",
                "reasons": "; ".join(reasons),
            }
        )
    return rows


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_text(text, encoding="utf-8", newline="")
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=path, reason=problem.strerror) from None


def _show(findings: Sequence[Finding], console: Console) -> None:
    for item in findings:
        parts = (item.place, item.text(console.language), item.remedy_text(console.language))
        severity = translate(str(item.severity), console.language)
        click.echo(f"{severity}: {' '.join(filter(None, parts))} [{item.rule}]", err=True)
