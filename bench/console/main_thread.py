"""Where the time of a first view goes: CPU of the page's main thread by kind of work, from Chromium's own trace.

The processor is not slowed down, so that other load of the machine hardly matters: CPU time stays what it is, where the
moments of first_view.py do not. An icon of the same server is opened in the same way: below that no page can get.
"""

import json
from collections import Counter
from typing import Any

from playwright.async_api import expect

from bench.console.first_view import AWAITED, SCREEN, SLOWER, open_undisturbed
from bench.console.visitor import Visitor
from bench.table import Result, medians

PATHS = ("/settings/password", "/", "/contacts", "/segments/new")

BARE = "/icon.svg"

CATEGORIES = ["-*", "devtools.timeline", "disabled-by-default-devtools.timeline", "v8", "blink.user_timing"]

KINDS = {
    "v8.compileModule": "compile",
    "v8.compile": "compile",
    "v8.evaluateModule": "evaluate",
    "EvaluateScript": "evaluate",
    "v8.callFunction": "script",
    "FunctionCall": "script",
    "RunMicrotasks": "script",
    "TimerFire": "script",
    "EventDispatch": "script",
    "FireAnimationFrame": "script",
    "UpdateLayoutTree": "style",
    "Layout": "layout",
    "PrePaint": "paint",
    "Paint": "paint",
    "Layerize": "paint",
    "Commit": "paint",
}
"""By the name of a trace's event. What lies in an event belongs to its kind, unless it has one of its own."""

LONG_MS = 50

Event = dict[str, Any]


async def measure(visitor: Visitor, rounds: int) -> list[Result]:
    found = []
    for path in (*PATHS, BARE):
        figures = medians([await _open(visitor, path) for _ in range(rounds)])
        found.append(Result(f"  main thread, CPU: {path}", figures))
    return found


async def _open(visitor: Visitor, path: str) -> dict[str, float]:
    async with visitor.page() as page:
        await visitor.browser.start_tracing(page=page, categories=CATEGORIES)
        await open_undisturbed(page, path)
        trace = json.loads(await visitor.browser.stop_tracing())["traceEvents"]
        if path != BARE:
            await expect(page.locator(SCREEN).first).to_be_visible()
            await expect(page.locator(AWAITED)).to_have_count(0)
        return _figures(trace)


def _figures(events: list[Event]) -> dict[str, float]:
    """CPU in milliseconds by kind, and the blocking time that a processor would make of it that is `SLOWER` times slower."""
    begin = max(filter(_is_ours, events), key=lambda event: float(event["ts"]))
    whole = [
        event
        for event in events
        if event["ph"] == "X" and event["ts"] >= begin["ts"] and _thread(event) == _thread(begin)
    ]
    totals: Counter[str] = Counter(dict.fromkeys(["all", *KINDS.values(), "other"], 0))
    open_events: list[tuple[Event, str]] = []
    blocked = 0.0
    for event in sorted(whole, key=lambda event: (event["ts"], -event["dur"])):
        while open_events and open_events[-1][0]["ts"] + open_events[-1][0]["dur"] <= event["ts"]:
            open_events.pop()
        outer = open_events[-1][1] if open_events else "other"
        kind, cpu = KINDS.get(event["name"], outer), event.get("tdur", 0) / 1000
        totals[kind] += cpu
        if open_events:
            totals[outer] -= cpu
        else:
            totals["all"] += cpu
            blocked += max(0.0, SLOWER * cpu - LONG_MS)
        open_events.append((event, kind))
    return {**{f"{kind}_ms": float(total) for kind, total in totals.items()}, "blocked_if_slower_ms": blocked}


def _is_ours(event: Event) -> bool:
    """The browser opens pages of its own too."""
    return event["name"] == "navigationStart" and "http" in event["args"]["data"]["documentLoaderURL"]


def _thread(event: Event) -> tuple[int, int]:
    return event["pid"], event["tid"]
