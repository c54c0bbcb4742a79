"""Finds what keeps people with disabilities from using a page, by the rules of WCAG 2 that axe can check."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import axe_playwright_python
from playwright.sync_api import Page

RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")


@cache
def _source() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()


def violations(page: Page) -> list[str]:
    """Each in a line: the rule, what to do, and the elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_source())
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate("options => axe.run(document, options)", options)["violations"]
    return [f"{one['id']}: {one['help']}: {'; '.join(_where(node) for node in one['nodes'][:5])}" for one in found]


def _where(node: dict[str, Any]) -> str:
    said = " ".join(str(check["message"]) for check in node["any"][:1])
    return f"{node['target']} {said}"
