"""Imports of contacts from files. Every row is created, updated, unchanged, skipped or rejected."""
