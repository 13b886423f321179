"""``otay select``: which declarations to look at with the officers there are, and why."""

from __future__ import annotations

import json
import os
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import OtayError, Refused
from otay.core.findings import error, warning
from otay.core.i18n import N_
from otay.goods.investigations.commands.showing import FILE, OUT, mapping_option, show_findings
from otay.node.commandline import Command, Console, option, plain_command

if TYPE_CHECKING:
    from otay.engines.fraud.choosing import Capacity

KEY = "OTAY_SELECTION_KEY"


class FractionType(click.ParamType[Fraction]):
    """A share: ``0.1``, ``10%`` or ``1/10``."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Fraction:
        """The exact fraction."""
        if isinstance(value, Fraction):
            return value
        try:
            return _fraction(str(value))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value!r}", param, ctx)


def _fraction(text: str) -> Fraction:
    text = text.strip()
    return Fraction(text[:-1].strip()) / 100 if text.endswith("%") else Fraction(text)


@click.command(
    cls=Command,
    help=N_(
        "Choose which DECLARATIONS are looked at: red (goods), yellow (documents), query (ask), blue (audit), and green"
        " for the rest, within the capacity of each office.\n\n"
        "Declarations are ranked by --model, else by a column `score`, else by how far their price lies below the"
        " reference and what the neighbour's records say (--pairs). A share of the capacity is reserved for the lot,"
        " drawn from all by a keyed hash: the same key draws the same declarations, nobody without it can tell which."
    ),
    epilog=N_(
        "\b\nCapacity: a number (red), lanes, or a file with offices:\n"
        "  --capacity 50\n"
        "  --capacity red=20,yellow=60,blue=5%\n"
        '  --capacity capacity.json   {"default": {"red": 10}, "2504": {"red": 25, "yellow": "3%"}}\n'
        "\nExamples:\n"
        "  otay select today.csv --capacity 40 --random-share 10% --model model.json --out chosen.csv\n"
        "  otay select today.parquet --capacity red=20,yellow=60 --random-share 0.2 --key-file lot.key --json"
    ),
)
@click.argument("declarations", type=FILE)
@option("--capacity", required=True, help=N_("How many each lane of an office takes; see below."))
@option(
    "--random-share",
    type=FractionType(),
    default="10%",
    show_default=True,
    help=N_("Share of the capacity that is reserved for the lot."),
)
@option(
    "--exploration",
    type=FractionType(),
    default="0",
    show_default=True,
    help=N_("Share of the capacity for those of whom least is known."),
)
@option(
    "--trusted-share",
    type=FractionType(),
    default="10%",
    show_default=True,
    help=N_("The most of the ranked part that certified traders may fill."),
)
@option("--model", "model_file", type=FILE, help=N_("Rank by this model."))
@option(
    "--by",
    type=click.Choice(["probability", "duty", "both"]),
    default="both",
    show_default=True,
    help=N_("What of the model ranks."),
)
@option("--pairs", type=FILE, help=N_("What `otay fraud match` found."))
@option("--rules", type=FILE, help=N_("Criteria that ask for a lane: a JSON list; see the reference of tables."))
@option("--day", help=N_("Day for which rules are in force; else each declaration's own."))
@option("--key-file", type=FILE, help=N_("Secret of the lot; else OTAY_SELECTION_KEY."))
@option("--out", type=OUT, help=N_("The choice: CSV, JSON or Parquet by its name; else CSV to standard output."))
@mapping_option
@plain_command  # fmt: skip
def select(
    console: Console, declarations: Path, capacity: str, random_share: Fraction, exploration: Fraction,
    trusted_share: Fraction, model_file: Path | None, by: str, pairs: Path | None, rules: Path | None, day: str | None,
    key_file: Path | None, out: Path | None, mapping: Path | None,
) -> None:  # fmt: skip
    """Select declarations."""
    from otay.engines.fraud.choosing import Shares
    from otay.goods.investigations.declaration_files import read_declarations, with_mirror
    from otay.goods.investigations.ranking_files import Basis, criteria_of, read_rules, select_table
    from otay.goods.investigations.tables import read_mapping

    found = read_declarations([declarations], mapping=read_mapping(mapping))
    if pairs:
        found = with_mirror(found, pairs, None)
    secret, secret_findings = _secret(key_file)
    basis = Basis.of(found, _model(model_file), by)
    criteria = criteria_of(found, read_rules(rules) if rules else [], day)
    table, more = select_table(
        found, basis, criteria, parse_capacity(capacity), secret, Shares(random_share, exploration, trusted_share),
        console.language,
    )  # fmt: skip
    findings = [*found.findings, *secret_findings, *more]
    if out:
        _write(table, out)
    counts: dict[str, dict[str, int]] = {"lanes": {}, "why": {}}
    for name, column in (("lanes", "lane"), ("why", "why")):
        counts[name] = {str(key): int(count) for key, count in table[column].value_counts(sort=True).iter_rows()}
    if console.as_json:
        rows = {} if out else {"results": table.to_dicts()}
        shown = [finding.as_dict(console.language) for finding in findings]
        console.answer({"declarations": table.height, **counts, "drawn": int(table["drawn"].sum()), **rows,
                        "findings": shown}, "")  # fmt: skip
        return
    show_findings(findings, console)
    if not out:
        click.echo(table.write_csv(), nl=False)
    lanes = ", ".join(f"{lane} {count:,}" for lane, count in counts["lanes"].items())
    console.say(N_("%(count)s declarations: %(lanes)s; %(drawn)s drawn by lot."), count=f"{table.height:,}",
                lanes=lanes, drawn=int(table["drawn"].sum()))  # fmt: skip


def parse_capacity(text: str) -> Capacity:
    """The capacity from ``50``, ``red=20,yellow=5%`` or the name of a JSON file.

    Raises:
        Refused: when it is none of these.
    """
    from otay.engines.fraud.choosing import Capacity, Lane

    def lanes(record: Any, place: str) -> dict[Lane, Fraction]:
        try:
            return {Lane(str(lane).strip().lower()): _fraction(str(value)) for lane, value in dict(record).items()}
        except (ValueError, TypeError, ZeroDivisionError):
            raise Refused(
                N_("The capacity cannot be used"),
                findings=[
                    error(
                        place,
                        "select.capacity",
                        N_("A capacity is a whole number, or a share below one, for red, yellow, query or blue"),
                        record,
                    )
                ],
            ) from None

    path = Path(text)
    if text.lower().endswith(".json"):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise Refused(N_("%(file)s is not JSON: %(reason)s."), file=path.name, reason=str(problem)) from None
        if not isinstance(record, dict):
            record = {"default": record}
        offices = {str(office): lanes(one, f"/{office}") for office, one in record.items()}
        return Capacity(offices.pop("default", {}), offices)
    if "=" in text:
        return Capacity(lanes(dict(part.split("=", 1) for part in text.split(",") if "=" in part), "/capacity"))
    return Capacity(lanes({"red": text}, "/capacity"))


def _secret(key_file: Path | None) -> tuple[bytes, list[Any]]:
    secret = key_file.read_bytes().strip() if key_file else os.environ.get(KEY, "").encode()
    if secret:
        return secret, []
    return b"", [
        warning("/key", "select.no_key", N_("The lot was drawn without a secret: anybody can foretell it"), "",
                N_("Give --key-file, or set OTAY_SELECTION_KEY"))
    ]  # fmt: skip


def _model(path: Path | None) -> Any:
    if path is None:
        return None
    from otay.engines.fraud.ranking.model import Model

    return Model.load(path.read_text(encoding="utf-8", errors="replace"))


def _write(table: Any, path: Path) -> None:
    try:
        if path.suffix.lower() == ".parquet":
            table.write_parquet(path)
        elif path.suffix.lower() == ".json":
            table.write_json(path)
        else:
            table.write_csv(path)
    except OSError as problem:
        raise OtayError(N_("%(file)s cannot be written: %(reason)s."), file=path, reason=problem.strerror) from None
