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
    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"
