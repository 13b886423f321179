"""Names of people and organisations compared: Spanish two-surname names first, with the reasons of every score."""
