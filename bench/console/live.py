"""From a change that another client makes to the browser that shows it: contacts enter a dynamic segment whose page is open."""

import asyncio
import time
from contextlib import ExitStack
from typing import Any

import aiohttp
from playwright.async_api import expect

from bench.console.visitor import Visitor, until
from bench.environment import Place, process
from bench.table import Result

SOON_MS = 1_000

CHANGES = 100
PAUSE_SECONDS = 0.05

SIGN_IN = "mutation ($email: String!, $password: String!) { signIn(email: $email, password: $password) { token } }"
CREATE = """
    mutation ($name: String!) {
        segmentCreate(input: {name: $name, kind: DYNAMIC, rule: {tags: {operator: HAS_ANY, tags: [$name]}}}) {
            segment { id } userErrors { message }
        }
    }
"""
STATUS = "query ($id: ID!) { segment(id: $id) { status } }"
CONTACT = """
    mutation ($name: String!, $tag: String!) {
        contactCreate(input: {name: $name, tags: [$tag]}) { contact { id } userErrors { message } }
    }
"""

_OBSERVE = """
    window.seen = {};
    const look = () => {
        for (const { textContent } of document.querySelectorAll("ol[aria-live] li")) {
            const name = /Live \\d+\\./.exec(textContent)?.[0];
            if (name !== undefined) seen[name] ??= Date.now();
        }
    };
    const wanted = { subtree: true, childList: true, characterData: true };
    new MutationObserver(() => requestAnimationFrame(look)).observe(document, wanted);
"""


async def measure(place: Place, url: str, visitor: Visitor) -> list[Result]:
    with ExitStack() as workers:
        for queue in ("realtime", "bulk"):
            command = ["-m", "muster", "worker", "--queue", queue]
            workers.enter_context(process(command, place.environment(url), None, f"console-{queue}.log"))
        async with aiohttp.ClientSession() as session, visitor.page() as page:
            await _sign_in(session, visitor)
            tag = f"live-{time.time_ns()}"
            segment = (await _ask(session, visitor, CREATE, name=tag))["segmentCreate"]["segment"]["id"]
            while (await _ask(session, visitor, STATUS, id=segment))["segment"]["status"] != "READY":
                await asyncio.sleep(0.2)
            await page.add_init_script(_OBSERVE)
            await page.goto(f"/segments/{segment}?tab=changes")
            await expect(page.locator("ol[aria-live]")).to_be_attached(timeout=30_000)
            await page.wait_for_load_state("networkidle")
            changed = await _change(session, visitor, tag)
            await until(page, f"Object.keys(seen).length === {CHANGES}")
            seen: dict[str, float] = await page.evaluate("seen")
    delays = sorted(seen[name] - at for name, at in changed.items())
    figures = {"p50_ms": delays[len(delays) // 2], "p99_ms": delays[int(len(delays) * 0.99) - 1]}
    ratios = {"p99_ms": figures["p99_ms"] / SOON_MS}
    return [Result("another client's change, from before its request to the screen", figures, "goal", ratios)]


async def _change(session: aiohttp.ClientSession, visitor: Visitor, tag: str) -> dict[str, float]:
    """The moments before the requests, in milliseconds of the clock that the browser has too, by contact."""
    changed = {}
    for number in range(CHANGES):
        name = f"Live {number}."
        changed[name] = time.time() * 1000
        await _ask(session, visitor, CONTACT, name=name, tag=tag)
        await asyncio.sleep(PAUSE_SECONDS)
    return changed


async def _sign_in(session: aiohttp.ClientSession, visitor: Visitor) -> None:
    token = (await _ask(session, visitor, SIGN_IN, **visitor.credentials))["signIn"]["token"]
    session.headers["authorization"] = f"Bearer {token}"


async def _ask(session: aiohttp.ClientSession, visitor: Visitor, query: str, **variables: Any) -> Any:
    request = {"query": query, "variables": variables}
    async with session.post(f"{visitor.url}/graphql", json=request) as answer:
        said = await answer.json()
    assert "errors" not in said, said["errors"]
    return said["data"]
