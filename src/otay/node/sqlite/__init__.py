"""Django's SQLite, whose threads take turns at writing instead of sleeping at the door."""
