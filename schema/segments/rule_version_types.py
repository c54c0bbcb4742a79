"""The rules that a segment had, as the API shows them."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import strawberry

from models.accounts import members
from models.db import load_json
from models.errors import Invalid
from models.rule_catalogue.queries import rules_as_text
from models.segments import lists, rule_history
from schema.accounts.types import Member
from schema.rules.inputs import rule_to_output
from schema.rules.query_inputs import segment_id_outside
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, ids_of, mapped
from schema.server.guard import scope_of
from schema.server.types.connection import Page, PageInfo, page_of, page_size
from schema.server.types.cursors import Cursors, a_number, read_for_each
from schema.server.types.scalars import JSON


async def _texts_of(rows: Sequence[Any], info: Info) -> Sequence[str]:
    found = await lists.rules_in_words(scope_of(info), [load_json(row["rule"]) for row in rows])
    return [text or "" for text in found]


async def _queries_of(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    return await rules_as_text(scope_of(info), [load_json(row["rule"]) for row in rows], segment_id_outside)


async def _setters_of(rows: Sequence[Any], info: Info) -> Sequence[Any]:
    ids = {row["set_by"] for row in rows if row["set_by"] is not None}
    by_id = {member.id: member for member in await members.by_ids(scope_of(info), list(ids))}
    return [by_id.get(row["set_by"]) for row in rows]


@strawberry.type(description="A rule that a segment has or had.")
class RuleVersion:
    number: int = strawberry.field(description="The first rule of the segment is 1.")
    rule: JSON = derived(lambda row: rule_to_output(load_json(row["rule"])), description="In the shape of RuleInput.")
    rule_text: str = batched(
        _texts_of, description="The rule in plain words; empty when it names what is no longer there."
    )
    rule_query: str | None = batched(
        _queries_of, description="The rule in its text form; null when it names what is no longer there."
    )
    at: datetime = mapped("set_at", lambda at: at, description="When the segment got it.")
    by: Member | None = batched(
        _setters_of, description="Who gave it to the segment; null: an API token, an operator, or a renamed tag."
    )
    entered: int | None = strawberry.field(
        description="How many entered when it came into force; null until then, and when that was before versions were kept."
    )
    left: int | None = strawberry.field(description="How many left then.")


@strawberry.type
class RuleVersionEdge:
    cursor: str
    node: RuleVersion


@strawberry.type
class RuleVersionConnection:
    """A page of rules, the newest first."""

    edges: list[RuleVersionEdge]
    nodes: list[RuleVersion]
    page_info: PageInfo


async def rule_versions_of(
    rows: Sequence[Any], info: Info, first: int | None = 20, after: str | None = None
) -> Sequence[Page | Invalid]:
    scope, ids = scope_of(info), ids_of(rows)
    histories = [Cursors(scope, "Segment.ruleVersions", segment_id) for segment_id in ids]
    key, problems = read_for_each(histories, after, a_number)
    size = page_size(first, default=20)
    pages = await rule_history.page_for_each(scope, ids, size, None if key is None else key[0])
    return [
        problem or page_of(pages[segment], size, after, _writer(cursors))
        for segment, cursors, problem in zip(ids, histories, problems, strict=True)
    ]


def _writer(cursors: Cursors) -> Callable[[Any], str]:
    return lambda version: cursors.write(version["number"])
