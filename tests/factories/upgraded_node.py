"""A node whose database is filled, brought back to the tables of the first programs, and judged after the upgrade.

Run as a program: ``upgraded_node.py fill|age|judge HOME``.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1])]
import exchange_node  # noqa: E402


def fill() -> None:
    """People, an audit log, messages, records sent, receipted, received and refused."""
    from django.db import transaction

    from factories import intake as messages
    from factories.exchange import Door, Neighbour, paired, parcel
    from factories.node import make_person
    from otay.core.errors import OtayError
    from otay.exchange.registry import Publication
    from otay.exchange.services import acceptance, delivery, publishing
    from otay.intake.incoming import Incoming
    from otay.intake.services import receive
    from otay.node.actors import SYSTEM

    for role in ("administrator", "auditor", "supervisor"):
        make_person(role, username=role)
    messages.make_table()
    with messages.open_room():
        actor, _token = messages.client()
        items = [Incoming(f"line {n}".encode(), reference=f"m-{n}", format=messages.FORMAT) for n in range(40)]
        receive(actor=actor, items=items)
    neighbour = Neighbour()
    with Door(neighbour) as door:
        peer = paired(neighbour, door.url)
        for first in range(1, 600, 100):
            some = [Publication(f"P-{n}", 1, parcel(f"P-{n}")) for n in range(first, first + 100)]
            with transaction.atomic():
                publishing.publish(actor=SYSTEM, record_type="test.parcel", publications=some)
            delivery.deliver_due(peer)
        for number in range(1, 301):
            neighbour.add(parcel(f"Q-{number}"))
        neighbour.add(parcel("Q-301", secret="not agreed"))
        acceptance.accept_batch(neighbour.batch(1))
        with suppress(OtayError):
            acceptance.accept_batch(b"{}")


FIRST = {
    "node": "0001_initial", "intake": "0001_initial", "exchange": "0001_initial", "screening": "0001_initial",
    "places": "0001_initial", "declarations": "0001_initial",
}  # fmt: skip


def age() -> int:
    """Bring the tables back to those of the first programs; how many migrations that undid."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from otay.node.installation import pending

    executor = MigrationExecutor(connection)
    executor.migrate(list(FIRST.items()))
    return len(pending())


_COLUMNS = ("sequence", "business_key", "version", "body", "state")


def books() -> dict[str, Any]:
    """What must be the same before and after."""
    from otay.exchange.models import Inbox, Outbox
    from otay.intake.models import StoredMessage
    from otay.node.models import AuditEvent, User

    return {
        "people": sorted(User.objects.values_list("username", flat=True)),
        "audit": [bytes(link).hex() for link in AuditEvent.objects.order_by("sequence").values_list("link", flat=True)],
        "messages": [*map(list, StoredMessage.objects.order_by("pk").values_list("reference", "state"))],
        "sent": [[row.sequence, row.business_key, row.body, row.state] for row in Outbox.objects.order_by("sequence")],
        "received": [
            [row.sequence, row.business_key, row.body, row.state] for row in Inbox.objects.order_by("sequence")
        ],
    }


def judge() -> dict[str, Any]:
    """The node after its upgrade: books, proofs, triggers, and every page of the menu."""
    from django.urls import reverse

    from factories.node import signed_in
    from otay.exchange.models import Outbox, Peer, RangeDigest
    from otay.exchange.services import ranges, upkeep
    from otay.node import audit, registry
    from otay.node.installation import pending
    from otay.node.models import User

    found = books()
    pages = {}
    for user in User.objects.exclude(username="acme"):
        browser = signed_in(user)
        for entry in registry.menu:
            pages[f"{user.username} {entry.url_name}"] = browser.get(
                reverse(entry.url_name), headers={"host": "127.0.0.1"}
            ).status_code
    peer = Peer.objects.get()
    ranges.fold(peer, "out")
    kept = RangeDigest.objects.filter(direction="out").count()
    Outbox.objects.filter(sequence=1).update(body="{}")
    forgotten = kept - RangeDigest.objects.filter(direction="out").count()
    found |= {
        "pending": pending(), "whole": audit.verify().whole, "pages": pages, "kept": kept, "forgotten": forgotten,
        "problems": [one.problems for one in upkeep.verify_streams()],
    }  # fmt: skip
    return found


def main(action: str, home: str) -> None:
    """One action; what it found, as JSON."""
    exchange_node.start(home)
    if action == "fill":
        exchange_node.prepare(home)
        fill()
        print(json.dumps(books()))
    elif action == "age":
        print(age())
    else:
        print(json.dumps(judge()))


if __name__ == "__main__":
    main(*sys.argv[1:])
