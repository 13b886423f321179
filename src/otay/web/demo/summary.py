"""What was played, and whether both nodes' books agree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rich.console import Console as Terminal
from rich.table import Table

from otay.core.i18n import N_
from otay.node.commandline import Console

LANES = ("red", "yellow", "blue", "green")
Books = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Flow:
    """Records from one node to the other: sent, receipted by the other, held by the other."""

    sent: int
    receipted: int
    held: int
    same: bool


def flow(of: Books, at: Books, *, sender: str, receiver: str) -> Flow:
    """How what ``sender`` sent compares to what ``receiver`` holds; ``same``: number and chain link agree."""
    out, came = of["exchange"][receiver], at["exchange"][sender]
    same = out["sent"] == came["received"] and not came["quarantined"] and not came["refused"]
    return Flow(out["sent"][0], out["receipted"], came["received"][0], same)


def settled(us: Books, mx: Books) -> bool:
    """True when nothing is on its way any more: every record receipted, no message waiting to be applied."""
    flows = flow(us, mx, sender="US", receiver="MX"), flow(mx, us, sender="MX", receiver="US")
    waiting = us["messages"].get("received", 0) + mx["messages"].get("received", 0)
    return not waiting and all(one.sent == one.receipted for one in flows)


def _change(before: Books, after: Books, name: str) -> dict[str, int]:
    return {key: count - before[name].get(key, 0) for key, count in after[name].items()}


def _side(before: Books, after: Books) -> dict[str, Any]:
    messages, steps = _change(before, after, "messages"), _change(before, after, "steps")
    lanes = _change(before, after, "lanes")
    return {
        "accepted": messages.get("accepted", 0),
        "refused": messages.get("refused", 0),
        "lanes": {lane: lanes.get(lane, 0) for lane in LANES},
        "arrived": steps.get("arrived", 0),
        "inspected": steps.get("inspected", 0),
        "released": steps.get("released", 0),
    }


def summarise(
    *,
    before: tuple[Books, Books],
    after: tuple[Books, Books],
    audits: tuple[Mapping[str, Any], Mapping[str, Any]],
    days: float,
    share: str,
    seconds: float,
) -> dict[str, Any]:
    """The figures of one run. What both nodes accepted, by the second, is the rate."""
    us, mx = _side(before[0], after[0]), _side(before[1], after[1])
    flows = {
        "US-MX": flow(after[0], after[1], sender="US", receiver="MX"),
        "MX-US": flow(after[1], after[0], sender="MX", receiver="US"),
    }
    agree = all(one.same for one in flows.values()) and settled(*after)
    exchanged = sum(one.held for one in flows.values()) - sum(
        books["exchange"][other]["received"][0] for books, other in zip(before, ("MX", "US"), strict=True)
    )
    return {
        "days": round(days, 3),
        "share_of_real_volume": share,
        "trucks": us["arrived"],
        "us": us,
        "mx": mx,
        "exchanged": exchanged,
        "sent": sum(one.sent for one in flows.values()),
        "receipted": sum(one.receipted for one in flows.values()),
        "books_agree": agree,
        "audit_us": dict(audits[0]),
        "audit_mx": dict(audits[1]),
        "seconds": round(seconds, 1),
        "declarations_per_second": round((us["accepted"] + mx["accepted"]) / seconds, 1) if seconds else None,
        "ok": agree and bool(audits[0]["whole"]) and bool(audits[1]["whole"]),
    }


def _rows(console: Console, found: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    us, mx, text = found["us"], found["mx"], console.text
    lanes = [(text(name), str(us["lanes"][lane]), str(mx["lanes"][lane])) for lane, name in _LANE_NAMES.items()]
    whole = {True: text(N_("whole")), False: text(N_("BROKEN"))}
    return [
        (text(N_("Declarations accepted")), str(us["accepted"]), str(mx["accepted"])),
        (text(N_("Messages refused")), str(us["refused"]), str(mx["refused"])),
        *lanes,
        (text(N_("Arrived")), str(us["arrived"]), str(mx["arrived"])),
        (text(N_("Inspected")), str(us["inspected"]), str(mx["inspected"])),
        (text(N_("Released")), str(us["released"]), str(mx["released"])),
        (text(N_("Audit log")), whole[found["audit_us"]["whole"]], whole[found["audit_mx"]["whole"]]),
        (text(N_("Audit entries checked")), str(found["audit_us"]["checked"]), str(found["audit_mx"]["checked"])),
    ]


_LANE_NAMES = {
    "red": N_("Red lane"),
    "yellow": N_("Yellow lane"),
    "blue": N_("Blue lane"),
    "green": N_("Green lane"),
}


def show(console: Console, found: Mapping[str, Any]) -> str:
    """The summary as a table and the sentences below it."""
    text = console.text
    table = Table(title=text(N_("Border life: %(days)s days"), days=found["days"]))
    table.add_column("")
    for name in (N_("United States"), N_("Mexico")):
        table.add_column(text(name), justify="right")
    for row in _rows(console, found):
        table.add_row(*row)
    terminal = Terminal(width=100)
    with terminal.capture() as captured:
        terminal.print(table)
    lines = [captured.get().rstrip()]
    if found["share_of_real_volume"] != "1":
        lines.append(text(N_("Thinned: %(share)s of the real volume."), share=found["share_of_real_volume"]))
    lines.append(
        text(
            N_("%(trucks)s trucks in %(seconds)s s (%(rate)s declarations accepted per second, both nodes together)."),
            trucks=found["trucks"], seconds=found["seconds"], rate=found["declarations_per_second"],
        )
    )  # fmt: skip
    lines.append(
        text(
            N_("%(exchanged)s records exchanged; of all %(sent)s ever sent, %(receipted)s are receipted."),
            exchanged=found["exchanged"], sent=found["sent"], receipted=found["receipted"],
        )
    )  # fmt: skip
    lines.append(
        text(N_("Both nodes hold the same records.") if found["books_agree"] else N_("THE BOOKS DO NOT AGREE."))
    )
    return "\n".join(lines)
