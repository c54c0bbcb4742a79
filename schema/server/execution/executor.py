"""graphql-core's executor, with compiled selections and root calls where possible."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import Any

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    OperationType,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from models.errors import Forbidden
from schema.server.execution.compiling.compiler import Compiler
from schema.server.execution.compiling.completers import Completer
from schema.server.execution.root_call import RootCall, find_root_call


@dataclass(slots=True)
class Plans:
    """What is compiled for one document and one set of values of the variables that skip or include."""

    completers: dict[tuple[int, ...], Completer | None] = field(default_factory=dict)
    calls: dict[int, RootCall | None] = field(default_factory=dict)
    single: "SingleField | None" = None
    is_prepared: bool = False
    """Whether `single` was looked for."""
    selections: dict[Any, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SingleField:
    """The only field of a query, with a root call."""

    name: str
    details: list[FieldDetails]
    parent: GraphQLObjectType
    definition: GraphQLField
    call: RootCall


class CompiledExecutor(Executor[None]):
    def __init__(self, *args: Any, plans: Plans | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plans = Plans() if plans is None else plans
        self.is_ordinary = self.middleware_manager is not None

    def execute_operation(self, serially: bool | None = None) -> Any:
        """Execute a query of one field without graphql-core's collecting of fields and coroutines."""
        single = self._single_field()
        if single is not None and single.definition.resolve is single.call.replaced:
            arguments = single.call.arguments(self.variable_values.coerced)
            if arguments is not None:
                return self._execute_single(single, arguments)
        return super().execute_operation(serially)

    async def _execute_single(self, single: SingleField, arguments: dict[str, Any]) -> ExecutionResult:
        path = Path(None, single.name, single.parent.name)
        data = None
        try:
            data = {
                single.name: await self._execute_call(
                    single.call, arguments, single.definition, single.parent, single.details, path
                )
            }
        except GraphQLError as error:  # of a field that cannot be null
            self.collected_errors.add(error, None)
        return ExecutionResult(data, self.collected_errors.errors or None)

    def _single_field(self) -> SingleField | None:
        if not self.plans.is_prepared:
            self.plans.single, self.plans.is_prepared = self._find_single_field(), True
        return self.plans.single

    def _find_single_field(self) -> SingleField | None:
        root = self.schema.get_root_type(self.operation.operation)
        if self.operation.operation is not OperationType.QUERY or root is None:
            return None
        fields = self._fields_of(root)
        if len(fields) != 1:
            return None
        name, details = next(iter(fields.items()))
        definition = root.fields.get(details[0].node.name.value)
        if definition is None or not names_its_permission(definition):
            return None
        call = self._find_root_call(definition, details)
        return None if call is None else SingleField(name, details, root, definition, call)

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: list[FieldDetails],
        path: Path,
        position_context: None,
    ) -> Any:
        """Refuse root fields without a permission, and make root calls."""
        if path.prev is not None:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        definition = parent_type.fields.get(field_details_list[0].node.name.value)
        if definition is not None and not names_its_permission(definition):
            error = Forbidden("this field does not say who may use it, so nobody may")
            self.handle_field_error(error, definition.type, field_details_list, path)
            return None
        call = None if definition is None else self._find_root_call(definition, field_details_list)
        arguments = None if call is None else call.arguments(self.variable_values.coerced)
        if definition is None or call is None or arguments is None or definition.resolve is not call.replaced:
            return super().execute_field(parent_type, source, field_details_list, path, position_context)
        return self._execute_call(call, arguments, definition, parent_type, field_details_list, path)

    def _find_root_call(self, definition: GraphQLField, details: list[FieldDetails]) -> RootCall | None:
        if self.middleware_manager is not None:
            return None
        key = id(details[0].node)
        try:
            return self.plans.calls[key]
        except KeyError:
            call = self.plans.calls[key] = find_root_call(definition, details)
            return call

    async def _execute_call(self, call: RootCall, arguments: dict[str, Any], definition: GraphQLField,
                      parent: GraphQLObjectType, details: list[FieldDetails], path: Path) -> Any:  # fmt: skip
        """Does what graphql-core's `execute_field` does, without its coroutines."""
        try:
            info = self.build_resolve_info(definition, [detail.node for detail in details], parent, path)
            value = await call.resolver(None, strawberry.Info(info, call.field), **arguments)
            completed = self.complete_value(definition.type, details, info, path, value, None)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as error:  # noqa: BLE001 - reported at its path, as graphql-core does
            self.handle_field_error(error, definition.type, details, path)
            return None

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        if self.is_ordinary:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        completer = self._completer(return_type, field_details_list)
        if completer is None:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        if completer.many is not None:
            return self._complete_many(completer, return_type, field_details_list, info, path, result, position_context)
        assert completer.one is not None
        try:
            return completer.one(result)
        except Exception:  # noqa: BLE001 - the ordinary executor meets the same error and reports it
            self.is_ordinary = True
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _complete_many(self, completer: Completer, return_type: Any, details: Any, info: Any, path: Path,
                             result: Any, position_context: None) -> Any:  # fmt: skip
        assert completer.many is not None
        try:
            return (await completer.many([result], self))[0]
        except Exception:  # noqa: BLE001 - the ordinary executor meets the same error and reports it
            self.is_ordinary = True
        completed = super().complete_value(return_type, details, info, path, result, position_context)
        return await completed if self.is_awaitable(completed) else completed

    def _completer(self, return_type: GraphQLOutputType, details: list[FieldDetails]) -> Completer | None:
        key = (id(return_type), *(id(detail.node) for detail in details))
        try:
            return self.plans.completers[key]
        except KeyError:
            completer = self.plans.completers[key] = Compiler(self).completer(return_type, details)
            return completer

    def resolve(
        self, definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails], source: Any
    ) -> Awaitable[Any]:
        node = details[0].node
        info = self.build_resolve_info(
            definition, [detail.node for detail in details], parent, Path(None, node.name.value, parent.name)
        )
        arguments = get_argument_values(definition, node, self.variable_values)
        assert definition.resolve is not None
        value: Awaitable[Any] = definition.resolve(source, info, **arguments)
        return value

    def root_field(self) -> GraphQLField:
        return self._root()[2]

    def root_completer(self) -> tuple[str, Completer | None]:
        key, details, definition = self._root()
        return key, self._completer(definition.type, details)

    def variables_below_root(self) -> str:
        used = _UsedVariables()
        for node in [
            *(details.node.selection_set for details in self._root()[1]),
            *(fragment.definition.selection_set for fragment in self.fragments.values()),
        ]:
            if node is not None:
                visit(node, used)
        return repr([(name, self.variable_values.coerced.get(name)) for name in sorted(used.names)])

    def _root(self) -> tuple[str, list[FieldDetails], GraphQLField]:
        root = self.schema.get_root_type(self.operation.operation)
        assert root is not None
        key, details = next(iter(self._fields_of(root).items()))
        return key, details, root.fields[details[0].node.name.value]

    def _fields_of(self, root: GraphQLObjectType) -> dict[str, list[FieldDetails]]:
        return collect_fields(self.schema, self.fragments, self.variable_values, root, self.operation).grouped_field_set


class _UsedVariables(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def names_its_permission(definition: GraphQLField) -> bool:
    described = definition.extensions.get("strawberry-definition")
    return described is not None and "needs" in described.metadata
