"""The limits on the size of a document, checked before its validation."""

from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)

from schema.server.refusals import BadRequest


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """Fields of a fragment count at each place where it is spread."""

    tokens: int = 10_000
    depth: int = 16
    fields: int = 2_000
    aliases: int = 100
    root_fields: int = 50
    directives: int = 100


def parse_within(text: str, limits: DocumentLimits) -> DocumentNode:
    """Raises GraphQLError (syntax, too many tokens), or BadRequest, which names the limit."""
    try:
        document = parse(text, max_tokens=limits.tokens)
    except RecursionError:
        raise BadRequest("the document is nested too deeply to be read") from None
    _Measurement(document, limits).check()
    return document


@dataclass(slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class _Measurement:
    document: DocumentNode
    limits: DocumentLimits
    fragments: dict[str, FragmentDefinitionNode] = field(default_factory=dict)
    sizes: dict[str, _Size] = field(default_factory=dict)
    being_measured: set[str] = field(default_factory=set)

    def check(self) -> None:
        for definition in self.document.definitions:
            if isinstance(definition, FragmentDefinitionNode):
                self.fragments[definition.name.value] = definition
        for definition in self.document.definitions:
            if isinstance(definition, OperationDefinitionNode):
                self._check_operation(definition)

    def _check_operation(self, operation: OperationDefinitionNode) -> None:
        size = self._size_of(operation.selection_set)
        for name in ("depth", "fields", "aliases", "directives"):
            self._check_limit(name, getattr(size, name))
        self._check_limit("root_fields", len(operation.selection_set.selections))

    def _check_limit(self, name: str, count: int) -> None:
        most = getattr(self.limits, name)
        if count > most:
            unit = {"depth": "levels of fields", "root_fields": "fields at the root"}.get(name, name)
            raise BadRequest(f"the document has {count} {unit}: the most that one may have is {most}")

    def _size_of(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for selection in selections.selections:
            size.directives += len(selection.directives or ())
            inner = self._size_inside(selection)
            is_field = isinstance(selection, FieldNode)
            size.depth = max(size.depth, inner.depth + is_field)
            size.fields += inner.fields + is_field
            size.aliases += inner.aliases + (isinstance(selection, FieldNode) and selection.alias is not None)
            size.directives += inner.directives
        return size

    def _size_inside(self, selection: object) -> _Size:
        if isinstance(selection, FragmentSpreadNode):
            return self._size_of_fragment(selection.name.value)
        inner = getattr(selection, "selection_set", None)
        return _Size() if inner is None else self._size_of(inner)

    def _size_of_fragment(self, name: str) -> _Size:
        """The validation reports unknown fragments and fragments that contain themselves."""
        if name not in self.fragments or name in self.being_measured:
            return _Size()
        if name not in self.sizes:
            self.being_measured.add(name)
            self.sizes[name] = self._size_of(self.fragments[name].selection_set)
            self.being_measured.discard(name)
        return self.sizes[name]
