"""How fast Muster is, measured so that anybody can do it again: `make bench`."""
