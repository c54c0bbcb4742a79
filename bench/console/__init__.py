"""The console in a browser: what it weighs, and how soon a person sees something, against what docs/console.md promises.

It needs Chromium, and what `make console` built last.
"""

import shutil

from playwright.async_api import async_playwright

from bench.console import alone, first_view, live, main_thread, rule_editor, weight
from bench.console.visitor import CHROMIUM, Visitor, new_password
from bench.environment import Place
from bench.read_world import read_world
from bench.serving import api
from bench.table import Result
from models import db

TITLE = "The console in a browser (kB, milliseconds unless the figure says otherwise; ratios are to the goals)"


async def measure(place: Place) -> list[Result]:
    found = weight.measure()
    browser = shutil.which(CHROMIUM)
    if browser is None:
        print(f"{CHROMIUM} is not on the PATH: only weights were measured")
        return found
    url, scope = await read_world(place)
    try:
        credentials = await new_password(scope)
        with api(place, url) as (port, _):
            async with async_playwright() as playwright, alone.chromium(browser) as chromium:
                watched = await playwright.chromium.launch(
                    executable_path=browser, args=["--no-sandbox", alone.WITHOUT]
                )
                visitor = Visitor(watched, chromium, f"http://127.0.0.1:{port}", credentials)
                return [
                    *found,
                    *await first_view.measure(visitor, place.rounds),
                    *await main_thread.measure(visitor, place.rounds),
                    *await rule_editor.measure(visitor),
                    *await live.measure(place, url, visitor),
                ]
    finally:
        await db.disconnect()
