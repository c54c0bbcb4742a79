"""The permissions."""

from enum import StrEnum


class Permission(StrEnum):
    """What a caller can be allowed to do. A USER or an API token is granted permissions one by one."""

    CONTACT_READ = "CONTACT_READ"
    CONTACT_WRITE = "CONTACT_WRITE"
    CONTACT_IMPORT = "CONTACT_IMPORT"
    CONTACT_EXPORT = "CONTACT_EXPORT"
    SEGMENT_READ = "SEGMENT_READ"
    SEGMENT_WRITE = "SEGMENT_WRITE"
    ACTIVITY_WRITE = "ACTIVITY_WRITE"
    BROADCAST_READ = "BROADCAST_READ"
    BROADCAST_SEND = "BROADCAST_SEND"
    WORKFLOW_READ = "WORKFLOW_READ"
    WORKFLOW_WRITE = "WORKFLOW_WRITE"
    JOB_READ = "JOB_READ"
    JOB_RUN = "JOB_RUN"
    WEBHOOK_MANAGE = "WEBHOOK_MANAGE"
    MEMBER_MANAGE = "MEMBER_MANAGE"
    TOKEN_MANAGE = "TOKEN_MANAGE"
    AUDIT_READ = "AUDIT_READ"


ALL_PERMISSIONS: frozenset[Permission] = frozenset(Permission)

ADMIN_ONLY: frozenset[Permission] = frozenset(
    {Permission.MEMBER_MANAGE, Permission.TOKEN_MANAGE, Permission.AUDIT_READ}
)
"""What a MANAGER lacks."""
