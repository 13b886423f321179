"""The tables of movements, seals and alarms."""
