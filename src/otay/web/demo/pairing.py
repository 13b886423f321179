"""The two nodes come to know each other as two administrations would: identities, trust, an agreement both sign."""

from __future__ import annotations

from otay.web.demo.asking import Clerk

PURPOSE = "Customs control of goods that cross the land border (demo)"


def pair(first: Clerk, second: Clerk) -> None:
    """Make ``first`` and ``second`` trust each other, under an agreement over every record type. Repeatable."""
    documents = first.ask("identity"), second.ask("identity")
    first.ask("trust", document=documents[1])
    second.ask("trust", document=documents[0])
    country = second.side.country
    if first.ask("agreed", country=country) and second.ask("agreed", country=first.side.country):
        return
    proposed = first.ask("propose", country=country, purpose=PURPOSE)
    signed = second.ask("take_agreement", document=proposed, sign=True)
    first.ask("take_agreement", document=signed, sign=False)
