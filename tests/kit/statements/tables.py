"""The tables of tenants, from the schema."""

import re
from functools import cache
from pathlib import Path
from typing import Final

SCHEMA: Final = Path(__file__).parents[3] / "models" / "db" / "schema.sql"

_TABLE: Final = re.compile(r"^CREATE (?:UNLOGGED )?TABLE (\w+) \(\n\s+(\w+)", re.MULTILINE)


@cache
def tenant_tables() -> frozenset[str]:
    """Those that begin with the workspace, and that of the workspaces themselves."""
    found = _TABLE.findall(SCHEMA.read_text())
    return frozenset(table for table, first in found if first == "workspace_id" or table == "workspaces")
