"""CUSRES: the border's answer to a carrier, and the carrier's acknowledgement, by the WCO/IATA/ICAO guide."""
