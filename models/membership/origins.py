"""The values that the log of members uses."""

from enum import StrEnum


class Origin(StrEnum):
    """What added a contact to a segment or removed it."""

    MANUAL = "MANUAL"
    IMPORT = "IMPORT"
    WORKFLOW = "WORKFLOW"
    RULE = "RULE"
    API = "API"


class ChangeKind(StrEnum):
    """Whether a contact entered or left."""

    ENTERED = "ENTERED"
    LEFT = "LEFT"


class Override(StrEnum):
    """A person's decision that a rule does not change."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"
