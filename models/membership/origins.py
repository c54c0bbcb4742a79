"""The values that the log of members uses."""

from enum import StrEnum


class Origin(StrEnum):
    MANUAL = "MANUAL"
    IMPORT = "IMPORT"
    WORKFLOW = "WORKFLOW"
    RULE = "RULE"
    API = "API"


class ChangeKind(StrEnum):
    ENTERED = "ENTERED"
    LEFT = "LEFT"


class Override(StrEnum):
    """A person's decision that a rule does not change."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"
