"""Health, with real servers."""

from models import db
from tests.kit.api import application, send, started


async def test_a_process_with_its_servers_is_ready(database: str, redis_url: str) -> None:
    del database
    async with started(application(redis_url=redis_url)) as app:
        response = await send(app, "GET", "/health/ready")
    assert (response.status, response.json()) == (
        200,
        {"status": "ready", "database": "ok", "migrations": "ok", "redis": "ok", "storage": "ok"},
    )


async def test_a_process_lives_without_its_servers() -> None:
    assert (await send(application(), "GET", "/health/live")).status == 200


async def test_without_redis_it_still_serves_and_says_what_is_missing(database: str) -> None:
    del database
    async with started(application(redis_url="redis://127.0.0.1:1")) as app:
        response = await send(app, "GET", "/health/ready")
    assert response.status == 200
    assert response.json()["redis"] == "does not answer (ConnectionError)"


async def test_a_database_that_lacks_a_migration_is_not_ready(database: str) -> None:
    del database
    row = await db.fetch_row(
        "DELETE FROM schema_migrations WHERE name = (SELECT max(name) FROM schema_migrations) RETURNING *"
    )
    assert row is not None
    try:
        response = await send(application(), "GET", "/health/ready")
    finally:
        await db.execute("INSERT INTO schema_migrations (name) VALUES ($1)", row["name"])
    assert response.status == 503
    assert row["name"] in response.json()["migrations"]


async def test_a_full_disk_is_not_ready(database: str) -> None:
    del database
    response = await send(application(least_free_bytes=1 << 60), "GET", "/health/ready")
    assert response.status == 503
    assert "MiB are free where files are stored" in response.json()["storage"]
