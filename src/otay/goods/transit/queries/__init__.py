"""Reads that pages, the API and the services share. Each shows an actor only what it may see."""
