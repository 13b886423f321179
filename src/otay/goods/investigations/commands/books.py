"""``otay fraud match`` and ``otay fraud simulate``."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import OtayError, Refused
from otay.core.i18n import N_
from otay.goods.investigations.commands.showing import FILE, OUT, mapping_option, show_findings
from otay.node.commandline import Command, Console, option, plain_command

if TYPE_CHECKING:
    from otay.goods.investigations.book_files import Summary


@click.command(
    cls=Command,
    help=N_(
        "Match the export records of one country with the import records of the other: which belong together, and how"
        " each element of the pair stands.\n\n"
        "Shared references come first, then a scored assignment by goods, parties, vehicle, container, seal, mass and"
        " time, then consignments in parts. Innocent causes of a difference are named (timing, basis, unit, low value,"
        " re-export, split, merged). What stands alone on either side goes to a second table.\n\n"
        "Each table needs a reference, an invoice, a transport document or a goods code; every other column helps."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay fraud match exports.parquet imports.parquet --out pairs.parquet\n"
        "  otay fraud match exports.csv imports.csv --out pairs.csv --rates rates.csv --base USD\n"
        "  otay fraud match year-exports.parquet year-imports.parquet --out pairs.parquet --slice-days 14"
    ),
)
@click.argument("exports", type=FILE, metavar="EXPORTS")
@click.argument("imports", type=FILE, metavar="IMPORTS")
@option("--out", type=OUT, required=True, help=N_("The table of pairs: Parquet, or CSV when it is named so."))
@option("--unmatched", type=OUT, help=N_("The table of what stands alone; else beside the pairs, named .unmatched."))
@mapping_option
@option("--rates", type=FILE, help=N_("Exchange rates: a table with currency, date, rate (base units for one)."))
@option("--base", default="USD", show_default=True, help=N_("Currency of the rates."))
@option(
    "--value-tolerance",
    type=click.FloatRange(0, 1),
    default=0.05,
    show_default=True,
    help=N_("Share by which values on one basis may differ."),
)
@option(
    "--mass-tolerance",
    type=click.FloatRange(0, 1),
    default=0.03,
    show_default=True,
    help=N_("Share by which masses may differ."),
)
@option(
    "--low-value",
    type=click.FloatRange(0),
    default=2500.0,
    show_default=True,
    help=N_("Value below which the exporting country need not record an export."),
)
@option(
    "--slice-days",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help=N_("Work through time in slices of so many days, in bounded memory; 0: all at once."),
)
@option(
    "--window-days",
    type=click.IntRange(1),
    default=75,
    show_default=True,
    help=N_("With slices: days after an export within which its import is looked for; memory grows with them."),
)
@plain_command  # fmt: skip
def match(
    console: Console, exports: Path, imports: Path, out: Path, unmatched: Path | None, mapping: Path | None,
    rates: Path | None, base: str, value_tolerance: float, mass_tolerance: float, low_value: float, slice_days: int,
    window_days: int,
) -> None:  # fmt: skip
    """Match two books."""
    from otay.engines.fraud.mirror.comparing import Tolerances
    from otay.goods.investigations.book_files import match_files, read_rates, side_mapping

    names = _json(mapping) if mapping else {}
    alone_out = unmatched or out.with_name(f"{out.stem}.unmatched{out.suffix}")

    def progress(day: date) -> None:
        if not console.as_json:
            console.say(N_("Slice from %(day)s"), day=day)

    summary, findings = match_files(
        exports,
        imports,
        out,
        alone_out,
        mappings=(side_mapping(names, "exports"), side_mapping(names, "imports")),
        rates=read_rates(rates, base.upper()),
        tolerances=Tolerances(value=value_tolerance, mass=mass_tolerance, low_value=low_value),
        slice_days=slice_days,
        window_days=window_days,
        progress=progress,
    )
    if not console.as_json:
        show_findings(findings, console)
    shown = [finding.as_dict(console.language) for finding in findings]
    files = {"pairs_file": str(out), "unmatched_file": str(alone_out)}
    console.answer({**asdict(summary), **files, "table_findings": shown}, _match_text(console, summary, out, alone_out))


def _match_text(console: Console, summary: Summary, out: Path, alone_out: Path) -> str:
    def counted(counts: dict[str, int]) -> str:
        return (
            ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda item: -item[1])) or "-"
        )

    lines = [
        console.text(
            N_(
                "%(exports)s exports, %(imports)s imports: %(pairs)s pairs (%(relations)s); %(left)s of the exports and"
                " %(right)s of the imports have a partner."
            ),
            exports=f"{summary.exports:,}",
            imports=f"{summary.imports:,}",
            pairs=f"{summary.pairs:,}",
            relations=counted(summary.relations),
            left=f"{summary.matched_exports / max(1, summary.exports):.1%}",
            right=f"{summary.matched_imports / max(1, summary.imports):.1%}",
        ),
        console.text(N_("Differences that nothing innocent explains: %(found)s."), found=counted(summary.findings)),
        console.text(N_("Exports alone: %(found)s."), found=counted(summary.alone.get("export", {}))),
        console.text(N_("Imports alone: %(found)s."), found=counted(summary.alone.get("import", {}))),
        console.text(N_("Written: %(pairs)s and %(alone)s."), pairs=out, alone=alone_out),
    ]
    return "\n".join(lines)


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise Refused(N_("%(file)s is not JSON: %(reason)s."), file=path.name, reason=str(problem)) from None
    if not isinstance(found, dict):
        raise Refused(N_("%(file)s is not a JSON object of column names."), file=path.name)
    return found


@click.command(
    cls=Command,
    help=N_(
        "Invent both books of one direction of trade over years, with fraud of known kinds planted, and write them to a"
        " folder: exports, imports, what the exporting country imported from third ones, exchange rates, the outcomes"
        " of inspections, and the truth.\n\n"
        "PARAMS is JSON; `--write-defaults` writes the parameters that are shipped, to start from. The same parameters,"
        " seeds included, give the same books."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay fraud simulate --write-defaults params.json\n"
        "  otay fraud simulate params.json --out books\n"
        "  otay fraud simulate params.json --out books --seed 7 --format csv"
    ),
)
@click.argument("params", type=FILE, required=False)
@option("--out", type=click.Path(path_type=Path, file_okay=False), help=N_("Folder for the books."))
@option("--seed", type=click.IntRange(0), help=N_("Seed of the records, instead of the one in PARAMS."))
@option(
    "--format",
    "form",
    type=click.Choice(["parquet", "csv"]),
    default="parquet",
    show_default=True,
    help=N_("Format of the tables."),
)
@option("--write-defaults", type=OUT, help=N_("Write the parameters that are shipped to this file, and stop."))
@plain_command  # fmt: skip
def simulate(
    console: Console, params: Path | None, out: Path | None, seed: int | None, form: str, write_defaults: Path | None
) -> None:
    """Write invented books."""
    from dataclasses import replace

    from otay.engines.fraud.bilateral.books import write_books
    from otay.engines.fraud.bilateral.parameters import as_record, default, parse

    if write_defaults:
        write_defaults.write_text(json.dumps(as_record(default()), indent=2) + "\n", encoding="utf-8")
        console.answer({"written": str(write_defaults)}, str(write_defaults))
        return
    if out is None:
        raise Refused(N_("Name the folder for the books with --out."))
    parameters = parse(params.read_text(encoding="utf-8")) if params else default()
    if seed is not None:
        parameters = replace(parameters, record_seed=seed)
    books = write_books(parameters)
    tables = {name: getattr(books, name) for name in
              ("exports", "imports", "sources", "rates", "outcomes", "truth", "phantoms")}  # fmt: skip
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "parameters.json").write_text(json.dumps(as_record(parameters), indent=2) + "\n", encoding="utf-8")
        for name, frame in tables.items():
            path = out / f"{name}.{form}"
            if form == "csv":
                frame.write_csv(path)
            else:
                frame.write_parquet(path)
    except OSError as problem:
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=out, reason=problem.strerror) from None
    kinds = books.truth.filter(books.truth["kind"] != "")["kind"].value_counts(sort=True)
    planted = dict(kinds.iter_rows())
    console.answer(
        {"folder": str(out), "rows": {name: frame.height for name, frame in tables.items()}, "planted": planted,
         "seed": parameters.seed, "record_seed": parameters.record_seed},
        console.text(
            N_("%(exports)s exports and %(imports)s imports in %(folder)s; planted: %(planted)s."),
            exports=f"{books.exports.height:,}", imports=f"{books.imports.height:,}", folder=out,
            planted=", ".join(f"{kind} {count:,}" for kind, count in planted.items()) or "-",
        ),
    )  # fmt: skip
