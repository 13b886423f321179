"""Passengers: what carriers send ahead of travel, answered, screened and shared."""
