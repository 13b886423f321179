"""``otay exchange``: the neighbour's node from the command line."""

from otay.exchange.commands import books, consents, keys, peers, terms
from otay.exchange.commands.main import exchange

__all__ = ["books", "consents", "exchange", "keys", "peers", "terms"]
