"""What the names before a position are, so that what follows can be told from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from lark import Token

from models.rules.catalogue import NUMERIC, OPERATORS, TEMPORAL, Catalogue
from models.rules.query.words import METRICS, is_bare, unquoted
from models.rules.tree import ActivityMetric, ActivityOperator, Field, FieldOperator, FieldType


class Subject(StrEnum):
    """What an operator or a value at the position belongs to."""

    FIELD = "FIELD"
    TAGS = "TAGS"
    SEGMENT = "SEGMENT"
    PROPERTY = "PROPERTY"
    METRIC = "METRIC"


@dataclass(slots=True)
class Context:
    """`kind`: that of the activities whose brackets are open. `metric`: the one that is written, or was written last."""

    subject: Subject | None = None
    name: str = ""
    kind: str | None = None
    metric: ActivityMetric | None = None
    in_metric: bool = False
    in_list: bool = False
    is_id: bool = False

    def take(self, token: Token) -> None:
        match token.type:
            case "COUNT" | "SUM" | "LAST":
                self.metric, self.in_metric, self.kind = ActivityMetric(METRICS[token.lower()]), True, None
            case "NAME" | "QUOTED":
                self._take_name(unquoted(token) if token.type == "QUOTED" else str(token))
            case "TAGGED" | "TAGGED_SET":
                self.subject, self.in_list = Subject.TAGS, token.type == "TAGGED_SET"
            case "IN_SEGMENT":
                self.subject, self.is_id = Subject.SEGMENT, token.lower().endswith("id")
            case "AMONG":
                self.in_list = True
            case "RPAR" if self.in_list:
                self.in_list = False
            case "RPAR" if self.in_metric:
                self.in_metric, self.subject = False, Subject.METRIC
            case _:
                pass

    def _take_name(self, name: str) -> None:
        if self.subject is Subject.SEGMENT:
            self.subject = None
        elif not self.in_metric:
            self.subject, self.name = Subject.FIELD, name
        elif self.kind is None:
            self.kind = name.lower()
        else:
            self.subject, self.name = Subject.PROPERTY, name


_INSTANTS: Final = (ActivityMetric.FIRST_OCCURRED, ActivityMetric.LAST_OCCURRED)


def context_of(tokens: Sequence[Token]) -> Context:
    context = Context()
    for token in tokens:
        context.take(token)
    return context


def find_named(catalogue: Catalogue, name: str) -> Field | None:
    """A field by its key in any case; that of a custom field may lack its `attributes.`."""
    key = name.lower()
    return catalogue.find_field(key) or catalogue.find_field(f"attributes.{key}")


def short_key(field: Field, catalogue: Catalogue) -> str:
    """The key without `attributes.` where that leaves no doubt."""
    short = field.key.removeprefix("attributes.")
    return short if is_bare(short) and catalogue.find_field(short) in (None, field) else field.key


def operators_after(context: Context, catalogue: Catalogue) -> frozenset[str] | None:
    """The operators that fit what is compared; None: any that the grammar allows."""
    match context.subject:
        case Subject.FIELD:
            field = find_named(catalogue, context.name)
            return None if field is None else frozenset(OPERATORS[field.type])
        case Subject.PROPERTY:
            return frozenset(ActivityOperator)
        case Subject.METRIC:
            # After a number of activities, `within last` says which of them count.
            return frozenset(TEMPORAL if context.metric in _INSTANTS else (*NUMERIC, FieldOperator.WITHIN_LAST))
        case _:
            return None


def is_temporal(context: Context, catalogue: Catalogue) -> bool:
    """Whether a day or an instant is compared."""
    if context.subject is Subject.METRIC:
        return context.metric in _INSTANTS
    field = find_named(catalogue, context.name) if context.subject is Subject.FIELD else None
    return field is not None and field.type in (FieldType.DATE, FieldType.DATETIME)
