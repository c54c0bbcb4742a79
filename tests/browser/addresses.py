"""The addresses of all screens, as the console's routes name them, with ids of the demo workspace in them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from muster.generated import ROOT
from tests.browser.people import Muster

SCREENS: Final = ROOT / "console" / "src" / "screens"

PARAMETER: Final = re.compile(r"\$(\w+)")

EXPORT: Final = 'mutation { exportStart(input: {fields: ["name"]}) { job { id } userErrors { message } } }'

ENDPOINT: Final = """
    mutation { webhookEndpointCreate(input: {url: "https://partner.example/hooks", eventTypes: ["audience.blocked"]}) {
        webhookEndpoint { id } userErrors { message } } }
"""
AUDIENCE: Final = """
    mutation ($segment: ID!) { audienceCreate(input: {name: "Spring", segmentId: $segment, mode: MIRROR, keys: [EMAIL]}) {
        audience { id } userErrors { message } } }
"""

SCORE: Final = """
    mutation ($input: ScoreModelInput!) { scoreModelCreate(input: $input) { scoreModel { id } userErrors { message } } }
"""
BROADCAST: Final = """
    mutation ($input: BroadcastCreateInput!) {
        broadcastCreate(input: $input) { broadcast { id } userErrors { message } } }
"""
LATER: Final = """
    mutation ($id: ID!, $at: DateTime!) {
        broadcastSchedule(id: $id, at: $at) { broadcast { id } userErrors { message } } }
"""

SAMPLES: Final[dict[str, Callable[[Muster], Any]]] = {
    "audience": lambda muster: first_of(muster, "audiences") or new_audience(muster),
    "broadcast": lambda muster: new_broadcast(muster, "Opening hours", is_draft=False),
    "contact": lambda muster: first_of(muster, "contacts"),
    "endpoint": lambda muster: muster.do(ENDPOINT)["webhookEndpoint"]["id"],
    "job": lambda muster: muster.do(EXPORT)["job"]["id"],
    "score": lambda muster: new_score(muster),
    "scoreModel": lambda muster: first_of(muster, "scoreModels"),
    "segment": lambda muster: first_of(muster, "segments"),
    "workflow": lambda muster: first_of(muster, "workflows"),
    "/broadcasts/$broadcastId/edit": lambda muster: new_broadcast(muster, "Still a draft", is_draft=True),
}
"""For each parameter of a route, without `Id` at its end, or for a route: finds or makes something that it shows."""

Samples = dict[str, str]
"""Ids by the keys of SAMPLES."""


def samples_of(muster: Muster) -> Samples:
    """One of each, all made before any screen is opened: so that lists show the same whichever screens are looked at."""
    return {key: str(find(muster)) for key, find in SAMPLES.items()}


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
    assert not unknown, f"add to SAMPLES in tests/browser/addresses.py how to find: {unknown}"
    return PARAMETER.sub(lambda found: samples.get(path) or samples[found[1].removesuffix("Id")], path)


def first_of(muster: Muster, field: str) -> str | None:
    nodes = muster.ask(f"{{ {field}(first: 1) {{ nodes {{ id }} }} }}")[field]["nodes"]
    return str(nodes[0]["id"]) if nodes else None


def new_audience(muster: Muster) -> str:
    return str(muster.do(AUDIENCE, segment=first_of(muster, "segments"))["audience"]["id"])


def new_score(muster: Muster) -> str:
    held = {"while": {"field": {"field": "email", "operator": "IS_SET"}}}
    parts = [{"label": "Has an e-mail", "points": 10, "earn": held}]
    levels = [{"name": "COLD", "from": 0}, {"name": "WARM", "from": 10}]
    score = {"key": "warmth", "name": "Warmth", "groups": [{"name": "Facts", "parts": parts}], "levels": levels}
    return str(muster.do(SCORE, input=score)["scoreModel"]["id"])


def new_broadcast(muster: Muster, name: str, *, is_draft: bool) -> str:
    """A draft, or else one that is to be sent much later."""
    templates = muster.ask("{ messageTemplates { id name } }")["messageTemplates"]
    greeting = next(template["id"] for template in templates if template["name"] == "greeting")
    parameters = [{"name": "1", "field": "name", "fallback": "friend"}]
    segment = first_of(muster, "segments")
    draft = {"name": name, "templateId": greeting, "parameters": parameters, "includeSegmentIds": [segment]}
    made = muster.do(BROADCAST, input=draft)["broadcast"]["id"]
    if not is_draft:
        muster.do(LATER, id=made, at=(datetime.now(UTC) + timedelta(days=300)).isoformat())
    return str(made)
