"""Compiles the selections of a document into functions that complete whole subtrees of a response.

graphql-core needs about 30 us for ten fields of a row. Here a selection is compiled once per cached document and type. For
unusual values Fallback is raised: the ordinary executor completes that part again and reports errors. This is safe because
fields with a resolver of their own are never compiled.
"""

from typing import Any

from graphql import GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLOutputType
from graphql.execution.collect_fields import FieldDetails, collect_subfields
from graphql.type import is_abstract_type

from schema.server.execution.compiling.completers import (
    CompleteOne,
    Completer,
    Execution,
    accept_null,
    list_of,
    list_of_strings,
    nullable,
    refuse_null,
)
from schema.server.execution.compiling.field_sources import fetch_batch, find_field_source
from schema.server.execution.compiling.leaves import complete_leaf
from schema.server.execution.compiling.row_functions import SelectedField, write_selection
from schema.server.execution.compiling.selections import Selection, complete_object
from schema.server.execution.rows import typename_of


class Compiler:
    def __init__(self, executor: Execution) -> None:
        self.executor = executor

    def completer(self, kind: GraphQLOutputType, details: list[FieldDetails]) -> Completer | None:
        """Returns None when the ordinary executor must complete these values."""
        if isinstance(kind, GraphQLNonNull):
            return self._nullable(kind.of_type, details, refuse_null)
        return self._nullable(kind, details, accept_null)

    def _nullable(self, kind: Any, details: list[FieldDetails], complete_null: CompleteOne) -> Completer | None:
        if isinstance(kind, GraphQLList):
            if _is_required_string(kind.of_type):
                return list_of_strings(nullable(complete_leaf(kind.of_type.of_type), refuse_null), complete_null)
            item = self.completer(kind.of_type, details)
            return None if item is None else list_of(item, complete_null)
        if isinstance(kind, GraphQLObjectType):
            selection = self.selection(kind, details)
            return None if selection is None else complete_object(selection, complete_null)
        if is_abstract_type(kind):
            return self._abstract(kind, details, complete_null)
        return nullable(complete_leaf(kind), complete_null)

    def _abstract(self, kind: Any, details: list[FieldDetails], complete_null: CompleteOne) -> Completer | None:
        selections = {}
        for possible in self.executor.schema.get_possible_types(kind):
            selection = self.selection(possible, details)
            if selection is None or selection.deferred:
                return None
            selections[possible.name] = selection

        def complete(value: Any) -> Any:
            if value is None:
                return complete_null(value)
            return selections[typename_of(value) or ""].shallow(value)

        return Completer(one=complete)

    def selection(self, kind: GraphQLObjectType, details: list[FieldDetails]) -> Selection | None:
        """Returns None when a field has a resolver of its own."""
        executor = self.executor
        grouped, defer_usages, _ = collect_subfields(
            executor.schema, executor.fragments, executor.variable_values, executor.operation, kind, details
        )
        if defer_usages:
            return None
        fields: list[SelectedField] = []
        for key, nodes in grouped.items():
            selected = self._field(kind, key, nodes)
            if selected is None:
                return None
            fields.append(selected)
        return write_selection(fields)

    def _field(self, parent: GraphQLObjectType, key: str, details: list[FieldDetails]) -> SelectedField | None:
        name = details[0].node.name.value
        if name == "__typename":
            return SelectedField(key, constant=parent.name)
        definition = parent.fields[name]
        source = find_field_source(definition)
        if source is None:
            return None
        completer = self.completer(definition.type, details)
        if completer is None:
            return None
        if source.is_batched:
            return SelectedField(key, completer=completer, batch=fetch_batch(definition, parent, details))
        return SelectedField(
            key,
            completer=completer,
            kind=definition.type,
            name=source.name,
            getter=source.getter,
            function=source.function,
        )


def _is_required_string(kind: Any) -> bool:
    return isinstance(kind, GraphQLNonNull) and getattr(kind.of_type, "name", None) in ("String", "ID")
