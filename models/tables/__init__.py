"""The tables as the ORM sees them, one noun per file. The DDL is in the migrations; a test compares the two."""

from models.tables.people import ApiToken, Person, Workspace

__all__ = ["ApiToken", "Person", "Workspace"]
