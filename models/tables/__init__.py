"""The tables as the ORM sees them, one noun per file. The DDL is in the migrations; a test compares the two."""

from models.tables.broadcasts import Broadcast, MessageTemplate, WhatsAppChannel
from models.tables.contacts import CustomField
from models.tables.jobs import Job
from models.tables.people import ApiToken, Person, Workspace
from models.tables.segments import Segment, SegmentUse

__all__ = [
    "ApiToken",
    "Broadcast",
    "CustomField",
    "Job",
    "MessageTemplate",
    "Person",
    "Segment",
    "SegmentUse",
    "WhatsAppChannel",
    "Workspace",
]
