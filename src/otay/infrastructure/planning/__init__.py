"""Planning: can a port of entry meet its demand?"""
