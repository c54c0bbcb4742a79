"""Tells the engine that scores changed: the epoch of the rules grows, as after a change of a custom field."""

from typing import Final

from models import db


async def grow(workspace_id: int) -> None:
    """In the ambient transaction, without a lock (docs/adr/0121)."""
    await db.execute(_CAPTURE, workspace_id)


_CAPTURE: Final = "INSERT INTO captured_rules (workspace_id) VALUES ($1)"
