"""The pages of investigations. Doors only: each calls one query or service."""
