"""The older US passenger list (US-EDIFACT PAXLST 001:000): CTA, TDT, LOC, DTM, UNS, PDT."""
