"""Ground floor: money, clock arithmetic, identifiers, geography, findings, hashes. Plain Python, no I/O."""
