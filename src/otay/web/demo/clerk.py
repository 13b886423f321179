"""A process inside one node that does what an administrator would do at a terminal, one question at a time.

Reads a line of JSON, ``{"ask": name, "with": {...}}``, writes ``{"progress": [done, total, what]}`` lines while it
works and then ``{"answer": ...}`` or ``{"problem": text}``. Ends with its input.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

Progress = Callable[[int, int, str], None]


def migrate(progress: Progress) -> int:
    """Bring the tables up to date."""
    from otay.node.installation import migrate as bring_up

    return bring_up()


def seed(progress: Progress) -> int:
    """Every room's invented data; a second call adds nothing."""
    from otay.node.registry import demo_chapters

    chapters = list(demo_chapters)
    for done, chapter in enumerate(chapters):
        progress(done, len(chapters), str(chapter.title))
        chapter.seed()
    return len(chapters)


def identity(progress: Progress) -> dict[str, Any]:
    """The node's public identity document."""
    from otay.exchange.services.identity import identity_document

    return identity_document()


def trust(progress: Progress, document: dict[str, Any]) -> str:
    """Trust the neighbour's node."""
    from otay.exchange.services import identity as identities
    from otay.node.actors import SYSTEM

    return identities.trust(actor=SYSTEM, document=document).country


def agreed(progress: Progress, country: str) -> bool:
    """True if an agreement with the neighbour, signed by both, is in force."""
    from otay.exchange import queries

    peer = queries.peer_named(country)
    return any(one.active for one in queries.standings([peer]).get(peer.pk, []))


def propose(progress: Progress, country: str, purpose: str) -> dict[str, Any]:
    """Terms over all record types, signed by this node, as a file."""
    from otay.exchange.services import agreements
    from otay.node.actors import SYSTEM

    terms = agreements.default_terms(with_country=country, purpose=purpose)
    return agreements.file_of(agreements.propose(actor=SYSTEM, terms=terms))


def take_agreement(progress: Progress, document: dict[str, Any], sign: bool) -> dict[str, Any]:
    """Import an agreement file and, if so asked, sign it; the file as it is now."""
    from otay.exchange.services import agreements
    from otay.node.actors import SYSTEM

    taken = agreements.import_file(actor=SYSTEM, document=document)
    if sign:
        taken = agreements.sign(actor=SYSTEM, reference=taken.reference, version=taken.version)
    return agreements.file_of(taken)


def books(progress: Progress) -> dict[str, Any]:
    """What stands in the node's books."""
    from otay.web.demo.books import read_books

    return read_books()


def audit(progress: Progress) -> dict[str, Any]:
    """Check the whole audit log."""
    from otay.node.audit import verify

    verdict = verify(on_progress=lambda count: progress(count, 0, ""))
    return {"whole": verdict.whole, "checked": verdict.checked, "problem": verdict.problem}


_ASKED: dict[str, Callable[..., Any]] = {
    task.__name__: task for task in (migrate, seed, identity, trust, agreed, propose, take_agreement, books, audit)
}


def serve(questions: TextIO, answers: TextIO) -> None:
    """Answer until there are no more questions."""

    def say(kind: str, value: Any) -> None:
        answers.write(json.dumps({kind: value}, default=str) + "\n")
        answers.flush()

    for line in questions:
        asked = json.loads(line)
        try:
            answer = _ASKED[asked["ask"]](lambda *how_far: say("progress", how_far), **asked.get("with", {}))
        except Exception as problem:
            import logging

            logging.getLogger(__name__).exception("the clerk could not do: %s", asked["ask"])
            say("problem", f"{type(problem).__name__}: {problem}")
        else:
            say("answer", answer)


def main() -> None:
    """Set up the node of ``OTAY_HOME`` and serve. Whatever else prints goes to the log, never between the answers."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    from otay.node.commandline import setup

    setup()
    from django.utils import translation

    with translation.override("es-mx" if os.environ.get("OTAY_LANG") == "es" else "en"):
        serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
