"""Otay: an open smart-border platform for two neighbours."""
