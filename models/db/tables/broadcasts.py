from datetime import datetime
from typing import Any

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.db.tables.base import TenantRow


class WhatsAppChannel(TenantRow):
    """The number that a workspace sends from (`models.messaging.channels`)."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    number_id = fields.TextField()
    business_account_id = fields.TextField()
    encrypted_token = fields.BinaryField()
    encrypted_app_secret = fields.BinaryField()
    verify_token_hash = fields.TextField()
    stop_words = ArrayField(element_type="text", default=list)
    status = fields.TextField(default="CHECKING")
    reason = fields.TextField(null=True)
    display_number = fields.TextField(null=True)
    verified_name = fields.TextField(null=True)
    quality_rating = fields.TextField(null=True)
    messages_per_second = fields.IntField(default=80)
    daily_limit = fields.IntField(null=True, default=250)
    checked_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    templates_synced_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    disconnected_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)

    class Meta:
        table = "whatsapp_channels"


class MessageTemplate(TenantRow):
    """A message template of WhatsApp, as it was fetched last."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    business_account_id = fields.TextField()
    external_id = fields.TextField()
    name = fields.TextField()
    language = fields.TextField()
    category = fields.TextField()
    status = fields.TextField()
    body = fields.TextField()
    parameters = ArrayField(element_type="text", default=list)
    slots: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    unsupported = fields.TextField(null=True)
    synced_at = fields.DatetimeField()
    gone_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    look: fields.Field[dict[str, Any]] = fields.JSONField(default=dict)

    class Meta:
        table = "message_templates"


class Broadcast(TenantRow):
    """A message to the members of segments. The migration explains the columns."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    status = fields.TextField(default="DRAFT")
    reason = fields.TextField(null=True)
    template_id = fields.BigIntField()
    parameters: fields.Field[list[dict[str, Any]]] = fields.JSONField(default=list)
    include_segment_ids = ArrayField(element_type="bigint", default=list)
    exclude_segment_ids = ArrayField(element_type="bigint", default=list)
    require_opt_in = fields.BooleanField(default=True)
    max_lateness = fields.TextField(null=True)
    scheduled_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    retry_of = fields.BigIntField(null=True)
    retry_statuses = ArrayField(element_type="text", null=True)
    message: fields.Field[dict[str, Any] | None] = fields.JSONField(null=True)
    audience_size = fields.IntField(null=True)
    exclusions: fields.Field[dict[str, int] | None] = fields.JSONField(null=True)
    started_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    finished_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "broadcasts"
