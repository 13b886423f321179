"""Facts about a traveller that take a little thought. Each function leaves out what is not known. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

Facts = dict[str, Any]
_BANDS = ("strong", "probable", "possible")
_HOUR = 3600


def age(born: str, day: date | None) -> Facts:
    """Whole years on the day of the flight."""
    if not born or day is None:
        return {}
    birth = date.fromisoformat(born)
    return {"age": day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))}


def documents(said: Mapping[str, Any], day: date | None) -> Facts:
    """Of the first document that has a number."""
    papers = [paper for paper in said.get("documents") or [] if paper.get("number")]
    facts: Facts = {"documents": len(papers)}
    if not papers:
        return facts
    paper = papers[0]
    issuer, nationality = paper.get("issuer") or "", said.get("nationality") or ""
    if paper.get("type"):
        facts["document_type"] = paper["type"]
    if issuer:
        facts["document_issuer"] = issuer
    if issuer and len(issuer) == len(nationality):
        facts["issuer_differs"] = issuer != nationality
    if paper.get("expiry") and day is not None:
        left = (date.fromisoformat(paper["expiry"]) - day).days
        facts |= {"document_days_left": left, "document_expired": left < 0}
    return facts


def bags(said: Mapping[str, Any], booking: Mapping[str, Any]) -> Facts:
    """Bags checked in, counted by their number or by their tags."""
    for given in (said.get("bags"), booking.get("bags")):
        if given:
            count = given.get("count")
            return {"bags": count if count is not None else sum(tag.get("count", 1) for tag in given.get("tags") or [])}
    return {}


def reservation(body: Mapping[str, Any], departs_at: datetime | None) -> Facts:
    """How it was booked and paid."""
    facts: Facts = {}
    if body.get("flights"):
        facts["legs"] = len(body["flights"])
    if body.get("payments"):
        facts["paid_cash"] = any(payment.get("form") == "CA" for payment in body["payments"])
    if body.get("created") and departs_at is not None:
        facts["booked_days"] = (departs_at.date() - date.fromisoformat(body["created"][:10])).days
    return facts


def lead(first: datetime | None, departs_at: datetime | None) -> Facts:
    """Hours by which the traveller was known ahead; below zero for a list that came after the departure."""
    if first is None or departs_at is None:
        return {}
    return {"lead_hours": round(Decimal((departs_at - first).total_seconds()) / _HOUR, 1)}


def matches(found: Sequence[tuple[str, str, str]]) -> Facts:
    """Of matches (band, category, state), best first."""
    waiting = sorted((_BANDS.index(band), category) for band, category, state in found if state == "open")
    facts: Facts = {
        "watchlist_hits": len(waiting),
        "watchlist_confirmed": any(state == "confirmed" for _band, _category, state in found),
    }
    if waiting:
        facts |= {"watchlist_band": _BANDS[waiting[0][0]], "watchlist_category": waiting[0][1]}
    return facts
