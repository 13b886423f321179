"""``otay forecast``: monthly demand from a history of counts, with intervals, without a node."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from otay.core.errors import NotFound, Refused
from otay.core.i18n import N_
from otay.node.commandline import Command, Console, option, plain_command

if TYPE_CHECKING:
    from otay.engines.forecasting import Accuracy, History, SeriesForecast

MAX_BYTES = 256 * 1024 * 1024


def _history(path: str) -> History:
    from otay.engines.forecasting import read_history

    file = Path(path)
    if not file.is_file():
        raise NotFound(N_("%(file)s: there is no such file."), file=path)
    if file.stat().st_size > MAX_BYTES:
        raise Refused(N_("The history is larger than 256 MB"))
    return read_history(file.read_bytes())


def _month(text: str | None) -> int | None:
    from otay.engines.forecasting import month_number

    if text is None:
        return None
    try:
        return month_number(text)
    except ValueError:
        raise Refused(N_("%(text)s is not a month: write it as 2023-07"), text=text) from None


def _rounded(one: SeriesForecast) -> dict[str, Any]:
    months = [
        {key: value if isinstance(value, str) else round(value, 2) for key, value in asdict(month).items()}
        for month in one.months
    ]
    return {"port_code": one.port_code, "measure": one.measure, "condition": str(one.condition), "months": months}


def _accuracy(console: Console, found: Accuracy) -> str:
    return console.text(
        N_(
            "Judged from %(origin)s on %(series)s series: MASE %(mase)s (seasonal-naive %(naive)s); within the 80 "
            "%% interval "
            "%(eighty)s %%, within the 95 %% interval %(ninety)s %%; sum of errors over sum of counts %(share)s %% "
            "(seasonal-naive %(naive_share)s %%)."
        ),
        origin=found.origin,
        series=found.series,
        mase=f"{found.mase:.3f}",
        naive=f"{found.mase_seasonal_naive:.3f}",
        eighty=f"{100 * found.coverage_80:.1f}",
        ninety=f"{100 * found.coverage_95:.1f}",
        share=f"{100 * found.weighted_error:.1f}",
        naive_share=f"{100 * found.weighted_error_seasonal_naive:.1f}",
    )


def _table(console: Console, answers: Sequence[SeriesForecast]) -> str:
    from otay.infrastructure.planning.showing import number, table

    titles = [N_("port and measure"), N_("month"), N_("expected"), N_("80 % from"), N_("to"), N_("95 % from"), N_("to")]
    lines = [
        (
            f"{one.port_code} {one.measure}",
            month.month,
            *(number(value, 0) for value in (month.point, month.low_80, month.high_80, month.low_95, month.high_95)),
        )
        for one in answers
        for month in one.months
    ]
    return table([console.text(title) for title in titles], lines)


@click.command(
    cls=Command,
    help=N_(
        "Forecast monthly counts of every port and measure in HISTORY.csv (columns port_code, month, measure, "
        "value), with "
        "intervals that held 80 and 95 % of the errors of past forecasts.\n\n"
        "With --holdout the months from then on are kept apart and used to judge the forecast beside seasonal-naive."
    ),
    epilog=N_(
        "\b\nExamples:\n  otay forecast history.csv --months 12\n"
        "  otay forecast history.csv --months 24 --port 2504 --json\n"
        "  otay forecast history.csv --months 12 --holdout 2023-01"
    ),
)
@click.argument("history", metavar="HISTORY.csv")
@option("--months", type=click.IntRange(1, 120), default=12, show_default=True, help=N_("Months ahead."))
@option("--port", "ports", multiple=True, help=N_("Show this port only; may be given again."))
@option("--measure", "measures", multiple=True, help=N_("Show this measure only; may be given again."))
@option("--holdout", metavar="YYYY-MM", help=N_("Keep the months from this on apart and judge with them."))
@plain_command
def forecast(
    console: Console, history: str, months: int, ports: tuple[str, ...], measures: tuple[str, ...], holdout: str | None
) -> None:
    """Forecast monthly demand."""
    from otay.engines import forecasting

    counts = _history(history)
    apart = _month(holdout)
    accuracy = None
    if apart is not None:
        if not counts.first + 24 <= apart < counts.after:
            message = N_("%(month)s leaves less than two years to learn from, or nothing to judge with")
            raise Refused(message, month=str(holdout))
        accuracy = forecasting.judge(counts, apart, months)
    known = counts if apart is None else counts.until(apart)
    wanted = [
        one
        for one in forecasting.forecast(known, months)
        if (not ports or one.port_code in ports) and (not measures or one.measure in measures)
    ]
    if not wanted:
        raise NotFound(N_("The history has no such port or measure"))
    answer = {
        "from": forecasting.month_text(known.after),
        "months": months,
        "series": [_rounded(one) for one in wanted],
        "accuracy": None if accuracy is None else asdict(accuracy),
        "findings": [finding.as_dict(console.language) for finding in counts.findings],
    }
    parts = [_table(console, wanted)]
    if accuracy is not None:
        parts.append(_accuracy(console, accuracy))
    parts += [f"{one.severity}: {one.place}: {one.text(console.language)}" for one in counts.findings]
    console.answer(answer, "\n".join(parts))
