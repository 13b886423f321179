"""Tags of the sign-in pages."""
