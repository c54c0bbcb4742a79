"""The sandbox's templates: one of each kind."""

from typing import Any, Final

TEMPLATES: Final[tuple[dict[str, Any], ...]] = (
    {
        "id": "900000000000001",
        "name": "spring_sale",
        "language": "en_US",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "BODY", "text": "Hi {{1}}, our spring sale starts today, with everything in {{2}} a third off."},
            {"type": "FOOTER", "text": "Muster Sandbox"},
            {
                "type": "BUTTONS",
                "buttons": [
                    {"type": "QUICK_REPLY", "text": "Stop promotions"},
                    {"type": "URL", "text": "Look", "url": "https://shop.example/{{1}}"},
                ],
            },
        ],
    },
    {
        "id": "900000000000002",
        "name": "order_update",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "NAMED",
        "components": [
            {"type": "HEADER", "format": "TEXT", "text": "News from {{shop}}"},
            {"type": "BODY", "text": "Hello {{first_name}}, your order {{order}} is on its way."},
        ],
    },
    {
        "id": "900000000000003",
        "name": "new_collection",
        "language": "en_US",
        "status": "APPROVED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [
            {"type": "HEADER", "format": "IMAGE"},
            {"type": "BODY", "text": "The new collection is here, {{1}}."},
        ],
    },
    {
        "id": "900000000000004",
        "name": "hello_world",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Hello, world."}],
    },
    {
        "id": "900000000000005",
        "name": "winter_sale",
        "language": "en_US",
        "status": "PAUSED",
        "category": "MARKETING",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Winter sale, {{1}}."}],
    },
    {
        "id": "900000000000006",
        "name": "greeting",
        "language": "en_US",
        "status": "APPROVED",
        "category": "UTILITY",
        "parameter_format": "POSITIONAL",
        "components": [{"type": "BODY", "text": "Hello {{1}}, welcome."}],
    },
)
