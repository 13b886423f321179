"""Everything that changes what the room holds."""
