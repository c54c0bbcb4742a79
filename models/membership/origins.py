"""The words of the membership log."""

from enum import StrEnum


class Origin(StrEnum):
    """What put a contact in or took it out."""

    MANUAL = "MANUAL"
    IMPORT = "IMPORT"
    WORKFLOW = "WORKFLOW"
    RULE = "RULE"
    API = "API"


class ChangeKind(StrEnum):
    """Which way a contact went."""

    ENTERED = "ENTERED"
    LEFT = "LEFT"


class Override(StrEnum):
    """A person's word over the rule's, kept through every recompute."""

    INCLUDE = "INCLUDE"
    EXCLUDE = "EXCLUDE"
