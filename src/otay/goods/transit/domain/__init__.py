"""The rules of the room without storage: steps, incidents, seals, the life of an alarm, evidence."""
