"""Machine-readable travel documents (ICAO Doc 9303 parts 3 to 7): TD1, TD2, TD3, MRV-A, MRV-B."""
