"""Batched fields are fetched for all rows at once."""

import asyncio
from typing import Any

import pytest
from graphql import execute, parse

from permissions.principal import SYSTEM, Scope
from schema.server.context import Context
from schema.server.execution.batched import load
from schema.server.execution.executor import CompiledExecutor, Plans
from tests.kit import toys
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


async def run(query: str) -> None:
    options: dict[str, Any] = {"executor_class": CompiledExecutor, "plans": Plans()}
    result: Any = execute(SCHEMA, parse(query), context_value=Context(Scope(1, SYSTEM), "a-request"), **options)
    result = await result if asyncio.iscoroutine(result) else result
    assert result.errors is None


async def test_a_batched_field_is_fetched_once_for_all_rows_at_every_level() -> None:
    toys.calls.clear()
    await run("{ plainToys(count: 20) { children { children { name } } more: children { id } } }")
    assert sorted(toys.calls) == [("children", 20), ("children", 20), ("children", 40)]


async def test_a_batched_field_is_fetched_once_by_the_ordinary_executor_too() -> None:
    toys.calls.clear()
    await run("{ plainToys(count: 20) { slowly children { name } } }")
    assert toys.calls == [("children", 20)]


async def test_a_loader_must_answer_one_value_for_each_row() -> None:
    async def short(rows: Any, _info: Any, times: int) -> list[Any]:
        return rows[1:] * times

    assert await load(short, [1, 2], None, {"times": 2}) == [2, 2]
    with pytest.raises(RuntimeError, match="answered 1 values for 2 rows"):
        await load(short, [1, 2], None, {"times": 1})
