"""Every change of investigations."""
