"""PNRGOV: reservations of a flight, PADIS 10.1 to 16.1, by the WCO/IATA/ICAO guide and as airlines send them."""
