"""The schema, put together from the nouns."""

from collections.abc import Mapping, Sequence
from typing import Any

import strawberry
from graphql import GraphQLAbstractType, GraphQLSchema, Undefined
from graphql.type import is_abstract_type, is_input_object_type, is_object_type
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import merge_types

from schema.accounts import descriptions as accounts
from schema.accounts.audit_log import AuditQuery
from schema.accounts.mutations import AccountMutation
from schema.accounts.queries import AccountQuery
from schema.accounts.session_mutations import SessionMutation
from schema.audiences import descriptions as audiences
from schema.audiences.job_types import AudienceJob
from schema.audiences.mutations import AudienceMutation
from schema.audiences.queries import AudienceQuery
from schema.audiences.subscriptions import AudienceSubscription
from schema.broadcasts import descriptions as broadcasts
from schema.broadcasts.mutations import BroadcastMutation
from schema.broadcasts.queries import BroadcastQuery
from schema.broadcasts.subscriptions import BroadcastSubscription
from schema.contacts import descriptions as contacts
from schema.contacts.identity import IdentityMutation, IdentityQuery
from schema.contacts.job_types import TagChangeJob
from schema.contacts.mutations import ActivityMutation, ContactMutation
from schema.contacts.personal_data import PersonalDataMutation, PersonalDataQuery
from schema.contacts.queries import ContactQuery
from schema.contacts.subscriptions import ContactSubscription
from schema.contacts.tag_mutations import TagMutation
from schema.enrollments import descriptions as enrollments
from schema.jobs import descriptions as jobs
from schema.jobs.mutations import JobMutation
from schema.jobs.queries import JobQuery
from schema.jobs.subscriptions import JobSubscription
from schema.membership import descriptions as membership
from schema.membership.queries import MembershipQuery
from schema.membership.subscriptions import MembershipSubscription
from schema.messaging import descriptions as messaging
from schema.messaging.mutations import ChannelMutation, TemplateMutation
from schema.messaging.queries import MessagingQuery
from schema.messaging.subscriptions import MessagingSubscription
from schema.messaging.webhook_failures import InboundWebhookFailureMutation, InboundWebhookFailureQuery
from schema.rules import descriptions as rules
from schema.rules.queries import RuleQuery
from schema.rules.query_queries import RuleTextQuery
from schema.scores.operations import ScoreMutation, ScoreQuery
from schema.segments import descriptions as segments
from schema.segments.explanation_queries import ExplanationQuery
from schema.segments.job_types import RecomputeJob, SegmentContactsJob
from schema.segments.mutations import SegmentMutation
from schema.segments.queries import SegmentQuery
from schema.server.context import Info
from schema.server.execution.rows import read, typename_of
from schema.server.guard import SIGNED_IN, query, scope_of
from schema.server.types.connection import page_size
from schema.server.types.descriptions import SERVER, describe
from schema.server.types.nodes import Node, find_nodes
from schema.server.types.scalars import SCALARS
from schema.tracking.keys import TrackingMutation, TrackingQuery
from schema.transfers import descriptions as transfers
from schema.transfers.exports import ExportJob, ExportMutation
from schema.transfers.imports.mapping_types import ImportMappingMutation
from schema.transfers.imports.mutations import ImportMutation
from schema.transfers.imports.queries import ImportQuery
from schema.transfers.imports.types import ImportJob
from schema.webhooks import descriptions as webhooks
from schema.webhooks.mutations import WebhookMutation
from schema.webhooks.queries import WebhookQuery
from schema.webhooks.subscriptions import WebhookSubscription
from schema.workflows import descriptions as workflows
from schema.workflows import stats_descriptions as workflow_stats
from schema.workflows import trying_descriptions as workflow_trials
from schema.workflows.job_types import WorkflowContactsJob
from schema.workflows.lifecycle_mutations import WorkflowLifecycleMutation
from schema.workflows.mutations import WorkflowDraftMutation
from schema.workflows.publish_types import WorkflowPublishQuery
from schema.workflows.queries import WorkflowQuery
from schema.workflows.sight_queries import WorkflowSightQuery
from schema.workflows.subscriptions import WorkflowSubscription
from schema.workflows.trying_mutations import WorkflowTryingMutation
from schema.workflows.trying_queries import WorkflowTryingQuery


@strawberry.type
class NodeQuery:
    @query(SIGNED_IN)
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return (await find_nodes(scope_of(info), [id]))[0]  # type: ignore[return-value]

    @query(SIGNED_IN)
    async def nodes(self, info: Info, ids: list[strawberry.ID]) -> list[Node | None]:
        page_size(len(ids) or 1, "ids")
        return await find_nodes(scope_of(info), ids)  # type: ignore[return-value]


QUERIES: list[type] = [
    NodeQuery,
    AccountQuery,
    AuditQuery,
    ContactQuery,
    PersonalDataQuery,
    IdentityQuery,
    TrackingQuery,
    ExplanationQuery,
    RuleQuery,
    RuleTextQuery,
    SegmentQuery,
    ScoreQuery,
    MembershipQuery,
    JobQuery,
    ImportQuery,
    BroadcastQuery,
    MessagingQuery,
    InboundWebhookFailureQuery,
    WebhookQuery,
    WorkflowQuery,
    WorkflowPublishQuery,
    WorkflowSightQuery,
    WorkflowTryingQuery,
    AudienceQuery,
]

MUTATIONS: list[type] = [
    SessionMutation,
    AccountMutation,
    ContactMutation,
    TagMutation,
    PersonalDataMutation,
    IdentityMutation,
    TrackingMutation,
    ActivityMutation,
    SegmentMutation,
    ScoreMutation,
    JobMutation,
    ImportMutation,
    ImportMappingMutation,
    ExportMutation,
    TemplateMutation,
    BroadcastMutation,
    ChannelMutation,
    InboundWebhookFailureMutation,
    WebhookMutation,
    WorkflowDraftMutation,
    WorkflowTryingMutation,
    WorkflowLifecycleMutation,
    AudienceMutation,
]

SUBSCRIPTIONS: list[type] = [
    JobSubscription,
    MembershipSubscription,
    BroadcastSubscription,
    WorkflowSubscription,
    ContactSubscription,
    WebhookSubscription,
    AudienceSubscription,
    MessagingSubscription,
]

DESCRIPTIONS: Mapping[str, str] = {
    **SERVER,
    **accounts.DESCRIPTIONS,
    **audiences.DESCRIPTIONS,
    **broadcasts.DESCRIPTIONS,
    **contacts.DESCRIPTIONS,
    **jobs.DESCRIPTIONS,
    **membership.DESCRIPTIONS,
    **messaging.DESCRIPTIONS,
    **rules.DESCRIPTIONS,
    **segments.DESCRIPTIONS,
    **transfers.DESCRIPTIONS,
    **webhooks.DESCRIPTIONS,
    **workflows.DESCRIPTIONS,
    **workflow_stats.DESCRIPTIONS,
    **workflow_trials.DESCRIPTIONS,
    **enrollments.DESCRIPTIONS,
}
"""By schema coordinate."""

TYPES: list[type] = [
    RecomputeJob,
    SegmentContactsJob,
    TagChangeJob,
    ImportJob,
    ExportJob,
    AudienceJob,
    WorkflowContactsJob,
]
"""Types that no field names."""


def build_schema(
    queries: Sequence[type] = QUERIES,
    mutations: Sequence[type] = MUTATIONS,
    subscriptions: Sequence[type] = SUBSCRIPTIONS,
    types: Sequence[type] = TYPES,
) -> GraphQLSchema:
    """Resolvers return rows, not instances of the types; a value of an interface names its type."""
    schema = strawberry.Schema(
        query=merge_types("Query", tuple(queries)),
        mutation=merge_types("Mutation", tuple(mutations)) if mutations else None,
        subscription=merge_types("Subscription", tuple(subscriptions)) if subscriptions else None,
        types=types,
        config=StrawberryConfig(default_resolver=read, scalar_map=SCALARS),
    )
    return _with_rows(schema._schema)  # noqa: SLF001 - strawberry describes it; our own executor runs it


def _with_rows(schema: GraphQLSchema) -> GraphQLSchema:
    for kind in schema.type_map.values():
        if is_object_type(kind):
            kind.is_type_of = None
        elif is_abstract_type(kind):
            kind.resolve_type = _typename
        elif is_input_object_type(kind):
            # Without it, @oneOf is not printed, and the number of members is not checked.
            kind.is_one_of = kind.extensions["strawberry-definition"].is_one_of
        for field in getattr(kind, "fields", {}).values():
            _without_null_defaults(field)
    describe(schema, DESCRIPTIONS)
    return schema


def _without_null_defaults(field: Any) -> None:
    """Print `after: String`, not `after: String = null`, as the contract does."""
    for argument in getattr(field, "args", {}).values():
        if argument.default_value is None:
            argument.default_value = Undefined


def _typename(value: Any, _info: Any, _kind: GraphQLAbstractType) -> str | None:
    return typename_of(value)
