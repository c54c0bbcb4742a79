"""The executor: graphql-core's own, except where a selection can be completed at once (see `compiling`)."""

from collections.abc import Awaitable
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetails, collect_fields
from graphql.execution.values import get_argument_values
from graphql.pyutils import Path

from models.errors import Forbidden
from schema.server.execution.compiling import Compiler, Completer

Plans = dict[Any, Completer | None]
"""What was compiled for a document and one set of values of the variables that skip or include."""


class CompiledExecutor(Executor[None]):
    """Executes one operation, with the plans of its document."""

    def __init__(self, *args: Any, plans: Plans | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        self.plans: Plans = {} if plans is None else plans
        self.ordinary = self.middleware_manager is not None

    def execute_field(
        self,
        parent_type: GraphQLObjectType,
        source: Any,
        field_details_list: list[FieldDetails],
        path: Path,
        position_context: None,
    ) -> Any:
        """Refuse root fields that name no permission; the rest is as ever."""
        if path.prev is None:
            definition = parent_type.fields.get(field_details_list[0].node.name.value)
            if definition is not None and not names_what_it_needs(definition):
                error = Forbidden("this field does not say who may use it, so nobody may")
                self.handle_field_error(error, definition.type, field_details_list, path)
                return None
        return super().execute_field(parent_type, source, field_details_list, path, position_context)

    def complete_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: list[FieldDetails],
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: None,
    ) -> Any:
        """Complete the value at once where its selection can be compiled, in the ordinary way otherwise."""
        if self.ordinary:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        completer = self._completer(return_type, field_details_list)
        if completer is None:
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)
        if completer.many is not None:
            return self._complete_deep(completer, return_type, field_details_list, info, path, result, position_context)
        assert completer.one is not None
        try:
            return completer.one(result)
        except Exception:  # noqa: BLE001 - whatever it is, the ordinary executor finds and reports it
            self.ordinary = True
            return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _complete_deep(self, completer: Completer, return_type: Any, details: Any, info: Any, path: Path,
                             result: Any, position_context: None) -> Any:  # fmt: skip
        assert completer.many is not None
        try:
            return (await completer.many([result], self))[0]
        except Exception:  # noqa: BLE001 - whatever it is, the ordinary executor finds and reports it
            self.ordinary = True
        completed = super().complete_value(return_type, details, info, path, result, position_context)
        return await completed if self.is_awaitable(completed) else completed

    def _completer(self, return_type: GraphQLOutputType, details: list[FieldDetails]) -> Completer | None:
        key = (id(return_type), *(id(detail.node) for detail in details))
        try:
            return self.plans[key]
        except KeyError:
            completer = self.plans[key] = Compiler(self).completer(return_type, details)
            return completer

    def resolve(
        self, definition: GraphQLField, parent: GraphQLObjectType, details: list[FieldDetails], source: Any
    ) -> Awaitable[Any]:
        """Call a field's resolver outside of its place in the tree, for all rows at once."""
        node = details[0].node
        info = self.build_resolve_info(
            definition, [detail.node for detail in details], parent, Path(None, node.name.value, parent.name)
        )
        arguments = get_argument_values(definition, node, self.variable_values)
        assert definition.resolve is not None
        answer: Awaitable[Any] = definition.resolve(source, info, **arguments)
        return answer

    def root_field(self) -> GraphQLField:
        """The first field that the operation selects at the root (a subscription's only one)."""
        return self._root()[2]

    def root_completer(self) -> tuple[str, Completer | None]:
        """The response key of that field, and how its values are completed at once; None where they cannot be."""
        key, details, definition = self._root()
        return key, self._completer(definition.type, details)

    def variables_below_root(self) -> str:
        """The values of the variables that its selection uses: with the document, that is all that is asked of its values."""
        used = _Used()
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
        grouped = collect_fields(
            self.schema, self.fragments, self.variable_values, root, self.operation
        ).grouped_field_set
        key, details = next(iter(grouped.items()))
        return key, details, root.fields[details[0].node.name.value]


class _Used(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.names.add(node.name.value)


def names_what_it_needs(definition: GraphQLField) -> bool:
    """Whether a root field names the permission that it needs (or that it needs none)."""
    described = definition.extensions.get("strawberry-definition")
    return described is not None and "needs" in described.metadata
