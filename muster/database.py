"""The database as the front door sees it: does it answer, is it up to date, is there anything in it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models import db
from models.db import migrations
from muster.errors import SetupError
from muster.installation import Installation


@asynccontextmanager
async def opened(place: Installation, pool_max: int = 2) -> AsyncIterator[None]:
    """This process's pool, open. SetupError when the server does not answer or refuses us."""
    try:
        await db.connect(place.database_url, pool_max=pool_max, application_name="muster")
        await db.fetch_value("SELECT 1")
    except (OSError, TimeoutError) as error:
        raise SetupError(
            f"PostgreSQL does not answer at {shown(place.database_url)} ({error}): start it, or correct MUSTER_DATABASE_URL."
        ) from None
    except db.PostgresError as error:
        raise SetupError(
            f"PostgreSQL at {shown(place.database_url)} refuses us ({error}): correct MUSTER_DATABASE_URL."
        ) from None
    try:
        yield
    finally:
        await db.disconnect()


def shown(url: str) -> str:
    """The URL without what is nobody's business."""
    from muster.logs import redact_text

    return redact_text(url)


async def bring_up_to_date() -> list[str]:
    """Apply the migrations that are missing; their names."""
    return await migrations.migrate()


async def is_empty() -> bool:
    """Whether no workspace was ever made here."""
    return not await db.fetch_value("SELECT EXISTS (SELECT FROM workspaces)")
