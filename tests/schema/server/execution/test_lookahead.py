"""Resolvers know which fields are selected below them."""

import asyncio
from typing import Any

from graphql import execute, parse

from permissions.principal import SYSTEM, Scope
from schema.server.context import Context
from schema.server.execution.executor import CompiledExecutor, Plans
from tests.kit import toys
from tests.kit.toys import toy_schema

SCHEMA = toy_schema()


async def run(query: str) -> None:
    options: dict[str, Any] = {"executor_class": CompiledExecutor, "plans": Plans()}
    result: Any = execute(SCHEMA, parse(query), context_value=Context(Scope(1, SYSTEM), "a-request"), **options)
    result = await result if asyncio.iscoroutine(result) else result
    assert result.errors is None


async def test_looking_ahead_sees_through_fragments_and_switches() -> None:
    toys.looked_ahead.clear()
    query = """query ($no: Boolean = false) {
        toys(first: 1) { edges { ...E } ... @include(if: $no) { edges { node { parts } } } }
    }
    fragment E on ToyEdge { node { madeAt ... on Node { id } wooden @include(if: $no) } }"""
    await run(query)
    assert toys.looked_ahead == [{"made_at", "id"}]
