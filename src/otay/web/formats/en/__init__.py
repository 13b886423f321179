"""English: Nov 24, 2023, 14:05."""
