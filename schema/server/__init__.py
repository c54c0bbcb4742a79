"""The GraphQL server. It knows no noun.

A noun is a folder of `schema/` with `enums.py` (models' enums under their GraphQL names: import them from there), `types.py`,
`inputs.py`, `queries.py`, `mutations.py` (with the payloads) and `subscriptions.py`; a long file is split by idea
(`member_types.py`). Its operations are listed in `schema/root.py`.

    from schema.server.context import Info
    from schema.server.execution.batched import batched
    from schema.server.execution.rows import all_shown, derived, named, outside_id, shown
    from schema.server.guard import mutation, query, scope_of, subscription
    from schema.server.types.connection import PageInfo, counted, page_of, page_size
    from schema.server.types.nodes import Node, node

**Root fields** name the permission that they need: `@query(Permission.CONTACT_READ)`, `@mutation(Permission.CONTACT_WRITE,
ContactPayload)`, `@subscription(...)`, or SIGNED_IN, or ANYONE. It is checked once, before the resolver runs.

**Rows.** A resolver returns database rows: a plain attribute `name: str | None` of a type shows the column `name`.
`shown(Contact, row)` and `all_shown(Contact, rows)` only tell the type checker. Other values are `mapped` from a column or
`derived` from the row. JSON columns stay text. Where the field's type is an interface: `named(ImportJob, row)`.

**No resolvers on types of lists:** they are ten times slower. What needs the database is `batched(loader)`, which fetches the
values for all rows of a list with one statement, at any depth.

**Connections** are pages (types/connection.py). **Lookahead**: `selected(info, "edges", "node")` gives the selected fields.
**Nodes**: `@node("Contact", Permission.CONTACT_READ)` registers a loader for node(id) and nodes(ids).

**Errors.** A DomainError becomes an entry of `userErrors` in a mutation, a top-level error BAD_REQUEST elsewhere. A missing
thing is null in a query, NotFound in a mutation. Other exceptions are logged and hidden: INTERNAL with the request id.

**Subscriptions** are async generators. They may yield an `EventBatch`, and raise `SlowConsumer(cursor)` for a slow client.

**Cost.** An object costs a point. More expensive fields say so: `@query(PERMISSION, cost=20)`, `batched(loader, cost=5)`.
"""
