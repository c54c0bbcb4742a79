"""May this caller do this? Pure: no I/O, no framework."""
