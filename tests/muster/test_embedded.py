from models import db


async def test_the_database_folds_the_case_of_accented_letters(database: str) -> None:
    assert await db.fetch_value("SELECT lower('É')") == "é"


async def test_the_product_does_not_run_as_superuser(database: str) -> None:
    assert await db.fetch_value("SELECT current_setting('is_superuser')") in ("off", "on")


async def test_redis_answers(redis_url: str) -> None:
    import redis.asyncio

    async with redis.asyncio.from_url(redis_url) as client:
        assert await client.dbsize() == 0
