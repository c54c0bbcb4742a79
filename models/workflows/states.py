"""The states of a workflow, and the ways in which an enrollment ends."""

from enum import StrEnum
from typing import Final


class WorkflowStatus(StrEnum):
    """DRAFT -> ACTIVE <-> PAUSED; ACTIVE or PAUSED -> DRAINING -> ARCHIVED."""

    DRAFT = "DRAFT"
    ACTIVE = "ACTIVE"
    PAUSED = "PAUSED"
    DRAINING = "DRAINING"
    ARCHIVED = "ARCHIVED"


RUNNING: Final = frozenset({WorkflowStatus.ACTIVE, WorkflowStatus.PAUSED, WorkflowStatus.DRAINING})
"""There can be contacts inside."""


class EnrollmentState(StrEnum):
    """READY: goes on at once, or when segments are right for it. HELD and FAILED say why in `reason`."""

    READY = "READY"
    WAITING = "WAITING"
    HELD = "HELD"
    FAILED = "FAILED"
    ENDED = "ENDED"


class EnrollmentEnd(StrEnum):
    REACHED_END = "REACHED_END"
    GOAL = "GOAL"
    EXIT_RULE = "EXIT_RULE"
    LEFT_SEGMENT = "LEFT_SEGMENT"
    REMOVED = "REMOVED"
    CONTACT_DELETED = "CONTACT_DELETED"
    NODE_DELETED = "NODE_DELETED"
    ARCHIVED = "ARCHIVED"
    STAYED_TOO_LONG = "STAYED_TOO_LONG"
    LOOP_STOPPED = "LOOP_STOPPED"
    FAILED = "FAILED"


class EnrolledContactsPolicy(StrEnum):
    """What a publish does with those inside."""

    MOVE = "MOVE"
    FINISH_OLD_VERSION = "FINISH_OLD_VERSION"
    EXIT = "EXIT"
