"""PAXLST: passenger and crew lists, UN/EDIFACT D.96B to D.16B, by the WCO/IATA/ICAO guide and as airlines send them."""
