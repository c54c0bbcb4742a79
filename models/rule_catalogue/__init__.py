"""Reads from the database what rules can name, and values to suggest."""
