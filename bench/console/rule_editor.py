"""How soon a keystroke in the rule editor is painted, and how soon after the last one the new count is on the screen."""

from typing import Any
from urllib.parse import quote

from playwright.async_api import Page, expect

from bench.console.visitor import Visitor, until
from bench.table import Result

PAINT_MS, COUNT_MS = 50, 300

WARM_UP, EDITS = 3, 20

RULE = "score >= 50"

_OBSERVE = """
    window.seen = { keys: [], counts: [], typedAt: null };
    new PerformanceObserver((list) => list.getEntries().forEach(({ name, duration }) => {
        if (name === "keydown") seen.keys.push(duration);
    })).observe({ type: "event", durationThreshold: 16, buffered: true });
    addEventListener("input", (event) => { seen.typedAt = event.timeStamp; }, true);
    const counted = () => {
        if (seen.typedAt === null || document.querySelector("[data-stale]")) return;
        const typedAt = seen.typedAt;
        seen.typedAt = null;
        requestAnimationFrame(() => seen.counts.push(performance.now() - typedAt));
    };
    new MutationObserver((changes) => { if (changes.some(({ oldValue }) => oldValue !== null)) counted(); })
        .observe(document, { subtree: true, attributes: true, attributeFilter: ["data-stale"], attributeOldValue: true });
"""


async def measure(visitor: Visitor) -> list[Result]:
    """Two digits are typed each time, and each count is awaited before the next edit."""
    async with visitor.page() as page:
        await page.add_init_script(_OBSERVE)
        await page.goto(f"/segments/new?rule={quote(RULE)}")
        number = page.locator("input[inputmode=decimal]").first
        await expect(number).to_have_value("50", timeout=30_000)
        await expect(page.locator("[data-stale]")).to_have_count(0, timeout=30_000)
        for edit in range(WARM_UP):
            await _type(page, number, str(30 + edit))
        await page.evaluate("seen.keys = []; seen.counts = []")
        for edit in range(EDITS):
            await _type(page, number, str(40 + edit))
        seen = await page.evaluate("window.seen")
    keys = _p95(seen["keys"], "keys") if seen["keys"] else 16.0
    count = _p95(seen["counts"], "counts")
    return [
        Result("rule editor: keystroke to paint", {"p95_ms": keys}, "goal", {"p95_ms": keys / PAINT_MS}),
        Result("rule editor: last edit to the new count", {"p95_ms": count}, "goal", {"p95_ms": count / COUNT_MS}),
    ]


async def _type(page: Page, number: Any, text: str) -> None:
    await number.select_text()
    before = await page.evaluate("seen.counts.length")
    await page.keyboard.type(text, delay=60)
    await until(page, f"seen.counts.length > {before} && seen.typedAt === null")


def _p95(values: list[float], what: str) -> float:
    assert values, f"no {what} were seen"
    return sorted(values)[int(len(values) * 0.95) - 1 if len(values) >= 20 else -1]
