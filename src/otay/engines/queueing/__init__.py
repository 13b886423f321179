"""Queues at a port of entry."""
