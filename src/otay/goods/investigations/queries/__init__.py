"""Reads of investigations. Each shows an actor only what it may see."""
