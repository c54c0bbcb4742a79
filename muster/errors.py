"""What can be wrong before anything runs."""


class SetupError(Exception):
    """The installation, or what it was told, does not work as it is. The message is one line and says how to mend it."""
