"""Patterns over many records: relabelled origins, surges, parts, circles of trade, networks of parties, digits."""
