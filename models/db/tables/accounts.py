from datetime import datetime

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField
from tortoise.models import Model

from models.db.tables.base import TenantRow


class Workspace(Model):
    """One tenant."""

    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    timezone = fields.TextField(default="UTC")
    default_country = fields.TextField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at: fields.Field[datetime | None] = fields.DatetimeField(null=True)
    message_cap_count = fields.IntField(null=True)
    message_cap_window = fields.TextField(null=True)

    class Meta:
        table = "workspaces"


class Member(TenantRow):
    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    email = fields.TextField()
    name = fields.TextField()
    role = fields.TextField()
    permissions = ArrayField(element_type="text", default=list)
    password_hash = fields.TextField()
    password_version = fields.IntField(default=1)
    created_at = fields.DatetimeField(auto_now_add=True)
    updated_at = fields.DatetimeField(auto_now=True)

    class Meta:
        table = "members"


class ApiToken(TenantRow):
    """A bearer token of an app; only its hash is stored."""

    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    name = fields.TextField()
    secret_hash = fields.TextField()
    permissions = ArrayField(element_type="text", default=list)
    created_by = fields.BigIntField(null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    last_used_at = fields.DatetimeField(null=True)
    expires_at = fields.DatetimeField(null=True)
    revoked_at = fields.DatetimeField(null=True)

    class Meta:
        table = "api_tokens"
