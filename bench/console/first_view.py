"""How soon the first view of a screen is there, in a browser that has never been here, on a processor four times slower."""

import asyncio
import re
import time
from pathlib import Path

from playwright.async_api import Page, expect

from bench.console import bare_page
from bench.console.visitor import Visitor
from bench.table import Result, medians

GOALS = {"lcp_ms": 1_200, "blocked_ms": 150, "shift": 0.0, "requests": 3}

SLOWER = 4

SCREEN = "main h1"

AWAITED = "[data-awaited], main [aria-busy=true]"
"""What stands for a part of a screen that is not there yet."""

BARE_TOO = ("/", "/contacts", "/settings/password")
"""Beside these, the same words are shown by a page without scripts."""

SCREENS = Path(__file__).parents[2] / "console" / "src" / "screens"

ONE_OF_EACH = "{ contacts(first: 1) { nodes { id } } segments(first: 1) { nodes { id } } }"

_OBSERVE = """
    window.seen = { lcp: 0, blocked: 0, shift: 0, busyUntil: 0 };
    const observe = (type, take) =>
        new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true });
    observe("largest-contentful-paint", (entry) => { seen.lcp = entry.startTime; });
    observe("longtask", ({ startTime, duration }) => {
        seen.blocked += Math.max(0, duration - 50);
        seen.busyUntil = startTime + duration;
    });
    observe("layout-shift", (entry) => { if (!entry.hadRecentInput) seen.shift += entry.value; });
"""

_WHOLE_SECONDS = 6
"""So long a page is left alone: what asks it something runs a script of its own in it."""

_QUIET_SECONDS = 2
"""What asks a page something runs a script of its own in it: so long after the last request it has drawn what it is asked for."""

_IS_WHOLE = """
    document.querySelector("%s") && !document.querySelector("%s") && seen.lcp > 0 && performance.now() - seen.busyUntil > 500
"""
"""The network may be idle while the page still draws."""

_LOADED = """
    performance.getEntriesByType("resource").filter(({ name }) => /\\.(js|css)$/.test(name))
        .reduce((sum, { transferSize }) => sum + transferSize, 0)
"""

_ASKED = """performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/graphql")).length"""


async def measure(visitor: Visitor, rounds: int) -> list[Result]:
    """The explorer, which is GraphiQL, is opened in the same way for comparison."""
    found = []
    for name, path in {**{path: path for path in paths()}, **await _pages_of_one(visitor)}.items():
        figures = medians([await _open(visitor, path, SCREEN) for _ in range(rounds)])
        ratios = {figure: figures[figure] / goal for figure, goal in GOALS.items() if goal}
        found.append(Result(f"first view of {name}", figures, "goal", ratios))
        if path in BARE_TOO:
            found.append(await _bare(visitor, path, rounds, figures["lcp_ms"]))
    explorer = medians([await _open(visitor, "/explorer/", ".graphiql-container") for _ in range(rounds)])
    return [*found, Result("  for comparison: first view of the explorer", explorer)]


def paths() -> list[str]:
    """The paths of the console's routes that need no id."""
    texts = (file.read_text() for file in SCREENS.rglob("*routes.ts*"))
    found = {path for text in texts for path in re.findall(r'\bpath: "(/[^"$]*)"', text)}
    return sorted(found)


async def _pages_of_one(visitor: Visitor) -> dict[str, str]:
    """The paths of the newest contact and of a segment, by the paths of their routes."""
    async with visitor.page() as page:
        answer = await page.context.request.post(
            f"{visitor.url}/graphql", data={"query": ONE_OF_EACH}, headers={"origin": visitor.url}
        )
        found = (await answer.json())["data"]
    (contact,), (segment,) = found["contacts"]["nodes"], found["segments"]["nodes"]
    return {"/contacts/$contactId": f"/contacts/{contact['id']}", "/segments/$segmentId": f"/segments/{segment['id']}"}


async def _bare(visitor: Visitor, path: str, rounds: int, lcp_ms: float) -> Result:
    async with visitor.page() as page:
        await page.goto(path)
        await expect(page.locator(SCREEN).first).to_be_visible(timeout=30_000)
        await expect(page.locator(AWAITED)).to_have_count(0, timeout=30_000)
        await page.wait_for_load_state("networkidle")
        words = await bare_page.words_of(page)
    async with bare_page.served(words) as url:
        figures = medians([await _open(visitor, url, SCREEN) for _ in range(rounds)])
    return Result("  its words without scripts", figures, "of the screen", {"lcp_ms": figures["lcp_ms"] / lcp_ms})


async def _open(visitor: Visitor, path: str, there: str) -> dict[str, float]:
    """Opens a path or an address, and waits until the element `there` is, and nothing is loaded any more."""
    async with visitor.alone.page(await visitor.cookies(), _OBSERVE, SLOWER) as page:
        await page.send("Page.navigate", url=path if "://" in path else f"{visitor.url}{path}")
        await asyncio.sleep(_WHOLE_SECONDS)
        deadline = time.monotonic() + 60
        while not await page.ask(_IS_WHOLE % (there, AWAITED)):
            assert time.monotonic() < deadline, path
            await asyncio.sleep(0.5)
        seen = await page.ask("seen")
        return {
            "lcp_ms": seen["lcp"],
            "blocked_ms": seen["blocked"],
            "shift": seen["shift"],
            "loaded_kb": await page.ask(_LOADED) / 1000,
            "requests": float(await page.ask(_ASKED)),
        }


async def open_undisturbed(page: Page, path: str) -> None:
    """Opens a path or an address, and leaves the page alone until it should be whole."""
    await page.goto(path, wait_until="commit")
    await page.wait_for_load_state("networkidle")
    await asyncio.sleep(_QUIET_SECONDS)
