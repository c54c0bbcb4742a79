from collections.abc import Sequence

import strawberry

from models.broadcasts.drafts import Draft
from models.messaging.rendering import Binding
from schema.server.ids import find_id
from schema.server.types.scalars import Duration


@strawberry.input(
    description="Fills one placeholder from a contact's field, with what to say when that is empty. Without a fallback such a"
    " contact is skipped."
)
class TemplateParameterInput:
    name: str
    field: str | None = None
    text: str | None = None
    fallback: str | None = None


@strawberry.input
class BroadcastCreateInput:
    name: str
    template_id: strawberry.ID
    parameters: list[TemplateParameterInput] | None = strawberry.field(default_factory=list)
    include_segment_ids: list[strawberry.ID]
    exclude_segment_ids: list[strawberry.ID] | None = strawberry.field(default_factory=list)
    max_lateness: Duration | None = None
    require_opt_in: bool = strawberry.field(
        default=True, description="Send only to contacts that opted in; otherwise to all but those that opted out."
    )

    def draft(self) -> Draft:
        """An invalid id becomes 0, which no row has."""
        return Draft(
            name=self.name,
            template_id=find_id("MessageTemplate", self.template_id) or 0,
            parameters=[Binding(one.name, one.field, one.text, one.fallback) for one in self.parameters or ()],
            include_segment_ids=_segment_ids(self.include_segment_ids),
            exclude_segment_ids=_segment_ids(self.exclude_segment_ids or ()),
            max_lateness=self.max_lateness,
            require_opt_in=self.require_opt_in,
        )


def _segment_ids(ids: Sequence[strawberry.ID]) -> list[int]:
    return [find_id("Segment", segment_id) or 0 for segment_id in ids]
