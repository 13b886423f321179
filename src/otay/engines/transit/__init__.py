"""Judgement of movements in transit, by when things happened: the same alarms in whatever order they are told."""
