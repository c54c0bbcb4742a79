"""The columns of contacts in a select list."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

COLUMNS: Final = (
    "id",
    *("external_id", "name", "first_name", "last_name", "email", "phone", "timezone"),
    *("date_of_birth", "subscribed_at", "last_interaction_at"),
    *("score", "whatsapp_consent", "consent_source", "consent_at", "tags", "attributes", "created_at", "updated_at"),
)

ALL_COLUMNS: Final = ", ".join(f"c.{column}" for column in COLUMNS)
"""On the alias `c`, with the values of fields that are being deleted."""


def columns_of(names: Iterable[str], workspace: str = "$1") -> str:
    """The id and `names`, on the alias `c`, without values of fields that are being deleted.

    `workspace` is the parameter with the workspace's id.
    """
    return _columns_of(frozenset(names), workspace)


@lru_cache(maxsize=1024)
def _columns_of(names: frozenset[str], workspace: str) -> str:
    shown = {"id", *names}
    return ", ".join(
        _attributes_sql(workspace) if column == "attributes" else f"c.{column}" for column in COLUMNS if column in shown
    )


def _attributes_sql(workspace: str) -> str:
    deleted = f"SELECT key FROM contact_fields WHERE workspace_id = {workspace} AND deleted_at IS NOT NULL"  # noqa: S608
    return f"c.attributes - ARRAY({deleted}) AS attributes"
