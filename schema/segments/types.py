"""Segments as the API shows them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import strawberry

from models import clock
from models.db import load_json
from models.membership import dirty_contacts
from models.rule_catalogue.queries import rules_as_text
from models.segments import lists
from permissions.capabilities import Permission
from permissions.principal import Scope
from schema.rules.inputs import rule_to_output
from schema.rules.query_inputs import segment_id_outside
from schema.segments.analytics_types import SegmentAnalytics, analytics_of, trends_of
from schema.segments.enums import SegmentKind, SegmentStatus
from schema.segments.member_types import SegmentMemberConnection, members_of
from schema.segments.override_types import SegmentOverrideConnection, overrides_of
from schema.segments.rule_version_types import RuleVersionConnection, rule_versions_of
from schema.segments.use_types import SegmentUseConnection, use_counts_of, uses_of
from schema.server.context import Info
from schema.server.execution.batched import batched
from schema.server.execution.rows import derived, global_id, read
from schema.server.guard import scope_of
from schema.server.types.connection import PageInfo, counted
from schema.server.types.nodes import Node, node
from schema.server.types.scalars import JSON


def _rule(segment: Any) -> Any:
    stored = read(segment, "rule")
    return rule_to_output(load_json(stored) if isinstance(stored, str) else stored)


async def rule_texts_of(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Returns each rule in plain words."""
    stored = [read(row, "rule") for row in rows]
    rules = [load_json(rule) if isinstance(rule, str) else rule for rule in stored]
    return await lists.rules_in_words(scope_of(info), rules)


async def rule_queries_of(rows: Sequence[Any], info: Info) -> Sequence[str | None]:
    """Returns each rule in its text form."""
    stored = [read(row, "rule") for row in rows]
    rules = [load_json(rule) if isinstance(rule, str) else rule for rule in stored]
    return await rules_as_text(scope_of(info), rules, segment_id_outside)


async def computed_at_of(rows: Sequence[Any], info: Info) -> Sequence[datetime | None]:
    """The instant as of which the members are right; None before the first rule is computed."""
    if all(read(row, "kind") == SegmentKind.STATIC for row in rows):
        return [clock.now()] * len(rows)
    now, processed_until = clock.now(), await dirty_contacts.as_of(scope_of(info))
    by_rule = [processed_until if read(row, "active_version") > 0 else None for row in rows]
    return [now if read(row, "kind") == SegmentKind.STATIC else at for row, at in zip(rows, by_rule, strict=True)]


@strawberry.type
class Segment(Node):
    id: strawberry.ID = global_id("Segment", recurring=True)
    name: str
    description: str | None
    kind: SegmentKind
    status: SegmentStatus
    rule: JSON | None = derived(_rule, description="The rule in the shape of RuleInput; null for STATIC.")
    rule_text: str | None = batched(rule_texts_of, description="The rule in plain words; null for STATIC.")
    rule_query: str | None = batched(
        rule_queries_of,
        description="The rule in its text form; null for STATIC, and when the rule cannot be read any more.",
    )
    member_count: int
    version: int = strawberry.field(
        description="Grows by one with each change to the segment's own settings: send it back to detect a lost update."
    )
    created_at: datetime
    updated_at: datetime
    computed_at: datetime | None = batched(
        computed_at_of,
        description="The members are right as of this instant: every change to contacts and activities committed before"
        " it is processed.",
    )
    deleted_at: datetime | None
    members: SegmentMemberConnection = batched(members_of)
    overrides: SegmentOverrideConnection = batched(
        overrides_of, description="The contacts that are held in it, or out of it, whatever its rule says."
    )
    uses: SegmentUseConnection = batched(uses_of)
    use_count: int = batched(use_counts_of)
    last_used_at: datetime | None
    analytics: SegmentAnalytics = batched(analytics_of, cost=10)
    trend: list[int] = batched(
        trends_of,
        cost=2,
        description="How many members it had at the end of each of the last days, the oldest first; the last is today, now.",
    )
    rule_versions: RuleVersionConnection = batched(
        rule_versions_of, description="Its rules, the newest first: who changed it, when, and what difference it made."
    )


@strawberry.type
class SegmentEdge:
    cursor: str
    node: Segment


@strawberry.type
class SegmentConnection:
    edges: list[SegmentEdge]
    nodes: list[Segment]
    page_info: PageInfo
    total_count: int = counted()


@node("Segment", Permission.SEGMENT_READ)
async def _segments(scope: Scope, ids: Sequence[int]) -> Sequence[Any]:
    return await lists.by_ids(scope, ids)
