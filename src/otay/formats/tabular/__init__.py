"""Batches of declarations as a table, CSV or XLSX: a row a line of goods; rows of one reference are one declaration."""
