"""What the nouns of the schema are made with. The server knows no noun.

A noun is a folder of `schema/` with `enums.py` (models' enums under their GraphQL names: import them from there),
`types.py`, `inputs.py`, `queries.py`, `mutations.py` (with the payloads) and `subscriptions.py`; a long one is split by
idea (`member_types.py`). Its operations are listed in `schema/root.py`.

    from schema.server.context import Info
    from schema.server.execution.batched import batched
    from schema.server.execution.rows import all_shown, derived, named, outside_id, shown
    from schema.server.guard import mutation, query, scope_of, subscription
    from schema.server.types.connection import PageInfo, counted, page_of, page_size
    from schema.server.types.nodes import Node, node

**Root fields** name the permission that they need: `@query(Permission.CONTACT_READ)`,
`@mutation(Permission.CONTACT_WRITE, ContactPayload)`, `@subscription(Permission.SEGMENT_READ)`, or `SIGNED_IN`, or
`ANYONE`. The check is made once per root field, before its resolver runs; a root field that names nothing is refused
by the executor. `scope_of(info)` is the caller's scope.

**Rows, not instances.** A resolver returns database rows (or dicts, or any object): a plain attribute `name: str |
None` of the type is the row's column `name`. `shown(Contact, row)` and `all_shown(Contact, rows)` only tell the type
checker. What is not a column is `derived` from the row, or `mapped` from one column; `id: strawberry.ID =
outside_id("Contact")`. JSON columns stay text. For fields whose type is an interface (`Node`, `Job`) the row says
what it is: `named(ImportJob, row)`.

**No resolvers on list types.** What needs the database for each row of a list is `batched(loader)`: the loader gets
all the rows of the list at once and answers one value per row, with one statement. It may take arguments, aliases are
kept apart, and it works at any depth. A method resolver on a type is slower by a factor of ten: keep it for payloads
and single things.

**Connections** are pages: see `schema/server/types/connection.py`. `first: int | None = 50` in the signature (the contract
lets it be null).

**Looking ahead**: `selected(info)`, `selected(info, "edges", "node")` (schema/server/execution/lookahead.py) are the attribute
names asked for.

**Nodes**: `@node("Contact", Permission.CONTACT_READ)` registers how rows are found by id, for node(id) and
nodes(ids).

**Mistakes** in what the caller sent are DomainErrors: in a mutation they become `userErrors` of the payload by
themselves; in a query or subscription a top-level error coded BAD_REQUEST. A thing that is not there is null in a
query, NotFound in a mutation. Anything else that is raised is a fault of ours: masked, logged with the request id,
coded INTERNAL.

**Subscriptions** are async generators. The permission is checked again while they live. Many events at once are
yielded as an `EventBatch` (schema/server/subscriptions/event_batch.py). A feed whose reader is too slow raises
`SlowConsumer(cursor)` (schema/server/refusals.py), which ends the operation with a clear error that carries the cursor.

**Cost**: an object is a point. What makes the database work says so: `@query(PERMISSION, cost=20)`, `batched(loader,
cost=5)`.
"""
