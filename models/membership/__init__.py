"""The engine: keeps the members of every segment right, and logs who entered and left."""
