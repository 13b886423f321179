"""Electronic seals and locks: one reader a family of devices, one shape of record for all."""
