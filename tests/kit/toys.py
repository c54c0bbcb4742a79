"""A small schema with all features of the server, so that its tests do not depend on the product's nouns."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import strawberry
from graphql import GraphQLSchema

from models import db
from models.errors import Invalid, NotFound, Problems
from permissions.capabilities import Permission
from schema.root import build_schema
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.lookahead import selected
from schema.server.execution.rows import all_shown, derived, global_id, named, shown
from schema.server.guard import ANYONE, SIGNED_IN, mutation, query, scope_of, subscription
from schema.server.refusals import SlowConsumer
from schema.server.subscriptions.event_batch import EventBatch
from schema.server.types.connection import PageInfo, counted, page_of, page_size
from schema.server.types.cursors import Cursors
from schema.server.types.nodes import Node
from schema.server.types.scalars import JSON, BigInt
from schema.server.user_errors import UserError

FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)

calls: list[tuple[str, int]] = []
"""Each call of a batched loader, with the number of its rows."""

made_batches: list[EventBatch] = []
"""What the subscription `batches` yields."""


def toy(number: int) -> dict[str, Any]:
    """A row of the table of toys."""
    return {
        "id": number,
        "name": f"toy {number}",
        "maker": None if number % 3 else "Acme",
        "weight": number * 1.5,
        "parts": number % 4,
        "wooden": number % 2 == 0,
        "made_at": FIRST_DAY.replace(day=number % 28 + 1),
        "sold_on": date(2026, 2, number % 28 + 1),
        "colour": "RED" if number % 2 else "BLUE",
        "tags": ["small", f"n{number}"][: number % 3],
        "extra": f'{{"n": {number}}}',
        "stock": 2**40 + number,
    }


class Colour(Enum):
    RED = "RED"
    BLUE = "BLUE"


strawberry.enum(Colour)


async def children_of(toys: Sequence[Any], info: Info, first: int | None = 2) -> list[list[Any]]:
    del info
    calls.append(("children", len(toys)))
    return [[toy(row["id"] * 10 + place) for place in range(page_size(first))] for row in toys]


async def parent_of(toys: Sequence[Any], info: Info) -> list[Any]:
    del info
    calls.append(("parent", len(toys)))
    return [None if row["id"] < 10 else toy(row["id"] // 10) for row in toys]


@strawberry.type
class Toy(Node):
    id: strawberry.ID = global_id("Toy")
    name: str
    maker: str | None
    weight: float
    parts: int
    wooden: bool
    made_at: datetime
    sold_on: date
    colour: Colour
    tags: list[str]
    extra: JSON
    stock: BigInt
    shout: str = derived(lambda row: row["name"].upper())
    children: list["Toy"] = batched(children_of)
    parent: "Toy | None" = batched(parent_of)

    @strawberry.field
    async def slowly(self: Any, times: int = 1) -> str:
        """A field with a resolver of its own."""
        await asyncio.sleep(0)
        return str(self["name"]) * times


@strawberry.type
class Box(Node):
    id: strawberry.ID = global_id("Box")
    toys: list[Toy]


@strawberry.type
class ToyEdge:
    cursor: str
    node: Toy
    colour: Colour


@strawberry.type
class ToyConnection:
    edges: list[ToyEdge]
    nodes: list[Toy]
    page_info: PageInfo
    total_count: int = counted()


@strawberry.type
class ToyPayload:
    toy: Toy | None = None
    user_errors: list[UserError] = strawberry.field(default_factory=list)


looked_ahead: list[frozenset[str]] = []


@strawberry.type
class ToyQuery:
    @query(Permission.CONTACT_READ)
    async def toys(self, info: Info, first: int | None = 50, after: str | None = None) -> ToyConnection:
        looked_ahead.append(selected(info, "edges", "node"))

        async def count() -> int:
            return 1000

        rows = [toy(number) for number in range(1, page_size(first) + 2)]
        cursors = Cursors(scope_of(info), "toys")
        return shown(ToyConnection, page_of(rows, first, after, lambda row: cursors.write(row["id"]), count))

    @query(ANYONE)
    async def toy(self, info: Info, number: int) -> Toy | None:
        return shown(Toy, toy(number)) if number else None

    @query(ANYONE)
    async def plain_toys(self, info: Info, count: int = 3) -> list[Toy]:
        return all_shown(Toy, [toy(number) for number in range(1, count + 1)])

    @query(ANYONE)
    async def anything(self, info: Info, box: bool = False) -> Node | None:
        return named(Box, {"id": 1, "toys": [toy(1), toy(2)]}) if box else named(Toy, toy(1))

    @query(ANYONE)
    async def everything(self, info: Info) -> list[Node]:
        return [named(Toy, toy(1)), named(Box, {"id": 1, "toys": [toy(2)]})]

    @query(SIGNED_IN)
    async def who(self, info: Info) -> str:
        return f"{scope_of(info).principal.kind.value} {scope_of(info).principal.id}"

    @query(ANYONE)
    async def broken(self, info: Info) -> str | None:
        raise RuntimeError("the password is hunter2")

    @query(ANYONE)
    async def wrong(self, info: Info, many: bool = False) -> str | None:
        if many:
            raise Problems([Invalid("not this", ("a",)), NotFound("nor that", ("b", 0))])
        raise Invalid("not this", ("a", 0))

    @query(ANYONE)
    async def holey(self, info: Info) -> list[Toy | None]:
        return all_shown(Toy, [toy(1), {**toy(2), "name": None}, None, {**toy(4), "colour": "PINK"}])  # type: ignore[return-value]

    @query(ANYONE)
    async def sleep(self, info: Info, seconds: float) -> str:
        await asyncio.sleep(seconds)
        return "woke"

    @query(ANYONE)
    async def busy(self, info: Info, seconds: float) -> str:
        """Keeps a connection to the database busy."""
        await db.execute("SELECT pg_sleep($1)", seconds)
        return "done"

    @query(ANYONE)
    async def since(self, info: Info, at: datetime) -> datetime:
        return at

    @query(Permission.CONTACT_READ, cost=40)
    async def dear(self, info: Info) -> str:
        return "dear"

    @strawberry.field
    async def unguarded(self) -> str:
        return "nobody should read this"


@strawberry.type
class ToyMutation:
    @mutation(Permission.CONTACT_WRITE, ToyPayload)
    async def toy_make(self, info: Info, number: int) -> ToyPayload:
        if number < 0:
            raise Invalid("a toy's number is positive", ("number",))
        return ToyPayload(toy=shown(Toy, toy(number)))


@strawberry.type
class ToySubscription:
    @subscription(ANYONE)
    async def counting(self, info: Info, to: int = 3) -> AsyncIterator[int]:
        for number in range(1, to + 1):
            yield number

    @subscription(Permission.CONTACT_READ)
    async def toy_made(self, info: Info, wait: float = 0.0) -> AsyncIterator[Toy]:
        number = 0
        while True:
            number += 1
            await asyncio.sleep(wait)
            yield shown(Toy, toy(number))

    @subscription(ANYONE)
    async def batches(self, info: Info, shared: bool = False) -> AsyncIterator[Toy]:
        for batch in made_batches:
            yield EventBatch(batch.events) if not shared else batch  # type: ignore[misc]

    @subscription(ANYONE)
    async def overrun(self, info: Info) -> AsyncIterator[int]:
        yield 1
        raise SlowConsumer("c42")

    @subscription(ANYONE)
    async def broken_feed(self, info: Info) -> AsyncIterator[int]:
        yield 1
        raise RuntimeError("the password is hunter2")

    @subscription(ANYONE)
    async def misled(self, info: Info) -> AsyncIterator[int]:
        raise Invalid("not from here", ("after",))
        yield 1


def toy_schema() -> GraphQLSchema:
    """The schema of toys."""
    return build_schema([ToyQuery], [ToyMutation], [ToySubscription], [Box])
