"""Models that rank declarations, from features that know only what was known, with reasons and honest figures."""
