"""What the rows of all tables have in common: statements about one row name its workspace, so that one server answers them."""

from collections.abc import Iterable
from typing import Any, Self

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import OperationalError
from tortoise.models import Model
from tortoise.queryset import QuerySet


class TenantRow(Model):
    """A row of a workspace. It is found by its workspace and its id, and neither is ever written again."""

    class Meta:
        abstract = True

    def _itself(self, using_db: BaseDBAsyncClient | None) -> QuerySet[Self]:
        row: Any = self
        return type(self).filter(workspace_id=row.workspace_id, id=row.id).using_db(using_db)

    async def save(
        self,
        using_db: BaseDBAsyncClient | None = None,
        update_fields: Iterable[str] | None = None,
        force_create: bool = False,
        force_update: bool = False,
    ) -> None:
        """Inserts a new row, or writes all fields, or `update_fields`. Raises OperationalError when the row is gone."""
        if force_create or not (self._saved_in_db or force_update):
            await super().save(using_db, update_fields, force_create, force_update)
            return
        names = self._meta.fields_db_projection if update_fields is None else update_fields
        changed = await self._itself(using_db).update(**self._values(set(names) - {"workspace_id", "id"}))
        if not changed:
            raise OperationalError(f"this row of {self._meta.db_table} is gone")

    def _values(self, names: Iterable[str]) -> dict[str, Any]:
        for name in names:  # what a field sets by itself, such as the moment of the last change
            self._meta.fields_map[name].to_db_value(getattr(self, name), self)
        return {name: getattr(self, name) for name in sorted(names)}

    async def delete(self, using_db: BaseDBAsyncClient | None = None) -> None:
        """Raises OperationalError when the row is gone."""
        if not await self._itself(using_db).delete():
            raise OperationalError(f"this row of {self._meta.db_table} is gone")
