"""The tables of tenants, from the schema."""

import re
from functools import cache
from pathlib import Path
from typing import Final

SCHEMA: Final = Path(__file__).parents[3] / "models" / "db" / "schema.sql"

_TABLE: Final = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \(\n\s+(\w+)", re.MULTILINE)
_WHOLE_TABLE: Final = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \(\n(.*?)^\)", re.MULTILINE | re.DOTALL)
_FROM_SEQUENCE: Final = re.compile(r"^\s+id +bigint .*(?:AS IDENTITY|nextval)", re.MULTILINE)


@cache
def tenant_tables() -> frozenset[str]:
    """Those that begin with the workspace, and that of the workspaces themselves."""
    found = _TABLE.findall(SCHEMA.read_text())
    return frozenset(table for table, first in found if first == "workspace_id" or table == "workspaces")


@cache
def numbered_tables() -> frozenset[str]:
    """Those that take the id of a new row from a sequence, when the statement gives none."""
    return frozenset(table for table, body in _WHOLE_TABLE.findall(SCHEMA.read_text()) if _FROM_SEQUENCE.search(body))
