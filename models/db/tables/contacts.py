"""Custom fields. Contacts, tags and activities are written as SQL."""

from tortoise import fields
from tortoise.contrib.postgres.fields import ArrayField

from models.db.tables.base import TenantRow


class CustomField(TenantRow):
    workspace_id = fields.BigIntField()
    id = fields.BigIntField(primary_key=True)
    key = fields.TextField()
    label = fields.TextField()
    type = fields.TextField()
    choices = ArrayField(element_type="text", null=True)
    created_at = fields.DatetimeField(auto_now_add=True)
    deleted_at = fields.DatetimeField(null=True)

    class Meta:
        table = "contact_fields"
