import strawberry


@strawberry.input(
    description="From WhatsApp Manager and the app's settings. The secrets are stored encrypted and never shown again."
)
class WhatsAppChannelConnectInput:
    """A number to send from, and what its webhooks are checked with."""

    phone_number_id: str
    business_account_id: str
    token: str = strawberry.field(description="A system user's token that may send and read templates.")
    app_secret: str = strawberry.field(description="What the app's webhooks are signed with.")
    verify_token: str = strawberry.field(description="Of your choice: Meta sends it when the webhooks' address is set.")
    stop_words: list[str] = strawberry.field(
        default_factory=lambda: ["STOP"],
        description="A message or button that is one of these and nothing else opts its sender out, besides the usual words of"
        " many languages.",
    )
