"""``otay exchange reconcile``: do both sides hold the same records?"""

from __future__ import annotations

from typing import Any

from otay.core.i18n import N_
from otay.exchange.commands.main import exchange
from otay.node.commandline import Console, node_command, option

SHOWN = 20
PATIENCE = 3600.0
"""Seconds that the command waits while ten million records are read for the first time."""


@exchange.command(
    help=N_("Compare what both sides hold, by range digests; find the records that differ. Exit code 1 if any do."),
    epilog=N_(
        "\b\nExamples:\n  otay exchange reconcile\n  otay exchange reconcile --with MX --repair --json\n"
        "  otay exchange reconcile --by-key --afresh"
    ),
)
@option("--with", "country", default="", help=N_("Country of the neighbour; else all of them."))
@option("--repair", "repairing", is_flag=True, help=N_("Ask for, or send again, what one side lacks."))
@option("--by-key", is_flag=True, help=N_("Compare also by business key, whatever the numbers (reads every row)."))
@option("--afresh", is_flag=True, help=N_("Forget kept digests first: read every row of this node."))
@node_command
def reconcile(console: Console, country: str, repairing: bool, by_key: bool, afresh: bool) -> None:
    """Reconcile."""
    from otay.exchange.models import Peer
    from otay.exchange.queries import peer_named
    from otay.exchange.services import reconciling
    from otay.node.actors import SYSTEM

    peers = [peer_named(country.upper())] if country else list(Peer.objects.filter(state=Peer.State.TRUSTED))
    compared = [
        one
        for peer in peers
        for one in reconciling.reconcile(
            actor=SYSTEM, peer=peer, repairing=repairing, by_key=by_key, afresh=afresh, patience=PATIENCE
        )
    ]
    data = [_document(one) for one in compared]
    console.answer({"streams": data}, "\n".join(line for one in compared for line in _sentences(console, one)))
    if any(len(one.differences) > one.repaired or one.key_differences for one in compared):
        raise SystemExit(1)


def _document(compared: Any) -> dict[str, Any]:
    from otay.exchange.services.reconciling import as_document

    return {
        "stream": compared.stream,
        "records": compared.records,
        "here": compared.here,
        "there": compared.there,
        "root": compared.root.hex(),
        "same": compared.same,
        "differences": [as_document(one) for one in compared.differences],
        "more": compared.cut,
        "repaired": compared.repaired,
        "round_trips": compared.trips,
        "milliseconds": compared.milliseconds,
        "by_key": [
            {
                "record_type": one.record_type,
                "business_key": one.business_key,
                "version": one.version,
                "ours": list(one.ours),
                "theirs": list(one.theirs),
            }
            for one in compared.key_differences
        ],
    }


def _sentences(console: Console, compared: Any) -> list[str]:
    from otay.exchange.domain.differences import TITLES

    line = N_(
        "%(stream)s: %(records)s records compared in %(trips)s round trips (%(ms)s ms): %(count)s differ, "
        "%(repaired)s repaired"
    )
    lines = [
        console.text(
            line,
            stream=compared.stream,
            records=compared.records,
            trips=compared.trips,
            ms=compared.milliseconds,
            count=len(compared.differences),
            repaired=compared.repaired,
        )
    ]
    for one in compared.differences[:SHOWN]:
        kind = console.text(TITLES[one.kind])
        lines.append(f"  {one.sequence} {one.record_type} {one.business_key}/{one.version}: {kind}")
        if one.ours and one.theirs:
            lines.append(f"    {one.ours.hex()}\n    {one.theirs.hex()}")
    if len(compared.differences) > SHOWN or compared.cut:
        lines.append(console.text(N_("  There are more: see --json, or repair and compare again.")))
    if compared.here != compared.there:
        text = N_("  Not compared: this node's book ends at %(here)s, the neighbour's at %(there)s.")
        lines.append(console.text(text, here=compared.here, there=compared.there))
    for one in compared.key_differences[:SHOWN]:
        text = N_("  %(type)s %(key)s/%(version)s is held here under %(ours)s, there under %(theirs)s")
        lines.append(
            console.text(
                text,
                type=one.record_type,
                key=one.business_key,
                version=one.version,
                ours=list(one.ours) or "–",
                theirs=list(one.theirs) or "–",
            )
        )
    return lines
