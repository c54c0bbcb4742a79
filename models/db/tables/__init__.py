"""The tables as the ORM sees them. The DDL is in the migrations; a test compares the two."""

from models.db.tables.accounts import ApiToken, Member, Workspace
from models.db.tables.audiences import Audience, MetaConnection
from models.db.tables.broadcasts import Broadcast, MessageTemplate, WhatsAppChannel
from models.db.tables.contacts import CustomField
from models.db.tables.jobs import Job
from models.db.tables.segments import Segment, SegmentUse
from models.db.tables.workflows import Workflow, WorkflowVersion

__all__ = [
    "ApiToken",
    "Audience",
    "Broadcast",
    "CustomField",
    "Job",
    "Member",
    "MessageTemplate",
    "MetaConnection",
    "Segment",
    "SegmentUse",
    "WhatsAppChannel",
    "Workflow",
    "WorkflowVersion",
    "Workspace",
]
