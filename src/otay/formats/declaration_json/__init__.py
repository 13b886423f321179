"""Declarations as JSON: one, a list, or ``{"declarations": [...]}``."""
