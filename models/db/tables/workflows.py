from datetime import datetime
from typing import Any

from tortoise import fields

from models.db.tables.base import TenantRow


class Workflow(TenantRow):
    """See `models.workflows.drafts`; the migrations explain the columns."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    description = fields.TextField(null=True)
    status = fields.TextField(default="DRAFT")
    reason = fields.TextField(null=True)
    version = fields.IntField(default=1)
    draft: fields.Field[dict[str, Any]] = fields.JSONField()
    published_number = fields.IntField(null=True)
    test_segment_id = fields.BigIntField(null=True)
    activates_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    activates_existing = fields.BooleanField(default=False)
    drains = fields.BooleanField(default=False)
    paused_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    updated_at = fields.DatetimeField()
    activated_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta:
        table = "workflows"


class WorkflowVersion(TenantRow):
    """A graph as it was published (`models.workflows.versions`)."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    workflow_id = fields.BigIntField()
    number = fields.IntField()
    graph: fields.Field[dict[str, Any]] = fields.JSONField()
    runs_as: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    note = fields.TextField(null=True)
    published_at = fields.DatetimeField()
    published_by = fields.BigIntField(null=True)
    followed_by = fields.IntField(null=True)
    moves: fields.Field[dict[str, str | None]] = fields.JSONField(default=dict)

    class Meta:
        table = "workflow_versions"
