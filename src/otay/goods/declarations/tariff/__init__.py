"""Exchange rates and tariff lines, dated, with their sources: how values and duties are reckoned."""
