import strawberry

from models.destinations.audiences.audiences import AudienceMode, NewAudience
from models.destinations.audiences.keys import AudienceKey
from schema.server.ids import get_id


@strawberry.input(description="The token is stored encrypted and never shown again.")
class MetaConnectInput:
    """An ad account, and a token that may change its audiences."""

    ad_account_id: str = strawberry.field(description="Digits, with or without act_ before them.")
    access_token: str = strawberry.field(description="A system user's token with the permission ads_management.")


@strawberry.input
class AudienceCreateInput:
    """A segment to keep as a custom audience, and how its people are recognised."""

    name: str = strawberry.field(
        description="As the Ads Manager shows it. Keep what it says about people's health or money out."
    )
    segment_id: strawberry.ID = strawberry.field(description="The segment to follow.")
    mode: AudienceMode = strawberry.field(
        default=AudienceMode.MIRROR, description="What happens to who is no member any more."
    )
    keys: list[AudienceKey] = strawberry.field(
        default_factory=lambda: [AudienceKey.EMAIL, AudienceKey.PHONE, AudienceKey.EXTERN_ID],
        description="What people are recognised by; more keys match more people.",
    )
    description: str | None = strawberry.field(default=None, description="For the Ads Manager.")

    def new_audience(self) -> NewAudience:
        """Raises NotFound at `segmentId`."""
        segment_id = get_id("Segment", self.segment_id, ("segmentId",))
        return NewAudience(self.name, segment_id, self.mode, self.keys, self.description)
