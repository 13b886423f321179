"""``otay exchange``: the neighbour's node from the command line."""

from otay.exchange.commands import books, keys, peers, terms
from otay.exchange.commands.main import exchange

__all__ = ["books", "exchange", "keys", "peers", "terms"]
