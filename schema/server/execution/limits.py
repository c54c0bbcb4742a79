"""How large a document may be. Checked once per text, before validation, and kept with the cached document."""

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
    """The most of each that one document may have; of fields, with each fragment counted wherever it is spread."""

    tokens: int = 10_000
    depth: int = 16
    fields: int = 2_000
    aliases: int = 100
    root_fields: int = 50
    directives: int = 100


def parse_within(text: str, limits: DocumentLimits) -> DocumentNode:
    """The document. Raises GraphQLError (syntax, or too many tokens) or BadRequest, saying which limit and how far over."""
    try:
        document = parse(text, max_tokens=limits.tokens)
    except RecursionError:
        raise BadRequest("the document is nested too deeply to be read") from None
    _Measure(document, limits).check()
    return document


@dataclass(slots=True)
class _Size:
    depth: int = 0
    fields: int = 0
    aliases: int = 0
    directives: int = 0


@dataclass(slots=True)
class _Measure:
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
        size = self._of(operation.selection_set)
        for name in ("depth", "fields", "aliases", "directives"):
            self._hold(name, getattr(size, name))
        self._hold("root_fields", len(operation.selection_set.selections))

    def _hold(self, name: str, found: int) -> None:
        most = getattr(self.limits, name)
        if found > most:
            what = {"depth": "levels of fields", "root_fields": "fields at the root"}.get(name, name)
            raise BadRequest(f"the document has {found} {what}: the most that one may have is {most}")

    def _of(self, selections: SelectionSetNode) -> _Size:
        size = _Size()
        for selection in selections.selections:
            size.directives += len(selection.directives or ())
            inner = self._inside(selection)
            is_field = isinstance(selection, FieldNode)
            size.depth = max(size.depth, inner.depth + is_field)
            size.fields += inner.fields + is_field
            size.aliases += inner.aliases + (isinstance(selection, FieldNode) and selection.alias is not None)
            size.directives += inner.directives
        return size

    def _inside(self, selection: object) -> _Size:
        if isinstance(selection, FragmentSpreadNode):
            return self._of_fragment(selection.name.value)
        inner = getattr(selection, "selection_set", None)
        return _Size() if inner is None else self._of(inner)

    def _of_fragment(self, name: str) -> _Size:
        """Measured once; an unknown fragment, or one inside itself, is left for the validation to report."""
        if name not in self.fragments or name in self.being_measured:
            return _Size()
        if name not in self.sizes:
            self.being_measured.add(name)
            self.sizes[name] = self._of(self.fragments[name].selection_set)
            self.being_measured.discard(name)
        return self.sizes[name]
