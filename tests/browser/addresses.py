"""The addresses of all screens, as the console's routes name them, with ids of the demo workspace in them."""

import re
from collections.abc import Callable
from typing import Any, Final

from muster.generated import ROOT
from tests.browser.people import Muster

SCREENS: Final = ROOT / "console" / "src" / "screens"

PARAMETER: Final = re.compile(r"\$(\w+)")

EXPORT: Final = 'mutation { exportStart(input: {fields: ["name"]}) { job { id } userErrors { message } } }'

ENDPOINT: Final = """
    mutation { webhookEndpointCreate(input: {url: "https://partner.example/hooks", eventTypes: ["job.finished"]}) {
        webhookEndpoint { id } userErrors { message } } }
"""
AUDIENCE: Final = """
    mutation ($segment: ID!) { audienceCreate(input: {name: "Spring", segmentId: $segment, mode: MIRROR, keys: [EMAIL]}) {
        audience { id } userErrors { message } } }
"""

SAMPLES: Final[dict[str, Callable[[Muster], Any]]] = {
    "audience": lambda muster: first_of(muster, "audiences") or new_audience(muster),
    "broadcast": lambda muster: first_of(muster, "broadcasts"),
    "contact": lambda muster: first_of(muster, "contacts"),
    "endpoint": lambda muster: first_endpoint(muster) or muster.do(ENDPOINT)["webhookEndpoint"]["id"],
    "job": lambda muster: first_of(muster, "jobs") or muster.do(EXPORT)["job"]["id"],
    "score": lambda muster: first_of(muster, "scoreModels"),
    "scoreModel": lambda muster: first_of(muster, "scoreModels"),
    "segment": lambda muster: first_of(muster, "segments"),
    "workflow": lambda muster: first_of(muster, "workflows"),
}
"""For each parameter of a route, without `Id` at its end: an id, or None where the demo workspace has no such thing."""


def paths() -> list[str]:
    """The paths of all routes, such as `/segments/$segmentId`."""
    found = (
        path for file in SCREENS.rglob("*routes.ts*") for path in re.findall(r'\bpath: "(/[^"]*)"', file.read_text())
    )
    return sorted(found)


def address(muster: Muster, path: str) -> str | None:
    """The path with ids; None where the demo workspace has nothing to show there."""
    names = PARAMETER.findall(path)
    unknown = [name for name in names if name.removesuffix("Id") not in SAMPLES]
    assert not unknown, f"add to SAMPLES in tests/browser/addresses.py how to find: {unknown}"
    samples = {name: SAMPLES[name.removesuffix("Id")](muster) for name in names}
    if None in samples.values():
        return None
    return PARAMETER.sub(lambda found: str(samples[found[1]]), path)


def first_of(muster: Muster, field: str) -> str | None:
    nodes = muster.ask(f"{{ {field}(first: 1) {{ nodes {{ id }} }} }}")[field]["nodes"]
    return str(nodes[0]["id"]) if nodes else None


def first_endpoint(muster: Muster) -> str | None:
    endpoints = muster.ask("{ webhookEndpoints { id } }")["webhookEndpoints"]
    return str(endpoints[0]["id"]) if endpoints else None


def new_audience(muster: Muster) -> str:
    return str(muster.do(AUDIENCE, segment=first_of(muster, "segments"))["audience"]["id"])
