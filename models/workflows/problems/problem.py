"""What is wrong with a workflow, at which node."""

from dataclasses import dataclass
from enum import StrEnum


class ProblemCode(StrEnum):
    """What kind of problem it is. Those of WARNINGS do not block a publish."""

    INVALID = "INVALID"
    NO_TRIGGER = "NO_TRIGGER"
    NO_START = "NO_START"
    EDGE_TO_NOWHERE = "EDGE_TO_NOWHERE"
    UNREACHABLE = "UNREACHABLE"
    CYCLE_WITHOUT_WAIT = "CYCLE_WITHOUT_WAIT"
    RULE_INVALID = "RULE_INVALID"
    SEGMENT_GONE = "SEGMENT_GONE"
    SEGMENT_NOT_STATIC = "SEGMENT_NOT_STATIC"
    FIELD_UNKNOWN = "FIELD_UNKNOWN"
    FIELD_VALUE = "FIELD_VALUE"
    TAG_UNKNOWN = "TAG_UNKNOWN"
    KIND_UNKNOWN = "KIND_UNKNOWN"
    SCHEDULE_INVALID = "SCHEDULE_INVALID"
    NODE_UNKNOWN = "NODE_UNKNOWN"
    KEY_WITHOUT_ACTIVITY = "KEY_WITHOUT_ACTIVITY"
    NEVER_HAPPENS = "NEVER_HAPPENS"
    TEMPLATE_GONE = "TEMPLATE_GONE"
    TEMPLATE_NOT_SENDABLE = "TEMPLATE_NOT_SENDABLE"
    PARAMETERS = "PARAMETERS"
    NO_CHANNEL = "NO_CHANNEL"
    BROADCAST_GONE = "BROADCAST_GONE"
    WORKFLOW_GONE = "WORKFLOW_GONE"
    ENDPOINT_GONE = "ENDPOINT_GONE"
    LOOP = "LOOP"


WARNINGS = frozenset(
    {
        ProblemCode.UNREACHABLE,
        ProblemCode.TAG_UNKNOWN,
        ProblemCode.KIND_UNKNOWN,
        ProblemCode.NEVER_HAPPENS,
        ProblemCode.NO_CHANNEL,
        ProblemCode.LOOP,
    }
)


@dataclass(frozen=True, slots=True)
class Problem:
    """`node_key` is None when it is the workflow's as a whole."""

    code: ProblemCode
    message: str
    node_key: str | None = None

    @property
    def blocks(self) -> bool:
        return self.code not in WARNINGS
