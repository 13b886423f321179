"""Rates and tariff lines for tests. All of it is invented."""

from __future__ import annotations

from factories import declarations
from otay.goods.declarations.tariff import services
from otay.node import roles
from otay.node.actors import Actor


def keeper(key: str = "") -> Actor:
    """Who may put rates and lines."""
    return declarations.actor(roles.TARGETING, key=key)


def rates(*rows: str) -> services.Plan:
    """Put rates: ``MXN,2026-01-01,0.05``."""
    return put("rates", "currency,since,rate", *rows)


def lines(*rows: str) -> services.Plan:
    """Put lines: ``5209,MX,2026-01-01,,6.5``."""
    return put("lines", "hs,origin,start,end,ad_valorem,specific,unit,currency", *rows)


def put(table: str, heading: str, *rows: str) -> services.Plan:
    """Put the rows of a table."""
    content = "\n".join([heading, *rows]).encode()
    return services.put_csv(actor=keeper(), table=table, content=content, name="test.csv", source="Invented gazette")
