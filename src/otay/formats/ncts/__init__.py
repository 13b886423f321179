"""Messages of the transit procedure after NCTS phase 5."""
