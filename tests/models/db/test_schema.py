"""models/db/schema.sql is the schema that the migrations come to."""

import asyncpg

from models.db import migrations
from tests.kit.catalogue import catalogue, differences
from tests.kit.servers import Servers, bare_database, with_database

SCHEMA = migrations.FOLDER.parent / "schema.sql"


async def catalogue_of(url: str, *scripts: str) -> dict[str, str]:
    connection = await asyncpg.connect(url)
    try:
        for script in scripts:
            await connection.execute(script)
        return await catalogue(connection)
    finally:
        await connection.close()


async def test_the_readable_schema_is_what_the_migrations_make(servers: Servers, template: str) -> None:
    async with bare_database(servers) as url:
        written = await catalogue_of(url, SCHEMA.read_text())
    migrated = await catalogue_of(with_database(servers.postgres_url, template))
    found = [line for line in differences(written, migrated) if "schema_migrations" not in line]
    assert not found, "schema.sql | the migrations:\n" + "\n".join(found)
