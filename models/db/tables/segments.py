from enum import StrEnum
from typing import Any

from tortoise import fields

from models.db.tables.base import TenantRow


class SegmentKind(StrEnum):
    """What decides the members: people, a rule, or a rule that may read activities too."""

    STATIC = "STATIC"
    DYNAMIC = "DYNAMIC"
    DYNAMIC_PLUS = "DYNAMIC_PLUS"


class SegmentStatus(StrEnum):
    """Whether the members are those of the newest rule."""

    READY = "READY"
    BUILDING = "BUILDING"
    FAILED = "FAILED"


class Segment(TenantRow):
    """See `models.segments.segments`; the migration explains the columns."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    description = fields.TextField(null=True)
    kind = fields.TextField()
    status = fields.TextField(default="READY")
    rule: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    active_rule: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    version = fields.IntField(default=1)
    rule_version = fields.IntField(default=1)
    active_version = fields.IntField(default=0)
    member_count = fields.BigIntField(default=0)
    last_used_at = fields.DatetimeField(null=True)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)
    deleted_at = fields.DatetimeField(null=True)
    logged_up_to = fields.BigIntField(default=0)
    restore_asked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "segments"


class SegmentUse(TenantRow):
    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    segment_id = fields.BigIntField()
    kind = fields.TextField()
    used_by_id = fields.BigIntField()
    label = fields.TextField()
    active = fields.BooleanField()
    first_used_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(auto_now_add=True)

    class Meta:
        table = "segment_uses"
