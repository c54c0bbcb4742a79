"""The addresses of all screens, as the console's routes name them, with ids in them."""

import re
from collections.abc import Mapping
from typing import Final

from muster.generated import ROOT
from tests.browser.people import Muster

SCREENS: Final = ROOT / "console" / "src" / "screens"

PARAMETER: Final = re.compile(r"\$(\w+)")

Samples = Mapping[str, str]
"""Ids by the parameters of routes, without `Id` at their ends, and by routes that show another thing."""


def paths() -> list[str]:
    """The paths of all routes, such as `/segments/$segmentId`."""
    found = (
        path for file in SCREENS.rglob("*routes.ts*") for path in re.findall(r'\bpath: "(/[^"]*)"', file.read_text())
    )
    return sorted(found)


def address(samples: Samples, path: str) -> str:
    """The path of a route with ids in it."""
    names = PARAMETER.findall(path)
    unknown = [name for name in names if path not in samples and name.removesuffix("Id") not in samples]
    assert not unknown, f"make something that they show in tests/browser/gallery.py: {unknown}"
    return PARAMETER.sub(lambda found: samples.get(path) or samples[found[1].removesuffix("Id")], path)


def of_the_demo(muster: Muster) -> Samples:
    """The newest segment and workflow of the demo workspace."""
    found = muster.ask("{ segments(first: 1) { nodes { id } } workflows(first: 1) { nodes { id } } }")
    return {"segment": found["segments"]["nodes"][0]["id"], "workflow": found["workflows"]["nodes"][0]["id"]}
