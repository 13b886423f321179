"""``otay fraud`` and ``otay select``: find what to look at in declarations and in both countries' books, without a node."""

from otay.goods.investigations.commands.fraud import fraud
from otay.goods.investigations.commands.select import select

__all__ = ["fraud", "select"]
