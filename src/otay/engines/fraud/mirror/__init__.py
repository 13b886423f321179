"""Both countries' books of the same goods: which record belongs to which, and where they disagree."""
