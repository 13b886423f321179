"""CONTRL: what an EDIFACT partner says of the syntax of what it received (ISO 9735-4)."""
