"""EDIFACT as it really arrives: separators, envelopes, dates and character sets (ISO 9735, UN/EDIFACT and PADIS)."""
