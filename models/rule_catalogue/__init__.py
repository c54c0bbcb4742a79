"""Reads what rules can name, and suggests values."""
