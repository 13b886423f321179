"""Dates and numbers as the two administrations write them, without doubt about which is the month."""
