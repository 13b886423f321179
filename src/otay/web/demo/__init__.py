"""The demonstration: two nodes on one machine and a day of border life."""
