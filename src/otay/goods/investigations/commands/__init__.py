"""``otay fraud`` and ``otay select``: what to look at, and where both countries' books disagree."""

from otay.goods.investigations.commands.fraud import fraud
from otay.goods.investigations.commands.select import select

__all__ = ["fraud", "select"]
