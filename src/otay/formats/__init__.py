"""Readers and writers of the field's messages. Plain Python, bounded in memory and depth."""
