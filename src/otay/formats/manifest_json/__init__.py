"""Otay's own JSON for manifests: the records of all passenger messages, for those who do not speak EDIFACT."""
