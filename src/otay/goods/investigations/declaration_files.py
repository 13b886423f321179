"""Files of declarations with what inspections found, ready for a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from otay.core.errors import Refused
from otay.core.findings import Finding, error, warning
from otay.core.i18n import N_
from otay.engines.fraud.columns import BY_NAME, recognise
from otay.engines.fraud.mirror.facts import mirror_columns
from otay.engines.fraud.ranking.features import days_of
from otay.engines.fraud.ranking.training import Labels
from otay.goods.investigations.tables import read, scan

LABEL_DELAY = 14
PAIR_NEEDS = ("pair", "import_id", "relation", "confidence", "value_ratio", "export_hs", "export_origin")


@dataclass(slots=True)
class Declarations:
    """One table of declarations, its outcomes, and what was odd about it. ``mapping`` is ``{column: header}``."""

    frame: pl.DataFrame
    labels: Labels
    mapping: dict[str, str]
    findings: list[Finding] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The number of each declaration, else its row."""
        column = "id" if "id" in self.frame.columns else "row"
        return [str(one) for one in self.frame[column].fill_null("").to_list()] if column == "id" else [
            str(one) for one in self.frame["row"]
        ]  # fmt: skip


def read_declarations(
    paths: Sequence[Path],
    *,
    mapping: Mapping[str, str] | None = None,
    label: str = "",
    need_label: bool = False,
    delay: int = LABEL_DELAY,
    keep: Sequence[str] = (),
) -> Declarations:
    """The declarations of one or several files, one after the other.

    ``label`` is the header of the column of outcomes; ``delay``: days until an outcome is known where no column says.
    ``keep``: headers to carry along that are not columns of their own.

    Raises:
        Refused: when a column that is needed is missing.
    """
    names = dict(mapping or {})
    if label:
        names = {key: value for key, value in names.items() if "found" not in (key, value)}
        names["found"] = label
    required = ("found",) if need_label else ()
    frames, findings, found = [], [], {}
    for path in paths:
        table = read(path, mapping=names, required=required, keep=[one for one in keep if one in headers(path)])
        frames.append(table.frame)
        found = table.mapping
        many = f"{path.name}: " if len(paths) > 1 else ""
        findings += [_placed(finding, many) for finding in table.findings]
    frame = pl.concat(frames, how="diagonal_relaxed")
    findings += _history_findings(frame)
    return Declarations(frame, _labels(frame, delay, findings), found, findings)


def headers(path: Path) -> list[str]:
    """Names of the columns of a file."""
    return scan(path).collect_schema().names()


def _placed(finding: Finding, where: str) -> Finding:
    from dataclasses import replace

    return replace(finding, place=f"{where}{finding.place.lstrip('/')}") if where else finding


def _labels(frame: pl.DataFrame, delay: int, findings: list[Finding]) -> Labels:
    days = days_of(frame)
    known = days + delay
    if "known" in frame.columns:
        told = frame["known"].cast(pl.Int32).cast(pl.Int64)
        known = np.where(told.is_null().to_numpy(), known, told.fill_null(0).to_numpy())
        early = known < days
        if early.any():
            findings.append(
                warning(
                    "/known",
                    "history.known_early",
                    N_(
                        "%(count)s outcomes were known before their declaration was lodged; the day of lodging is taken"
                    ),
                    int(early.sum()),
                    count=int(early.sum()),
                )
            )
            known = np.maximum(known, days)
    outcome = np.full(frame.height, -1, np.int8)
    if "found" in frame.columns:
        outcome = frame["found"].fill_null(-1).cast(pl.Int8).to_numpy().copy()
    duty = np.full(frame.height, np.nan)
    if "recovered" in frame.columns:
        duty = frame["recovered"].cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()
    return Labels(outcome, np.asarray(known, dtype=np.int64), duty)


def _history_findings(frame: pl.DataFrame) -> list[Finding]:
    """Gaps in the history: days without any declaration that stand out from the rest."""
    if "date" not in frame.columns:
        return [
            warning("/date", "history.no_date", N_("There are no dates: histories cannot follow time"), "",
                    N_("Name the column of dates with --mapping"))
        ]  # fmt: skip
    findings = []
    missing = int(frame["date"].null_count())
    if missing:
        findings.append(
            warning("/date", "history.date_missing", N_("%(count)s rows have no date and stand before all others"),
                    missing, count=missing)
        )  # fmt: skip
    days = frame["date"].drop_nulls().unique().sort()
    if len(days) < 30:
        return findings
    steps = days.diff().dt.total_days().drop_nulls()
    limit = max(7.0, 4 * float(steps.quantile(0.95) or 1))
    gaps = (steps > limit).arg_true().to_list()[:5]
    return findings + [
        warning(
            "/date",
            "history.gap",
            N_("The history has a gap of %(days)s days: %(first)s to %(last)s"),
            f"{days[at]} - {days[at + 1]}",
            N_("What was lodged then is unknown to the histories"),
            days=int(steps[at]),
            first=days[at],
            last=days[at + 1],
        )
        for at in gaps
    ]


def named_columns(names: Sequence[str], declarations: Declarations) -> list[str]:
    """Columns here for headers of the file or for names used here.

    Raises:
        Refused: for a name that is neither.
    """
    by_header = {header: name for name, header in declarations.mapping.items()}
    columns, findings = [], []
    for name in names:
        own = by_header.get(name, name)
        if own not in declarations.frame.columns:
            found, _ = recognise([name])
            own = next(iter(found), own)
        if own in declarations.frame.columns:
            columns.append(own)
        elif f"keep:{name}" in declarations.frame.columns:
            columns.append(f"keep:{name}")
        else:
            findings.append(
                error(f"/{name}", "table.column_missing", N_("The table has no column %(need)s"),
                      ", ".join(declarations.mapping.values()), need=name)
            )  # fmt: skip
    if findings:
        raise Refused(N_("The columns cannot be used"), findings=findings)
    return columns


def with_mirror(declarations: Declarations, pairs: Path, alone: Path | None) -> Declarations:
    """The declarations with what ``otay fraud match`` found of them, by their numbers."""
    beside = alone or pairs.with_name(f"{pairs.stem}.unmatched{pairs.suffix}")
    pair_frame = scan(pairs).collect()
    if pairs.suffix.lower() == ".csv":
        pair_frame = pl.read_csv(pairs, schema_overrides={"export_hs": pl.String, "import_hs": pl.String})
    absent = [name for name in PAIR_NEEDS if name not in pair_frame.columns]
    if absent:
        raise Refused(
            N_("%(file)s is not a table of pairs that `otay fraud match` wrote."),
            findings=[error(f"/{name}", "table.column_missing", N_("The table has no column %(need)s"),
                            ", ".join(pair_frame.columns), need=name) for name in absent],
            file=pairs.name,
        )  # fmt: skip
    empty = pl.DataFrame(schema={"side": pl.String, "id": pl.String, "explained": pl.Boolean})
    alone_frame = empty
    if beside.exists():
        alone_frame = pl.read_csv(beside) if beside.suffix.lower() == ".csv" else pl.read_parquet(beside)
    frame = declarations.frame
    if "id" not in frame.columns:
        frame = frame.with_columns(pl.col("row").cast(pl.String).alias("id"))
    facts = mirror_columns(
        frame,
        pair_frame.with_columns(pl.col("import_id").cast(pl.String)),
        alone_frame.with_columns(pl.col("id").cast(pl.String)),
    )
    declarations.frame = frame.hstack(facts.drop("import_id"))
    return declarations


#: Columns that a table may bring of its own accord.
NAMES = tuple(BY_NAME)
