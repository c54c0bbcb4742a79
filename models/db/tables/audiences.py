from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.db.tables.base import TenantRow


class MetaConnection(TenantRow):
    """The ad account of a workspace (`models.destinations.audiences.connections`)."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    ad_account_id = fields.TextField()
    name: fields.Field[Any] = fields.TextField(null=True)
    encrypted_token = fields.BinaryField()
    status = fields.TextField(default="CHECKING")
    reason: fields.Field[Any] = fields.TextField(null=True)
    checked_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    waits_until: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    created_by: fields.Field[int | None] = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    disconnected_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta:
        table = "meta_connections"


class Audience(TenantRow):
    """A segment kept as a custom audience. The migration explains the columns."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    description = fields.TextField()
    segment_id = fields.BigIntField()
    segment_gone = fields.BooleanField(default=False)
    mode = fields.TextField()
    keys = ArrayField(element_type="text")
    status = fields.TextField()
    reason: fields.Field[Any] = fields.TextField(null=True)
    blocked_by: fields.Field[Any] = fields.TextField(null=True)
    ad_account_id = fields.TextField()
    external_id: fields.Field[Any] = fields.TextField(null=True)
    mark = fields.TextField()
    creating = fields.BooleanField(default=False)
    scanned_up_to: fields.Field[int | None] = fields.BigIntField(null=True)
    marks_read = fields.BigIntField(default=0)
    in_flight: fields.Field[Any] = fields.TextField(null=True)
    in_flight_from: fields.Field[int | None] = fields.BigIntField(null=True)
    in_flight_until: fields.Field[int | None] = fields.BigIntField(null=True)
    replacing_job_id: fields.Field[int | None] = fields.BigIntField(null=True)
    present = fields.BigIntField(default=0)
    pending = fields.BigIntField(default=0)
    unmatchable = fields.BigIntField(default=0)
    excluded = fields.BigIntField(default=0)
    refused = fields.BigIntField(default=0)
    leaving = fields.BigIntField(default=0)
    kept = fields.BigIntField(default=0)
    failures = fields.IntField(default=0)
    waits_until: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    removals_wait_until: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    next_run_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    behind_since: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    last_synced_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    looked_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    delivery_status: fields.Field[Any] = fields.TextField(null=True)
    approximate_lower: fields.Field[int | None] = fields.BigIntField(null=True)
    approximate_upper: fields.Field[int | None] = fields.BigIntField(null=True)
    settings_version = fields.IntField(default=1)
    lease_token: fields.Field[int | None] = fields.BigIntField(null=True)
    leased_until: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0)
    created_by: fields.Field[int | None] = fields.BigIntField(null=True)
    created_at = fields.DatetimeField()
    deleted_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta:
        table = "audiences"
