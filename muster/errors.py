"""The errors that commands show to an operator."""


class SetupError(Exception):
    """One line that says how to mend the settings or the machine."""
