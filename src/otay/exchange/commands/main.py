"""``otay exchange``: the neighbour's node from the command line."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from otay.core.errors import Refused
from otay.core.i18n import N_
from otay.node.commandline import Console, Group, node_command, option

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(cls=Group, help=N_("The neighbour's node: trust, agreements, delivery, proof."))
def exchange() -> None:
    """The neighbour's node."""


@exchange.group("agree", cls=Group, help=N_("Agreements: propose, sign, import, list, suspend, resume, end."))
def agree() -> None:
    """Agreements."""


def read_json(path: Path) -> Any:
    """The JSON in a file.

    Raises:
        Refused: when it is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise Refused(N_("%(path)s is not a JSON file"), path=path) from None


def _put(console: Console, document: dict[str, Any], out: Path | None) -> None:
    """A document for the other administrator: to a file, else to standard output."""
    text = json.dumps(document, ensure_ascii=False, indent=None if console.as_json else 1)
    if out is None:
        click.echo(text)
        return
    out.write_text(text + "\n", encoding="utf-8")
    console.say(N_("Written: %(path)s"), path=out)


_out = option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help=N_("Write to this file instead of standard output.")
)
reason = option("--reason", required=True, help=N_("Why; goes into the audit log."))


@exchange.command(
    help=N_("How the exchange with each neighbour stands."),
    epilog=N_("\b\nExamples:\n  otay exchange status\n  otay exchange status --home /srv/otay --json"),
)
@node_command
def status(console: Console) -> None:
    """How things stand."""
    from otay.exchange import queries

    found = queries.peer_statuses()
    data = [
        {
            "country": one.peer.country,
            "name": one.peer.name,
            "url": one.peer.url,
            "state": one.state,
            "sent": one.sent,
            "receipted": one.acknowledged,
            "waiting": one.waiting,
            "received": one.received,
            "quarantined_here": one.quarantined_here,
            "quarantined_there": one.quarantined_there,
            "refused": one.refused,
            "last_receipt": one.last_receipt,
            "problem": one.health.problem,
            "alarm": one.health.alarm,
            "restoring": one.health.restored_at is not None,
        }
        for one in found
    ]
    line = N_(
        "%(country)s %(state)s: sent %(sent)s, receipted %(receipted)s, waiting %(waiting)s, received %(received)s, "
        "in quarantine %(quarantined_here)s, refused %(refused)s %(problem)s%(alarm)s"
    )
    text = "\n".join(console.text(line, **one).rstrip() for one in data)
    console.answer({"peers": data}, text or console.text(N_("No neighbour is trusted yet.")))


@exchange.command(
    help=N_("This node's public identity document; its key is made at the first call."),
    epilog=N_("\b\nExamples:\n  otay exchange identity --home A --out a.json\n  otay exchange identity"),
)
@_out
@node_command
def identity(console: Console, out: Path | None) -> None:
    """Who this node is."""
    from otay.exchange.services.identity import identity_document

    document = identity_document()
    _put(console, document, out)
    console.say(N_("Key %(key)s: read it to the other administrator by telephone."), key=document["identity"]["key"])


@exchange.command(
    help=N_("Trust the node of an identity document (a file, or the address of the node)."),
    epilog=N_(
        "\b\nExamples:\n  otay exchange trust b.json --home A\n"
        "  otay exchange trust https://otay.example.mx --key 0f3a..."
    ),
)
@click.argument("source", metavar="FILE|URL")
@option("--key", "expected", default="", help=N_("Refuse unless the document has this key, as read out by its owner."))
@node_command
def trust(console: Console, source: str, expected: str) -> None:
    """Trust a neighbour."""
    from otay.exchange.services import identity as identities
    from otay.exchange.services import transport
    from otay.node.actors import SYSTEM

    from_address = source.startswith(("https://", "http://"))
    if from_address and not expected:
        raise Refused(N_("An identity fetched over the network is trusted only with --key, as its owner read it out"))
    document = transport.fetch_identity(source) if from_address else read_json(Path(source))
    key = document.get("identity", {}).get("key") if isinstance(document, dict) else None
    if expected and key != expected:
        raise Refused(
            N_("The document has the key %(key)s, not %(expected)s: do not trust it"), key=key, expected=expected
        )
    peer = identities.trust(actor=SYSTEM, document=document)
    console.answer(
        {"country": peer.country, "key": key},
        console.text(N_("%(country)s is trusted with the key %(key)s"), country=peer.country, key=key),
    )


@exchange.command(
    help=N_("Open the door for neighbours (mutual TLS) by hand; the background of the node does so by itself."),
    epilog=N_("\b\nExample:\n  otay exchange door --home /srv/otay"),
)
@node_command
def door(console: Console) -> None:
    """Until SIGTERM or Ctrl-C."""
    from otay.exchange import door as doors
    from otay.exchange import tls

    if not tls.wanted():
        raise Refused(N_("node.toml names no exchange_url: neighbours knock at the url of the node"))
    doors.serve()


def _day(ctx: click.Context, param: click.Parameter, value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value else None


@agree.command(
    help=N_("Propose terms, signed by this node, as a file for the neighbour. Personal fields only with --personal."),
    epilog=N_(
        "\b\nExamples:\n"
        "  otay exchange agree propose --with MX --all-types --purpose 'customs control' --home A --out terms.json"
        "\n  otay exchange agree propose --with MX --type declaration --purpose '...' --retention 365"
    ),
)
@option("--with", "country", required=True, help=N_("Country of the neighbour."))
@option("--all-types", is_flag=True, help=N_("Every record type that this node knows."))
@option("--type", "types", multiple=True, help=N_("A record type; may be repeated."))
@option("--purpose", required=True, help=N_("What the records may be used for."))
@option("--personal", is_flag=True, help=N_("Include fields marked as personal."))
@option(
    "--consent",
    "consents",
    multiple=True,
    metavar="TYPE:PROGRAMME:SUBJECT[:FIELD,...]",
    help=N_("Share these fields (without any: the whole record) only with the subject's consent to the programme."),
)
@option("--reference", default="", help=N_("Name of the agreement; else both countries and 'core'."))
@option(
    "--retention",
    "retention_days",
    type=int,
    default=1825,
    show_default=True,
    help=N_("Days until bodies are dropped."),
)
@option(
    "--valid-from",
    type=click.DateTime(["%Y-%m-%d"]),
    callback=_day,
    help=N_("First day; else today on the node's clock."),
)
@option("--valid-to", type=click.DateTime(["%Y-%m-%d"]), callback=_day, help=N_("Day it ends; else five years later."))
@_out
@node_command
def propose(
    console: Console,
    country: str,
    all_types: bool,
    types: tuple[str, ...],
    consents: tuple[str, ...],
    out: Path | None,
    **chosen: Any,
) -> None:
    """Propose terms."""
    from otay.exchange.services import agreements
    from otay.node.actors import SYSTEM

    if all_types == bool(types):
        raise click.UsageError(console.text(N_("Give either --all-types or one or more --type")))
    clauses = [_clause(console, text) for text in consents]
    terms = agreements.default_terms(with_country=country.upper(), types=types, consents=clauses, **chosen)
    _put(console, agreements.file_of(agreements.propose(actor=SYSTEM, terms=terms)), out)


def _clause(console: Console, text: str) -> tuple[str, Any]:
    from otay.exchange.domain.consent import Clause

    parts = text.split(":")
    if len(parts) not in (3, 4) or not all(parts):
        raise click.UsageError(
            console.text(N_("--consent is TYPE:PROGRAMME:SUBJECT[:FIELD,...], not %(text)s"), text=text)
        )
    return parts[0], Clause(parts[1], parts[2], tuple(parts[3].split(",")) if len(parts) == 4 else ())


@agree.command(
    "import",
    help=N_("Take in an agreement file from the neighbour: terms, or its signature."),
    epilog=N_("\b\nExample:\n  otay exchange agree import terms.json --home B"),
)
@click.argument("file", type=_FILE)
@node_command
def import_file(console: Console, file: Path) -> None:
    """Import a file."""
    from otay.exchange.services import agreements
    from otay.node.actors import SYSTEM

    _told(console, agreements.import_file(actor=SYSTEM, document=read_json(file)))


@agree.command(
    help=N_("Sign imported terms for this node; the countersigned file goes back to the neighbour."),
    epilog=N_("\b\nExample:\n  otay exchange agree sign MX-US-core --version 1 --home B --out signed.json"),
)
@click.argument("reference")
@option("--version", type=int, required=True, help=N_("Version of the agreement."))
@_out
@node_command
def sign(console: Console, reference: str, version: int, out: Path | None) -> None:
    """Sign terms."""
    from otay.exchange.services import agreements
    from otay.node.actors import SYSTEM

    _put(console, agreements.file_of(agreements.sign(actor=SYSTEM, reference=reference, version=version)), out)


@agree.command(
    "list",
    help=N_("All agreements, their state and whose signatures hold."),
    epilog=N_("\b\nExample:\n  otay exchange agree list --json"),
)
@node_command
def list_agreements(console: Console) -> None:
    """List agreements."""
    from otay.exchange import queries
    from otay.exchange.models import Peer

    found = [one for several in queries.standings(list(Peer.objects.all())).values() for one in several]
    data = [{**one.terms.document(), "state": one.state, "signed": sorted(one.signed)} for one in found]
    line = N_("%(citation)s %(state)s, signatures that hold: %(signed)s; %(purpose)s")
    text = "\n".join(
        console.text(
            line,
            citation=one.terms.citation,
            state=console.text(one.state),
            signed=", ".join(sorted(one.signed)) or "–",
            purpose=one.terms.purpose,
        )
        for one in found
    )
    console.answer(
        {"agreements": data}, text or console.text(N_("There is no agreement yet, so nothing is exchanged."))
    )


def _told(console: Console, agreement: Any) -> None:
    data = {"reference": agreement.reference, "version": agreement.version, "state": agreement.state}
    console.answer(
        data,
        console.text(
            N_("Agreement %(citation)s is %(state)s"), citation=agreement.citation, state=console.text(agreement.state)
        ),
    )


def _state_command(name: str, state: str, text: str, example: str) -> None:
    @agree.command(name, help=text, epilog=example)
    @click.argument("reference")
    @option("--version", type=int, help=N_("Version; else the one in force."))
    @reason
    @node_command
    def change(console: Console, reference: str, version: int | None, reason: str) -> None:
        from otay.exchange.domain.agreement import State
        from otay.exchange.services import agreements
        from otay.node.actors import SYSTEM

        _told(
            console,
            agreements.set_state(actor=SYSTEM, reference=reference, version=version, state=State(state), reason=reason),
        )


_state_command(
    "suspend",
    "suspended",
    N_("Suspend an agreement for this node: nothing more goes or is taken under it."),
    N_("\b\nExample:\n  otay exchange agree suspend MX-US-core --reason 'audit finding 7'"),
)
_state_command(
    "resume",
    "active",
    N_("Take a suspended agreement up again."),
    N_("\b\nExample:\n  otay exchange agree resume MX-US-core --reason 'finding 7 closed'"),
)
_state_command(
    "end",
    "ended",
    N_("End an agreement for good."),
    N_("\b\nExample:\n  otay exchange agree end MX-US-core --reason 'replaced'"),
)


@exchange.command(
    help=N_("Check this node's streams (every digest, link and signature), or evidence files by themselves."),
    epilog=N_("\b\nExamples:\n  otay exchange verify\n  otay exchange verify otay-record-out-MX-17.json --json"),
)
@click.argument("files", nargs=-1, type=_FILE)
@option("--authority", type=_FILE, help=N_("Certificates (PEM) of time-stamping authorities that you trust."))
@node_command
def verify(console: Console, files: tuple[Path, ...], authority: Path | None) -> None:
    """Verify streams or evidence files; exit code 1 when something does not hold."""
    ok = _verify_files(console, files, authority) if files else _verify_streams(console)
    if not ok:
        raise SystemExit(1)


def _verify_streams(console: Console) -> bool:
    from otay.exchange.services.upkeep import verify_streams

    reports = verify_streams()
    data = [
        {"stream": one.stream, "records": one.records, "signed_heads": one.heads, "problems": one.problems}
        for one in reports
    ]
    lines = [
        console.text(
            N_("%(stream)s: %(records)s records, %(heads)s signed heads: %(result)s"),
            stream=one.stream,
            records=one.records,
            heads=one.heads,
            result="; ".join(one.problems) or console.text(N_("whole")),
        )
        for one in reports
    ]
    console.answer({"streams": data}, "\n".join(lines) or console.text(N_("No neighbour is trusted yet.")))
    return not any(one.problems for one in reports)


def _verify_files(console: Console, files: tuple[Path, ...], authority: Path | None) -> bool:
    from otay.exchange.services import checking

    roots = checking.certificates(authority.read_bytes()) if authority else []
    data, lines = [], []
    for file in files:
        found = checking.examined(checking.read(file.read_bytes()), roots)
        checked, who, taker = found.checked, found.signed_by, found.receipted_by
        problems = [console.text(one.problem) for one in found.steps if one.verdict == "failed"]
        data.append(
            {
                "file": str(file),
                "holds": found.holds,
                "problems": problems,
                "steps": [
                    {"step": console.text(one.title), "verdict": one.verdict.value, "why": console.text(one.problem),
                     "value": one.value}
                    for one in found.steps
                ],
                "stream": checked.stream,
                "sequence": checked.sequence,
                "header": dict(checked.header),
                "signed_by": who.country if who else checked.signed_by,
                "signed_at": checked.signed_at,
                "receipted_by": taker.country if taker else checked.receipted_by,
                "receipted_at": checked.receipted_at,
                "held": checked.held,
                "stamped_at": found.stamped_at.isoformat() if found.stamped_at else "",
            }
        )  # fmt: skip
        result = "; ".join(problems) or console.text(
            N_("signed by %(signed_by)s at %(signed_at)s, receipted by %(receipted_by)s"), **data[-1]
        )
        lines.append(f"{file}: {result}")
    console.answer({"files": data}, "\n".join(lines))
    return all(one["holds"] for one in data)


@exchange.command(
    help=N_("Save the evidence file of a record: it verifies by itself."),
    epilog=N_("\b\nExample:\n  otay exchange evidence out MX 17 --purpose 'case 2026/113' --out record.json"),
)
@click.argument("direction", type=click.Choice(["out", "in"]))
@click.argument("country")
@click.argument("sequence", type=int)
@option("--purpose", required=True, help=N_("What it is for; goes into the audit log."))
@_out
@node_command
def evidence(console: Console, direction: str, country: str, sequence: int, purpose: str, out: Path | None) -> None:
    """Export evidence."""
    from otay.exchange.queries import peer_named
    from otay.exchange.services import upkeep
    from otay.node.actors import SYSTEM

    peer = peer_named(country.upper())
    _put(
        console, upkeep.evidence(actor=SYSTEM, direction=direction, peer=peer, sequence=sequence, purpose=purpose), out
    )


@exchange.command(
    help=N_("Fetch from a neighbour what it has sent and this node does not hold; nothing is applied twice."),
    epilog=N_("\b\nExample:\n  otay exchange replay MX"),
)
@click.argument("country")
@node_command
def replay(console: Console, country: str) -> None:
    """Replay."""
    from otay.exchange.queries import peer_named
    from otay.exchange.services import upkeep
    from otay.node.actors import SYSTEM

    came = upkeep.replay(actor=SYSTEM, peer=peer_named(country.upper()))
    console.answer({"records": came}, console.text(N_("%(count)s records fetched."), count=came))
