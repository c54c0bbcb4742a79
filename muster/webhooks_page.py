"""The event types in docs/webhooks.md."""

import json
from pathlib import Path
from typing import Any, Final

PAGE: Final = Path(__file__).resolve().parent.parent / "docs" / "webhooks.md"

BEGIN: Final = "<!-- event types: made from models/destinations/webhooks/event_types.py by `make docs` -->\n"
END: Final = "<!-- end of event types -->\n"


def webhooks_page() -> str:
    """The page as it is written, with the event types made anew."""
    from models.destinations.webhooks.event_types import EVENT_TYPES

    before, rest = PAGE.read_text().split(BEGIN)
    _, after = rest.split(END)
    return before + BEGIN + "\n".join(map(_section, EVENT_TYPES.values())) + "\n" + END + after


def _section(one: Any) -> str:
    lines = ["", f"### `{one.name}`", "", one.description]
    if one.needs is not None:
        lines[-1] += f" Needs `{one.needs.value}`."
    properties = one.schema.get("properties", {})
    if properties:
        lines += ["", "| `data` | |", "|---|---|", *(_row(name, of) for name, of in _flat(properties))]
    return "\n".join([*lines, "", "```json", json.dumps(one.example, indent=1, ensure_ascii=False), "```"])


def _flat(properties: dict[str, Any], prefix: str = "") -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    for name, of in properties.items():
        inner = of.get("items", {}).get("properties")
        found += [(f"{prefix}{name}", of)] if inner is None else _flat(inner, f"{prefix}{name}[].")
    return found


def _row(name: str, of: dict[str, Any]) -> str:
    values = ", ".join(f"`{value}`" for value in of.get("enum", ()))
    return f"| `{name}` | {of['description']}{f' {values}' if values else ''} |"
