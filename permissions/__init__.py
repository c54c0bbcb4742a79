"""What a caller may do. Pure: no I/O, no framework."""
