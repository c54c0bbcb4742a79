"""Whether a caller may do something. Pure: no I/O, no framework."""
