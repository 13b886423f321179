"""Both countries' books of one direction of trade over years, invented, with fraud of known kinds planted in them."""
