"""A pillar of the joint statement; its rooms are the packages below."""
