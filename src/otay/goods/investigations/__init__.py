"""Investigations: selection, mirror matching, joint cases and seizures."""
