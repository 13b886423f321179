"""Kernels: rules, selection, names, queueing. Plain Python and arrays; usable from a notebook."""
