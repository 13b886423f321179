"""The printable report of a run: A4, in the reader's language, charts drawn in. Loaded with reportlab when asked for.

Every figure is text in the file, so that it can be searched and read aloud; charts repeat what tables say.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils import formats
from django.utils.html import escape
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, Rect, String
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle, getSampleStyleSheet
from reportlab.lib.units import mm
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from otay.infrastructure.planning import presenting
from otay.infrastructure.planning.models import SimulationRun


def number(value: float | None, digits: int | None = None) -> str:
    """A number as the reader's language writes it; a dash for None."""
    if value is None:
        return "–"
    return str(formats.number_format(value, digits, use_l10n=True, force_grouping=True))


COLOURS = ["#1a4480", "#a23737", "#216e1f", "#8a5a00", "#5d2b77", "#005e5d", "#71767a", "#c05600", "#28a0cb"]
HEAT = ["#e7f2f5", "#fff5c2", "#ffe396", "#ffbc78", "#f09a7c", "#8b1303"]
WIDTH = A4[0] - 40 * mm
Figure = Mapping[str, float | None]


def write_report(run: SimulationRun) -> bytes:
    """The report as PDF."""
    out = io.BytesIO()
    title = f"{run.version.scenario.title} – {run.version.scenario.number} v{run.version.number}"
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=18 * mm,
        title=title, author="Otay", subject=_("Report of a plan"), lang=get_language() or "en",
    )  # fmt: skip
    foot = _("%(title)s, run %(run)s, engine %(engine)s") % {"title": title, "run": run.pk, "engine": run.engine}
    document.build(_story(run), onFirstPage=_footer(foot), onLaterPages=_footer(foot))
    return out.getvalue()


def _footer(text: str) -> Any:
    def draw(canvas: Any, document: Any) -> None:
        canvas.setFont("Helvetica", 7)
        canvas.drawString(20 * mm, 10 * mm, text[:120])
        canvas.drawRightString(A4[0] - 20 * mm, 10 * mm, str(document.page))

    return draw


class _Writer:
    """Collects the parts of the report."""

    def __init__(self) -> None:
        styles = getSampleStyleSheet()
        self.body = ParagraphStyle("body", parent=styles["BodyText"], fontSize=9, leading=12)
        self.small = ParagraphStyle(
            "small", parent=self.body, fontSize=7.5, leading=9.5, textColor=colors.HexColor("#3d4551")
        )
        self.head, self.title = styles["Heading2"], styles["Title"]
        self.parts: list[Any] = []

    def text(self, text: object, style: ParagraphStyle | None = None) -> None:
        """A paragraph; what it says is never taken for markup."""
        self.parts.append(Paragraph(escape(str(text)), style or self.body))

    def heading(self, text: object) -> None:
        """A heading."""
        self.text(text, self.head)

    def table(self, head: Sequence[object], rows: Sequence[Sequence[object]], first: float = 0.28) -> None:
        """A table whose first column takes ``first`` of the width."""
        cells = [[Paragraph(escape(str(cell)), self.small) for cell in row] for row in [head, *rows]]
        rest = WIDTH * (1 - first) / (len(head) - 1)
        table = Table(cells, colWidths=[WIDTH * first] + [rest] * (len(head) - 1), repeatRows=1)
        table.setStyle(
            TableStyle(
                [
                    ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#dfe1e2")),
                    ("LINEBELOW", (0, 0), (-1, -1), 0.3, colors.HexColor("#a9aeb1")),
                    ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ]
            )
        )
        self.parts += [table, Spacer(1, 6)]


def _story(run: SimulationRun) -> list[Any]:
    write, body, result = _Writer(), run.version.body, run.result or {}
    scenario = run.version.scenario
    write.text(scenario.title, write.title)
    write.text(
        _("%(port)s. Scenario %(number)s, version %(version)s: %(days)s days from %(start)s, %(count)s replications.")
        % {"port": presenting.port_names().get(scenario.port, scenario.port), "number": scenario.number,
           "version": run.version.number, "days": body["days"], "start": body["start"], "count": run.replications}
    )  # fmt: skip
    _totals(write, body, result)
    write.heading(_("By lane group"))
    head = [_("Lane group"), _("Arrivals"), _("Mean wait, min"), _("Band"), _("95 of 100 at most"), _("Within target"),
            _("Mean line"), _("Booths busy")]  # fmt: skip
    write.table(head, [_lane_row(name, one) for name, one in result["groups"].items() if name.startswith("lane/")], 0.2)
    write.text(
        _(
            "± is half of the 95 %% interval of chance over the replications. The band is what service times at both "
            "ends of their ranges make of it: it does not narrow with more replications."
        )
        % {},
        write.small,
    )  # fmt: skip
    for key, title, factor in (
        ("wait", _("Mean wait by hour of the day, minutes"), 1.0),
        ("queue", _("Length of the line by hour of the day"), 1.0),
        ("use", _("Booths busy by hour of the day, %"), 100.0),
    ):
        write.parts.append(_line_chart(title, presenting.lanes_chart(result["curves"], key, factor)))
    _both_sides(write, result)
    write.heading(_("The week, mean wait in minutes by hour"))
    for lane, curve in result["curves"].items():
        write.parts.append(_heat(presenting.lane_name(lane), curve["week"]))
    _grounds(write, run, body)
    return write.parts


def _totals(write: _Writer, body: Mapping[str, Any], result: Mapping[str, Any]) -> None:
    total, hours = result["groups"]["total"], result["officer_hours"]
    rows = [
        (_("Mean wait, minutes"), told(total["mean_wait"]), band(total["mean_wait"])),
        (
            _("Within %(minutes)s minutes") % {"minutes": number(body["target"]["minutes"], 0)},
            share(total["share_within"]),
            _("asked: %(share)s %%") % {"share": number(100 * body["target"]["share"], 0)},
        ),
        (_("Hours of waiting, both sides"), told(total["all_delay_hours"], 0), band(total["all_delay_hours"], 0)),
        (_("Officer-hours, this side"), number(hours["here"], 0), ""),
        (_("Officer-hours, the neighbour's side"), number(hours["there"], 0), ""),
    ]
    if "cost" in total:
        currency = body["costs"]["currency"]
        rows.append((_("Cost, %(currency)s") % {"currency": currency}, told(total["cost"], 0), band(total["cost"], 0)))
    write.table([_("Figure"), _("Value"), _("Band")], rows, 0.5)
    for one in result["remarks"]:
        write.text(presenting.remark(one))


def _lane_row(name: str, one: Mapping[str, Figure]) -> list[str]:
    return [
        presenting.group_name(name), number(one["arrivals"]["mean"], 0), told(one["mean_wait"]), band(one["mean_wait"]),
        told(one["p95_wait"]), share(one["share_within"]), told(one["mean_queue"]), share(one.get("utilisation")),
    ]  # fmt: skip


def told(figure: Figure | None, digits: int = 1) -> str:
    """A figure with half of its interval."""
    if figure is None or figure["mean"] is None:
        return "–"
    low, high = figure["low"], figure["high"]
    half = "" if low is None or high is None else f" ±{number((high - low) / 2, digits)}"
    return number(figure["mean"], digits) + half


def share(figure: Figure | None) -> str:
    """A share in percent."""
    return "–" if figure is None or figure["mean"] is None else f"{number(100 * figure['mean'], 1)} %"


def band(figure: Figure, digits: int = 1) -> str:
    """The band of what is assumed."""
    if figure.get("band_low") is None:
        return "–"
    return f"{number(figure['band_low'], digits)} – {number(figure['band_high'], digits)}"


def _both_sides(write: _Writer, result: Mapping[str, Any]) -> None:
    rows = [
        [presenting.group_name(name), told(one["there"]), told(one["mean_wait"])]
        for name, one in result["groups"].items()
        if name.startswith("traffic/") and one["there"]["mean"] is not None
    ]
    if rows:
        write.heading(_("Both sides of the line"))
        write.table([_("Traffic"), _("At the neighbour's station, min"), _("Wait on this side, min")], rows, 0.4)


def _grounds(write: _Writer, run: SimulationRun, body: Mapping[str, Any]) -> None:
    for title, entries in ((_("What is counted or known"), body["data"]), (_("What is assumed"), body["assumptions"])):
        write.heading(title)
        for one in entries or [_("Nothing is named.")]:
            write.text("• " + _(one))
    write.heading(_("Service times and referrals"))
    head = [_("Traffic"), _("Mean, s"), _("Range, s"), _("Source")]
    write.table(head, [
        [presenting.class_name(one["name"]), number(one["service"]["mean_seconds"], 0),
         f"{number(one['service']['low'], 0)} – {number(one['service']['high'], 0)}", one["service"]["source"]]
        for one in body["traffic"]
    ])  # fmt: skip
    write.text(
        _("Approximations are not in this report. Engine %(engine)s, seed %(seed)s.")
        % {"engine": run.engine, "seed": body["seed"]},
        write.small,
    )


def _line_chart(title: str, series: Mapping[str, Any]) -> Drawing:
    drawing = Drawing(WIDTH, 165)
    drawing.add(String(0, 152, title, fontName="Helvetica-Bold", fontSize=9))
    lines = [
        (line["label"], [(hour, value) for hour, value in enumerate(line["values"]) if value is not None])
        for line in series["series"]
    ]
    lines = [(label, points) for label, points in lines if points][: len(COLOURS)]
    if not lines:
        return drawing
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = 28, 20, WIDTH - 150, 122
    plot.data = [points for _label, points in lines]
    plot.xValueAxis.valueMin, plot.xValueAxis.valueMax, plot.xValueAxis.valueStep = 0, 23, 3
    plot.xValueAxis.labels.fontSize = plot.yValueAxis.labels.fontSize = 7
    plot.yValueAxis.valueMin = 0
    if max(value for _label, points in lines for _hour, value in points) <= 0:
        plot.yValueAxis.valueMax = 1
    legend = Legend()
    legend.x, legend.y, legend.fontSize, legend.dx, legend.dy = WIDTH - 112, 140, 7, 8, 6
    legend.columnMaximum, legend.alignment = len(lines), "right"
    legend.colorNamePairs = [(colors.HexColor(COLOURS[at]), label) for at, (label, _points) in enumerate(lines)]
    for at in range(len(lines)):
        plot.lines[at].strokeColor = colors.HexColor(COLOURS[at])
        plot.lines[at].strokeWidth = 1.2
        plot.lines[at].strokeDashArray = [None, (5, 2), (1, 2), (7, 2, 1, 2)][at % 4]
    drawing.add(plot)
    drawing.add(legend)
    return drawing


def _heat(title: str, week: Sequence[float | None]) -> Drawing:
    drawing = Drawing(WIDTH, 96)
    drawing.add(String(0, 84, title, fontName="Helvetica-Bold", fontSize=8))
    width, height = (WIDTH - 30) / 24, 9.0
    for hour in range(24):
        drawing.add(String(30 + hour * width + width / 2, 74, f"{hour:02d}", fontSize=5.5, textAnchor="middle"))
    for day, cells in enumerate(presenting.heat(week)):
        y = 64 - day * height
        drawing.add(String(0, y + 2, str(presenting.WEEKDAYS[day]), fontSize=6))
        for hour, (text, shade) in enumerate(cells):
            fill = colors.white if shade < 0 else colors.HexColor(HEAT[shade])
            x = 30 + hour * width
            drawing.add(Rect(x, y, width, height, fillColor=fill, strokeColor=colors.white, strokeWidth=0.4))
            ink = colors.white if shade == len(HEAT) - 1 else colors.black
            drawing.add(String(x + width / 2, y + 2.5, text or "–", fontSize=5.5, textAnchor="middle", fillColor=ink))
    return drawing
