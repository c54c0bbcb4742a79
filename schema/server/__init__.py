"""The GraphQL server. It knows no noun.

A noun is a folder of `schema/` with `enums.py` (models' enums under their GraphQL names: import them from there), `types.py`,
`inputs.py`, `queries.py`, `mutations.py` and `subscriptions.py`. Its operations are listed in `schema/root.py`.

Root fields name their permission, which is checked before the resolver runs (guard.py). Fields may cost more than their
objects: `@query(PERMISSION, cost=20)`, `batched(loader, cost=5)`. `selected(info, "edges")` gives the selected fields.

A resolver returns database rows: a plain attribute `name: str | None` shows the column `name` (execution/rows.py).

No resolvers on types of lists: they are ten times slower. `batched(loader)` uses one statement for all rows, at any depth.

A DomainError becomes an entry of `userErrors` in a mutation, BAD_REQUEST elsewhere. A missing thing is null in a query,
NotFound in a mutation. Other exceptions are logged and hidden: INTERNAL with the request id.

Subscriptions are async generators. They may yield an `EventBatch`, and raise `SlowConsumer(cursor)`.
"""
