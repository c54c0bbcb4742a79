"""The files of `make docs`. A test compares them with the code."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from muster.settings import HEADINGS, PREFIX, RENAMED, Settings
from muster.webhooks_page import webhooks_page

ROOT = Path(__file__).resolve().parent.parent


def write_all() -> Iterator[str]:
    """Writes the files that have changed, and yields their paths."""
    for path, make in FILES.items():
        text = make()
        if not (ROOT / path).exists() or (ROOT / path).read_text() != text:
            (ROOT / path).write_text(text)
            yield path


def settings_page() -> str:
    lines = [
        "# Settings",
        "",
        "<!-- Made from muster/settings.py by `make docs`. -->",
        "",
        "Each setting is an environment variable, or a line of a file `.env` in the folder from which Muster is started; the",
        "environment wins. Nothing has to be set to try Muster out. `muster doctor` checks the settings.",
    ]
    for name, field in documented():
        if name in HEADINGS:
            lines += ["", f"## {HEADINGS[name]}", "", "| variable | default | what it is for |", "|---|---|---|"]
        lines.append(f"| `{PREFIX}{name.upper()}` | {_shown_default(field)} | {field.description} |")
    return "\n".join(lines) + "\n"


def env_example() -> str:
    lines = [
        "# Copy to .env and set what you need; everything has a default. docs/settings.md has the same as a table."
    ]
    for name, field in documented():
        if name in HEADINGS:
            lines += ["", f"# ---- {HEADINGS[name]}"]
        lines += ["", f"# {field.description}", f"#{PREFIX}{name.upper()}={_example(field)}"]
    return "\n".join(lines) + "\n"


def documented() -> Iterator[tuple[str, FieldInfo]]:
    """Returns the settings by name, without those under an old name."""
    return ((name, field) for name, field in Settings.model_fields.items() if name not in RENAMED)


def _shown_default(field: FieldInfo) -> str:
    value = _as_text(field.default)
    return f"`{value}`" if value else "unset"


def _example(field: FieldInfo) -> str:
    return str(field.examples[0]) if field.examples else _as_text(field.default)


def _as_text(default: Any) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return str(default).lower()
    return ",".join(default) if isinstance(default, tuple) else str(default)


def printed_schema() -> str:
    from graphql import print_schema

    from schema.root import build_schema

    return print_schema(build_schema()) + "\n"


def permissions_page() -> str:
    from muster import permissions_page
    from schema.root import build_schema

    return permissions_page.permissions_page(build_schema())


FILES: dict[str, Callable[[], str]] = {
    "docs/settings.md": settings_page,
    ".env.example": env_example,
    "schema/schema.graphql": printed_schema,
    "docs/permissions.md": permissions_page,
    "docs/webhooks.md": webhooks_page,
}
"""By path."""
