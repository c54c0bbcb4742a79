"""Measures how fast Muster is: `make bench`."""
