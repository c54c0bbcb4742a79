"""Errors of the front door."""


class SetupError(Exception):
    """One line that says how to mend the settings or the machine."""
