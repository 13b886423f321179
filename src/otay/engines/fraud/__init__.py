"""Fraud in trade: what was known when, prices, both countries' books, models, and who is looked at.

Plain arrays and tables; nothing here reads a file, a clock or a database.
"""
