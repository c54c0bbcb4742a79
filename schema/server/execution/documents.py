"""Parsed and validated documents, kept by their text."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    validate,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails

from models.errors import Refusal
from schema.server.execution.cost import Cost, cost_of
from schema.server.execution.executor import Plans
from schema.server.execution.input_paths import RULES
from schema.server.execution.limits import DocumentLimits, parse_within
from schema.server.execution.variables import Variables, variables_of
from schema.server.refusals import BadRequest

MOST_DOCUMENTS: Final = 2_000

LONGEST_KEPT: Final = 50_000
"""In characters; longer texts are not kept."""

MOST_PLANS: Final = 64
"""Per operation: one for each combination of skipped and included parts."""

MOST_ERRORS: Final = 20


@dataclass(slots=True)
class Operation:
    node: OperationDefinitionNode
    type: OperationType
    name: str | None
    cost: Cost
    switches: tuple[str, ...]
    """The variables that skip or include parts."""

    variables: Variables
    label: str
    """Its name, or its root fields."""
    plans: dict[tuple[Any, ...], Plans] = field(default_factory=dict)

    def plans_for(self, variables: dict[str, Any]) -> Plans:
        key = tuple([variables.get(name) for name in self.switches])
        plans = self.plans.get(key)
        if plans is None:
            plans = Plans()
            if len(self.plans) < MOST_PLANS:
                self.plans[key] = plans
        return plans


@dataclass(slots=True)
class Document:
    errors: Sequence[GraphQLError | Refusal] = ()
    operations: dict[str | None, Operation] = field(default_factory=dict)
    definitions: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    fragments: dict[str, FragmentDetails] = field(default_factory=dict)

    def operation(self, name: str | None) -> Operation:
        """Returns the only operation for None. Raises BadRequest when there is no such operation."""
        if name is None and len(self.operations) == 1:
            return next(iter(self.operations.values()))
        if name is None:
            raise BadRequest("the document has several operations: say which by `operationName`")
        if name not in self.operations:
            raise BadRequest(f"the document has no operation named {name!r}")
        return self.operations[name]


@dataclass(slots=True)
class Documents:
    schema: GraphQLSchema
    limits: DocumentLimits = field(default_factory=DocumentLimits)
    kept: OrderedDict[str, Document] = field(default_factory=OrderedDict)

    def get(self, text: str) -> Document:
        document = self.kept.get(text)
        if document is not None:
            self.kept.move_to_end(text)
            return document
        document = self._parse(text)
        if len(text) <= LONGEST_KEPT:
            self.kept[text] = document
            if len(self.kept) > MOST_DOCUMENTS:
                self.kept.popitem(last=False)
        return document

    def _parse(self, text: str) -> Document:
        try:
            parsed = parse_within(text, self.limits)
            errors = validate(self.schema, parsed, RULES, max_errors=MOST_ERRORS)
        except RecursionError:
            return Document(errors=[BadRequest("the document is nested too deeply to be read")])
        except (GraphQLError, BadRequest) as error:
            return Document(errors=[error])
        return Document(errors=errors) if errors else self._prepare(parsed)

    def _prepare(self, parsed: DocumentNode) -> Document:
        document = Document()
        for definition in parsed.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                document.definitions[definition.name.value] = definition
                document.fragments[definition.name.value] = FragmentDetails(definition)
        switches = _switches(parsed)
        for definition in parsed.definitions:
            if isinstance(definition, OperationDefinitionNode):
                name = definition.name.value if definition.name else None
                cost = cost_of(self.schema, definition, document.definitions.values())
                document.operations[name] = Operation(
                    definition,
                    definition.operation,
                    name,
                    cost,
                    switches,
                    variables_of(
                        self.schema,
                        definition.variable_definitions or (),
                        (definition, *document.definitions.values()),
                    ),
                    name or _root_field_names(definition),
                )
        return document


def _root_field_names(operation: OperationDefinitionNode) -> str:
    fields = (node.name.value for node in operation.selection_set.selections if isinstance(node, FieldNode))
    return ",".join(dict.fromkeys(fields))


def _switches(parsed: DocumentNode) -> tuple[str, ...]:
    """In a valid document the only directives with variables are skip and include."""
    names: set[str] = set()

    class Search(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            names.update(
                argument.value.name.value for argument in node.arguments if isinstance(argument.value, VariableNode)
            )

    visit(parsed, Search())
    return tuple(sorted(names))
