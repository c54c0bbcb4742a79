"""Authenticates the caller, charges the cost, executes, and logs one line."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager, aclosing, nullcontext
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import ExecutionResult, GraphQLSchema, OperationType
from graphql.execution import default_field_resolver, default_type_resolver

from models import db
from models.errors import Forbidden, Unauthenticated
from permissions.principal import Scope
from schema.server import metrics
from schema.server.abandonment import WATCHED_AFTER_SECONDS, WhileWanted
from schema.server.authentication import Authenticator
from schema.server.context import Context
from schema.server.cookies import CookieNames, NewCookies
from schema.server.execution.cost import cost_of_time
from schema.server.execution.documents import Document, Documents
from schema.server.execution.executor import CompiledExecutor, names_its_permission
from schema.server.execution.persisted_queries import PersistedQueries, check_digest
from schema.server.formatted_errors import FormattedError, format_error, format_errors
from schema.server.graphql_request import Answer, Caller, GraphQLRequest, OperationEnded, OperationRun, refused
from schema.server.guard import admit
from schema.server.refusals import BadRequest, Rejected
from schema.server.signed_links import LinkSigner
from schema.server.subscriptions.event_batch import Payloads
from schema.server.subscriptions.payloads import payloads_of
from schema.server.throttle import Throttle
from schema.server.time_limits import TimeLimit

Line = Mapping[str, str | int | float | None]
"""In the log: no variables and no personal data."""

Payload = dict[str, Any]
"""data, errors, extensions"""

READS: Final = frozenset({OperationType.QUERY})
READS_AND_WRITES: Final = frozenset({OperationType.QUERY, OperationType.MUTATION})
ALL: Final = frozenset(OperationType)
WITHOUT_WRITES: Final = ALL - {OperationType.MUTATION}

_ALWAYS: Final = nullcontext()


@dataclass(slots=True)
class Operations:
    schema: GraphQLSchema
    documents: Documents
    authenticator: Authenticator
    throttle: Throttle
    write_line: Callable[[Line], None]
    timeout_seconds: float = 15.0
    recheck_seconds: float = 5.0
    links: LinkSigner | None = None
    cookie_names: CookieNames = field(default_factory=CookieNames)
    persisted: PersistedQueries = field(default_factory=PersistedQueries)
    limit: TimeLimit = field(init=False)
    while_wanted: WhileWanted = field(default_factory=lambda: WhileWanted(WATCHED_AFTER_SECONDS))

    def __post_init__(self) -> None:
        self.limit = TimeLimit(self.timeout_seconds)

    # ---------------------------------------------------------------- queries and mutations

    async def run(
        self, request: GraphQLRequest, caller: Caller, allowed: frozenset[OperationType] = READS_AND_WRITES
    ) -> Answer:
        """Runs a query or a mutation; errors are in the answer."""
        run = self._begin(request, caller)
        cookies = run.context.cookies = NewCookies(self.cookie_names)
        try:
            await self._admit(run, allowed)
            answer = Answer(await self._execute(run), cookies=cookies.headers)
        except Exception as error:  # noqa: BLE001 - each error has a form that callers may see
            answer = refused(format_error(error, caller.request_id))
        self._report(run, answer.payload.get("errors"))
        return answer

    def _begin(self, request: GraphQLRequest, caller: Caller) -> OperationRun:
        context = Context(None, caller.request_id, caller.address, self.authenticator.signing, self.links)
        context.by_cookie, context.device = caller.by_cookie, caller.device
        return OperationRun(request, caller, context, time.perf_counter())

    async def _admit(self, run: OperationRun, allowed: frozenset[OperationType]) -> None:
        run.context.scope = await self.scope_of(run.caller)
        document = self._document(run.request)
        operation = document.operation(run.request.operation_name)
        if operation.type not in allowed:
            raise BadRequest(f"a {operation.type.value} cannot be sent in this way")
        variables = operation.variables.coerce(run.request.variables)
        if isinstance(variables, list):
            raise Rejected(variables)
        run.document, run.operation, run.variables = document, operation, variables
        run.requested = operation.cost.requested(variables.coerced)
        caller = _bucket_of(run.context)
        run.allowance = await self.throttle.charge(caller, run.requested)
        run.share = db.run_for(caller if run.context.scope is None else run.context.scope.workspace_id, caller)

    def _document(self, request: GraphQLRequest) -> Document:
        """Finds the document, and keeps a valid one by its digest. Raises Refusal."""
        text = self._text(request)
        document = self.documents.get(text)
        if document.errors:
            raise Rejected(document.errors)
        if request.digest is not None:
            self.persisted.keep(request.digest, text)
        return document

    def _text(self, request: GraphQLRequest) -> str:
        """Returns the text of the document. Raises PersistedQueryNotFound, or BadRequest for a wrong digest."""
        if request.digest is None:
            return request.query
        if not request.query:
            return self.persisted.find(request.digest)
        check_digest(request.digest, request.query)
        return request.query

    async def scope_of(self, caller: Caller) -> Scope | None:
        """Returns None without a bearer token, or when the session of a cookie has ended.

        Raises Unauthenticated when a bearer token is not valid.
        """
        if caller.refusal is not None:
            raise caller.refusal
        if caller.bearer is None:
            return None
        try:
            return await self.authenticator.scope_of(caller.bearer, caller.request_id, caller.address)
        except Unauthenticated:
            if caller.by_cookie:  # a page cannot remove the cookie, and must be able to sign in again
                return None
            raise

    async def _execute(self, run: OperationRun) -> Payload:
        try:
            with self.limit.block(), self._while_wanted(run), _place_of_reads(run):
                result: Any = self._executor_of(run).execute_operation()
                if asyncio.iscoroutine(result):
                    result = await result
        finally:  # also for one that failed or took too long
            for_time = cost_of_time(run.share.seconds)
            self.throttle.give_back(run.allowance, -for_time)
        payload = _payload(result, run)
        payload["extensions"] = {"cost": self._settle(run, result.data, for_time)}
        return payload

    def _while_wanted(self, run: OperationRun) -> AbstractContextManager[None]:
        """A query ends when its client has gone; what writes is finished."""
        gone = run.caller.gone
        if gone is None or run.operation.type is not OperationType.QUERY:
            return _ALWAYS
        return self.while_wanted.block(gone)

    def _executor_of(self, run: OperationRun) -> CompiledExecutor:
        plans = run.operation.plans_for(run.variables.coerced)
        run.context.selections = plans.selections
        return CompiledExecutor(
            self.schema,
            run.document.definitions,
            run.document.fragments,
            None,
            run.context,
            run.operation.node,
            run.variables,
            default_field_resolver,
            default_type_resolver,
            default_field_resolver,
            plans=plans,
        )

    def _settle(self, run: OperationRun, data: dict[str, Any] | None, for_time: int) -> dict[str, Any]:
        """Gives unused points back and returns the `cost` of the extensions, with the points that were paid `for_time`."""
        for_data = min(run.operation.cost.actual(data), run.requested)
        self.throttle.give_back(run.allowance, run.requested - for_data)
        actual = for_data + for_time
        metrics.COST.inc(actual)
        level = self.throttle.level(run.allowance)
        return {
            "requestedQueryCost": run.requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": level.rates.maximum,
                "currentlyAvailable": level.available,
                "restoreRate": level.rates.per_second,
            },
        }

    # ---------------------------------------------------------------- subscriptions

    async def subscribe(
        self, request: GraphQLRequest, caller: Caller, *, writes: bool = True
    ) -> Answer | AsyncGenerator[Payloads, None]:
        """The payloads of a subscription, or the answer to another or a refused operation.

        The payloads raise OperationEnded when the server ends the subscription. The permission is checked every
        `recheck_seconds`. Without `writes`, mutations are refused.
        """
        run = self._begin(request, caller)
        try:
            await self._admit(run, ALL if writes else WITHOUT_WRITES)
            if run.operation.type is OperationType.SUBSCRIPTION:
                self._admit_to_subscription(run)
                return self._events(run)
            answer = Answer(await self._execute(run))
        except Exception as error:  # noqa: BLE001 - each error has a form that callers may see
            answer = refused(format_error(error, caller.request_id))
        self._report(run, answer.payload.get("errors"))
        return answer

    def _admit_to_subscription(self, run: OperationRun) -> None:
        definition = self._executor_of(run).root_field()
        if not names_its_permission(definition):
            raise Forbidden("this field does not say who may use it, so nobody may")
        admit(run.context, definition.extensions["strawberry-definition"].metadata["needs"])

    async def _events(self, run: OperationRun) -> AsyncGenerator[Payloads, None]:
        async def check() -> None:
            run.context.scope = await self.scope_of(run.caller)
            self._admit_to_subscription(run)

        def payload_of(result: ExecutionResult) -> Payload:
            return _payload(result, run)

        errors: list[FormattedError] | None = None
        metrics.SUBSCRIPTIONS.inc()
        try:
            async with aclosing(
                payloads_of(self._executor_of(run), payload_of, check, self.recheck_seconds)
            ) as batches:
                async for payloads in batches:
                    yield payloads
        except Exception as error:  # noqa: BLE001 - each error has a form that callers may see
            errors = format_error(error, run.caller.request_id)
            raise OperationEnded(errors) from None
        finally:
            metrics.SUBSCRIPTIONS.dec()
            self._report(run, errors)

    # ---------------------------------------------------------------- the log

    def _report(self, run: OperationRun, errors: Sequence[FormattedError] | None) -> None:
        seconds = time.perf_counter() - run.started_at
        kind, label = run.type_and_label
        code = errors[0]["extensions"]["code"] if errors else "OK"
        metrics.count(kind, code, seconds, [error["extensions"]["code"] for error in errors or ()])
        self.write_line(
            {
                "event": "operation",
                "type": kind,
                "operation": label,
                "code": code,
                "milliseconds": round(seconds * 1000, 2),
                "cost": run.requested,
                "workspace": run.context.scope.workspace_id if run.context.scope else None,
                "request_id": run.caller.request_id,
            }
        )


def _payload(result: ExecutionResult, run: OperationRun) -> Payload:
    payload: Payload = {"data": result.data}
    if result.errors:
        payload["errors"] = format_errors(result.errors, run.caller.request_id)
    return payload


def _place_of_reads(run: OperationRun) -> AbstractContextManager[None]:
    """On a cluster, a query reads at the node of its workspace; what writes stays at the coordinator, also where it reads."""
    if run.context.scope is None or run.operation.type is not OperationType.QUERY:
        return _ALWAYS
    return db.read_at_node(run.context.scope.workspace_id)


def _bucket_of(context: Context) -> str:
    if context.scope is None:
        return f"address:{context.address}"
    principal = context.scope.principal
    return f"{principal.kind.value}:{context.scope.workspace_id}:{principal.id}"
