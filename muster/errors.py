"""Errors of the front door."""


class SetupError(Exception):
    """The start is not possible. The message is one line and says how to mend it."""
