"""Connects commands to the database, and migrates it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from models import db
from models.db import migrations
from muster.errors import SetupError
from muster.installation import Installation


@asynccontextmanager
async def opened(installation: Installation, pool_max: int = 2) -> AsyncIterator[None]:
    """SetupError when the server does not answer or refuses."""
    address = without_password(installation.database_url)
    try:
        await db.connect(installation.database_url, pool_max=pool_max, application_name="muster")
        await db.fetch_value("SELECT 1")
    except (OSError, TimeoutError) as error:
        raise SetupError(
            f"PostgreSQL does not answer at {address} ({error}): start it, or correct MUSTER_DATABASE_URL."
        ) from None
    except db.PostgresError as error:
        raise SetupError(
            f"PostgreSQL at {address} refuses the connection ({error}): correct MUSTER_DATABASE_URL."
        ) from None
    try:
        yield
    finally:
        await db.disconnect()


def without_password(url: str) -> str:
    """Removes the account and the password from a URL."""
    from muster.logs import redact_text

    return redact_text(url)


async def bring_up_to_date() -> list[str]:
    """Returns the names of the applied migrations."""
    return await migrations.migrate()


async def is_empty() -> bool:
    return not await db.fetch_value("/* all workspaces */ SELECT EXISTS (SELECT 1 FROM workspaces)")
