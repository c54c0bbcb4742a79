from typing import Any

from tortoise import fields

from models.db.tables.base import TenantRow


class Job(TenantRow):
    """See `models.queue.jobs`; the migration explains the columns."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    kind = fields.TextField()
    status = fields.TextField(default="QUEUED")
    done = fields.BigIntField(default=0)
    total = fields.BigIntField(null=True)
    error = fields.TextField(null=True)
    segment_id = fields.BigIntField(null=True)
    workflow_id = fields.BigIntField(null=True)
    input: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    progress: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)
    cancel_asked_at = fields.DatetimeField(null=True)
    lease_token = fields.BigIntField(null=True)
    leased_until = fields.DatetimeField(null=True)
    worked_at = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)
    started_at = fields.DatetimeField(null=True)
    finished_at = fields.DatetimeField(null=True)

    class Meta:
        table = "jobs"
