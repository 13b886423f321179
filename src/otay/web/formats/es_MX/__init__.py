"""Mexican Spanish: 24 nov 2023, 14:05."""
