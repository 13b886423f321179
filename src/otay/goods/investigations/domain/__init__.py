"""Rules of investigations without storage."""
