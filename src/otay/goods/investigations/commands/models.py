"""``otay fraud train``, ``score`` and ``evaluate``."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import OtayError, Refused
from otay.core.i18n import N_
from otay.goods.investigations.commands.showing import FILE, OUT, mapping_option, show_findings
from otay.node.commandline import Command, Console, option, plain_command

if TYPE_CHECKING:
    from otay.engines.fraud.ranking.fitting import Recipe
    from otay.engines.fraud.ranking.judging import Figures
    from otay.engines.fraud.ranking.model import Model
    from otay.goods.investigations.declaration_files import Declarations

_label = option(
    "--label", default="", help=N_("Header of the column of outcomes (1 found, 0 nothing, empty: nobody inspected).")
)
_disjoint = option("--disjoint-by", default="", metavar="COLUMNS",
                   help=N_("Also judge on keys never met: columns that make a key, parted by commas; `goods` for all"
                           " columns of the goods."))  # fmt: skip
_delay = option("--label-delay", type=click.IntRange(0), default=14, show_default=True,
                help=N_("Days until an outcome is known, where no column says."))  # fmt: skip
_pairs = option("--pairs", type=FILE, help=N_("What `otay fraud match` found: the neighbour's records join the model."))
_seed = option("--seed", type=click.IntRange(0), default=7, show_default=True, help=N_("Seed of the fit."))
_threads = option("--threads", type=click.IntRange(1, 256), default=1, show_default=True,
                  help=N_("Threads of the fit; one, unless the machine does nothing else."))  # fmt: skip
_rounds = option(
    "--rounds", type=click.IntRange(10, 5000), default=300, show_default=True, help=N_("Trees of the model.")
)


def _recipe(rounds: int, seed: int, threads: int) -> Recipe:
    from otay.engines.fraud.ranking.fitting import Recipe

    return Recipe(rounds=rounds, seed=seed, threads=threads)


def _read(paths: tuple[Path, ...], mapping: Path | None, label: str, delay: int, pairs: Path | None, *,
          need_label: bool, keep: tuple[str, ...] = ()) -> Declarations:  # fmt: skip
    from otay.goods.investigations.declaration_files import headers, read_declarations, with_mirror
    from otay.goods.investigations.tables import read_mapping

    known = {header for path in paths for header in headers(path)}
    found = read_declarations(
        paths, mapping=read_mapping(mapping), label=label, need_label=need_label, delay=delay,
        keep=[name for name in keep if name in known],
    )  # fmt: skip
    return with_mirror(found, pairs, None) if pairs else found


def _names(disjoint_by: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in disjoint_by.split(",") if part.strip())


def _key_columns(disjoint_by: str, declarations: Declarations) -> list[str]:
    from otay.engines.fraud.ranking.judging import goods_columns
    from otay.goods.investigations.declaration_files import named_columns

    if not disjoint_by:
        return []
    if disjoint_by.strip().lower() == "goods":
        return goods_columns(declarations.frame)
    return named_columns(_names(disjoint_by), declarations)


@click.command(
    cls=Command,
    help=N_(
        "Train the models of DECLARATIONS: how likely an inspection finds fraud, and what duty it would recover.\n\n"
        "Histories of traders and goods know only what was known on the day. The model is judged on the last quarter in"
        " time, beside a lookup without any model and, with --disjoint-by, on keys that it has never met; all of it is"
        " on its card, in the file."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay fraud train declarations.csv --label Fraud --out model.json\n"
        "  otay fraud train declarations.parquet --mapping map.json --disjoint-by goods --out model.json"
    ),
)
@click.argument("declarations", type=FILE, nargs=-1, required=True)
@option("--out", type=OUT, help=N_("The model; else beside the first table, named .model.json."))
@mapping_option
@_label
@_disjoint
@_delay
@_pairs
@_rounds
@_seed
@_threads
@plain_command
def train(
    console: Console, declarations: tuple[Path, ...], out: Path | None, mapping: Path | None, label: str,
    disjoint_by: str, label_delay: int, pairs: Path | None, rounds: int, seed: int, threads: int,
) -> None:  # fmt: skip
    """Train and judge."""
    from otay.engines.fraud.ranking.judging import copies, copies_finding, disjoint, goods_columns, key_hashes, later
    from otay.engines.fraud.ranking.training import train as fit

    found = _read(declarations, mapping, label, label_delay, pairs, need_label=True, keep=_names(disjoint_by))
    columns = _key_columns(disjoint_by, found)
    recipe = _recipe(rounds, seed, threads)
    model = fit(found.frame, found.labels, recipe)
    figures = {"later": later(found.frame, found.labels, recipe)[0]}
    if columns:
        figures["disjoint"] = disjoint(found.frame, found.labels, columns, recipe)
    copied = copies(found.frame, found.labels)
    findings = [*found.findings, *(copies_finding(copied) if copied else [])]
    key = columns or goods_columns(found.frame)
    model.card["figures"] = {name: one.as_record() for name, one in figures.items()}
    model.card["columns"] = found.mapping
    if copied:
        model.card["lookup_auc"] = copied.lookup
    if key and not any(column.startswith("keep:") for column in key):
        model.card["seen"] = {"columns": key, "keys": sorted(set(key_hashes(found.frame, key).tolist()))}
    path = out or declarations[0].with_name(f"{declarations[0].stem}.model.json")
    _write(path, model.dump())
    if not console.as_json:
        show_findings(findings, console)
    card = {name: value for name, value in model.card.items() if name != "seen"}
    text = "\n".join([*_card_lines(console, model), *_figure_lines(console, figures),
                      *_lookup_lines(console, copied.lookup if copied else math.nan),
                      console.text(N_("Written: %(file)s."), file=path)])  # fmt: skip
    console.answer({"model": str(path), "card": card, "findings": _dicts(console, findings)}, text)


@click.command(
    cls=Command,
    help=N_(
        "Score DECLARATIONS with a model: probability of a finding, expected duty, reasons for the first of them.\n\n"
        "Says where the declarations are unlike those that the model learnt from."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay fraud score today.csv --model model.json --out scores.csv\n"
        "  otay fraud score today.csv --model model.json --out scores.csv --reasons 500 --lang es"
    ),
)
@click.argument("declarations", type=FILE, nargs=-1, required=True)
@option("--model", "model_file", type=FILE, required=True, help=N_("The model that `otay fraud train` wrote."))
@option("--out", type=OUT, help=N_("The scores: CSV, or Parquet when it is named so; else to standard output."))
@option(
    "--reasons",
    type=click.IntRange(0),
    default=100,
    show_default=True,
    help=N_("For how many of the highest scores reasons are given."),
)
@option(
    "--part-rows",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help=N_("Score a file larger than memory in parts of so many rows, without reasons and ranks; 0: at once."),
)
@option("--cluster", default="", metavar="ADDRESS", help=N_("Dask scheduler whose workers score the parts."))
@mapping_option
@_pairs
@plain_command  # fmt: skip
def score(
    console: Console, declarations: tuple[Path, ...], model_file: Path, out: Path | None, reasons: int,
    part_rows: int, cluster: str, mapping: Path | None, pairs: Path | None,
) -> None:  # fmt: skip
    """Score a table."""
    from otay.goods.investigations.scoring import drift_findings, score_table

    if part_rows or cluster:
        _score_parts(console, declarations, model_file, out, part_rows or 1_000_000, cluster, mapping)
        return

    found = _read(declarations, mapping, "", 0, pairs, need_label=False)
    model = _load(model_file)
    table = score_table(model, found, reasons, console.language)
    findings = [*found.findings, *drift_findings(model, found)]
    if out:
        _write_table(table, out)
    if console.as_json:
        rows = {} if out else {"results": table.to_dicts()}
        console.answer({"rows": table.height, **rows, "findings": _dicts(console, findings)}, "")
        return
    show_findings(findings, console)
    if not out:
        click.echo(table.write_csv(), nl=False)
    else:
        console.answer({}, console.text(N_("%(rows)s declarations scored; written: %(file)s."),
                                        rows=f"{table.height:,}", file=out))  # fmt: skip


def _score_parts(
    console: Console, declarations: tuple[Path, ...], model_file: Path, out: Path | None, rows: int, cluster: str,
    mapping: Path | None,
) -> None:  # fmt: skip
    from otay.goods.investigations.bulk import score_in_parts
    from otay.goods.investigations.tables import read_mapping

    if out is None or len(declarations) != 1:
        raise Refused(N_("Scoring in parts takes one file and writes to --out."))
    count = score_in_parts(declarations[0], model_file, out, rows=rows, mapping=read_mapping(mapping), cluster=cluster)
    console.answer(
        {"rows": count, "out": str(out)},
        console.text(N_("%(rows)s declarations scored; written: %(file)s."), rows=f"{count:,}", file=out),
    )


@click.command(
    cls=Command,
    help=N_(
        "Judge a ranking honestly: AUC, and precision, recall and duty among the first 1, 2, 5 and 10 %.\n\n"
        "With --model a trained model is judged on DECLARATIONS. With --train a model is trained on those files and"
        " judged on DECLARATIONS. Else a model is trained on the first three quarters in time and judged on the rest."
        " --disjoint-by judges on keys that the model has never met; a lookup without any model always stands beside,"
        " and copied outcomes are pointed out. --challenger compares a second model on the same rows."
    ),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay fraud evaluate declarations.csv --label Fraud --disjoint-by goods\n"
        '  otay fraud evaluate valid.csv --train train.csv --label Fraud --disjoint-by "HS6 Code,Country of Origin"\n'
        "  otay fraud evaluate later.csv --model model.json --challenger newer.json --json"
    ),
)
@click.argument("declarations", type=FILE, nargs=-1, required=True)
@option("--train", "train_files", type=FILE, multiple=True, help=N_("Train on this table; may be given again."))
@option("--model", "model_file", type=FILE, help=N_("Judge this model."))
@option("--challenger", type=FILE, help=N_("A second model, compared with the first."))
@mapping_option
@_label
@_disjoint
@_delay
@_pairs
@_rounds
@_seed
@_threads
@plain_command
def evaluate(
    console: Console, declarations: tuple[Path, ...], train_files: tuple[Path, ...], model_file: Path | None,
    challenger: Path | None, mapping: Path | None, label: str, disjoint_by: str, label_delay: int, pairs: Path | None,
    rounds: int, seed: int, threads: int,
) -> None:  # fmt: skip
    """Judge a ranking."""
    from otay.goods.investigations.scoring import Judgement

    def table(paths: tuple[Path, ...]) -> Declarations:
        return _read(paths, mapping, label, label_delay, pairs, need_label=True, keep=_names(disjoint_by))

    found = table(declarations)
    judgement = Judgement(found, _key_columns(disjoint_by, found), _recipe(rounds, seed, threads))
    if model_file:
        judgement.of_model(_load(model_file), _load(challenger) if challenger else None)
    elif train_files:
        judgement.of_split(table(train_files))
    else:
        judgement.in_time()
    findings = [*found.findings, *judgement.findings]
    if not console.as_json:
        show_findings(findings, console)
    lines = [*_figure_lines(console, judgement.figures), *_lookup_lines(console, judgement.lookup)]
    if judgement.duel:
        lines.append(_duel_line(console, judgement.duel))
    record: dict[str, Any] = {
        "figures": {name: one.as_record() for name, one in judgement.figures.items()},
        "lookup_auc": None if math.isnan(judgement.lookup) else judgement.lookup,
        "copies": judgement.copies_record(),
        "duel": judgement.duel_record(),
        "disjoint_by": judgement.columns,
        "findings": _dicts(console, findings),
    }
    console.answer(record, "\n".join(lines))


_FIGURE_TEXTS = {
    "later": N_("later in time"),
    "split": N_("the given split"),
    "all": N_("all"),
    "seen": N_("keys seen in training"),
    "unseen": N_("keys not seen in training"),
    "disjoint": N_("key-disjoint"),
}


def _figure_lines(console: Console, figures: dict[str, Figures]) -> list[str]:
    from rich.console import Console as Terminal
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for title in (N_("judged on"), N_("rows"), N_("base"), "AUC"):
        table.add_column(console.text(title), justify="left" if title == N_("judged on") else "right")
    for depth in (1, 2, 5, 10):
        table.add_column(console.text(N_("P/R at %(depth)s %%"), depth=depth), justify="right")
    with_duty = any(depth.duty is not None for one in figures.values() for depth in one.depths)
    if with_duty:
        table.add_column(console.text(N_("duty at 5 %%"), n=0), justify="right")
    for name, one in figures.items():
        cells = [f"{depth.precision:.3f}/{depth.recall:.3f}" for depth in one.depths] or ["-"] * 4
        duty = (
            [f"{one.depths[2].duty:.3f}" if one.depths and one.depths[2].duty is not None else "-"] if with_duty else []
        )
        table.add_row(
            console.text(_FIGURE_TEXTS[name]), f"{one.rows:,}", f"{one.base_rate:.3f}", f"{one.auc:.3f}", *cells, *duty
        )
    terminal = Terminal(width=140, file=None, force_terminal=False, highlight=False)
    with terminal.capture() as shown:
        terminal.print(table)
    return [line.rstrip() for line in shown.get().rstrip().splitlines()]


def _lookup_lines(console: Console, auc: float) -> list[str]:
    if math.isnan(auc):
        return []
    return [console.text(N_("A lookup of the goods without any model: AUC %(auc)s."), auc=f"{auc:.3f}")]


def _duel_line(console: Console, duel: Any) -> str:
    better = N_(
        "The challenger is better: precision %(challenger)s against %(champion)s among the first %(depth)s"
        " (difference %(low)s to %(high)s)."
    )
    unsure = N_(
        "The challenger is not shown to be better: precision %(challenger)s against %(champion)s among the first"
        " %(depth)s (difference %(low)s to %(high)s)."
    )
    template = better if duel.better else unsure
    return console.text(
        template,
        challenger=f"{duel.challenger:.3f}",
        champion=f"{duel.champion:.3f}",
        depth=f"{100 * duel.depth:.0f} %",
        low=f"{duel.low:+.3f}",
        high=f"{duel.high:+.3f}",
    )


def _card_lines(console: Console, model: Model) -> list[str]:
    card = model.card
    return [
        console.text(
            N_("%(rows)s declarations, %(first)s to %(last)s; %(inspected)s inspected, %(found)s found (%(rate)s)."),
            rows=f"{card['rows']:,}", first=card["from"] or "?", last=card["until"] or "?",
            inspected=f"{card['inspected']:,}", found=f"{card['found']:,}", rate=f"{card['base_rate']:.1%}",
        )
    ]  # fmt: skip


def _load(path: Path) -> Model:
    from otay.engines.fraud.ranking.model import Model

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        text = ""
    return Model.load(text)


def _write(path: Path, text: str) -> None:
    partial = path.with_name(f"{path.name}.part")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    except OSError as problem:
        partial.unlink(missing_ok=True)
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=path, reason=problem.strerror) from None


def _write_table(table: Any, path: Path) -> None:
    try:
        if path.suffix.lower() == ".parquet":
            table.write_parquet(path)
        else:
            table.write_csv(path)
    except OSError as problem:
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=path, reason=problem.strerror) from None


def _dicts(console: Console, findings: Any) -> list[dict[str, str]]:
    return [finding.as_dict(console.language) for finding in findings]
