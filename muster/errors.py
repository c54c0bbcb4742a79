"""Errors of the front door."""


class SetupError(Exception):
    """The settings or the machine do not allow a start. The message is one line and says how to mend it."""
