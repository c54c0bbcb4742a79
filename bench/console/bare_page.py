"""The words of a screen as a page without scripts, with the same styles and font, from a server that does nothing else.

Sooner than this no console can show them in this browser on this machine.
"""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web
from playwright.async_api import Page

from bench.environment import free_port
from muster.app import CONSOLE
from schema.server.pages import console_files

_SCRIPTS = re.compile(r"<script.*?</script>|<link[^>]*as=\"script\"[^>]*>|<link[^>]*modulepreload[^>]*>", re.DOTALL)


async def words_of(page: Page) -> str:
    """The page as it is now, without its scripts."""
    return _SCRIPTS.sub("", await page.content())


@asynccontextmanager
async def served(words: str) -> AsyncIterator[str]:
    """Gives the address of a page."""
    built = console_files.read(CONSOLE)
    assert built is not None, "there is no console here: make console"

    async def answer(request: web.Request) -> web.Response:
        file = built.files.get(request.path.removeprefix("/"))
        if file is None:
            return web.Response(text=words, content_type="text/html")
        if file.compressed is None:
            return web.Response(body=file.body, headers={"content-type": file.media_type})
        return web.Response(body=file.compressed, headers={"content-type": file.media_type, "content-encoding": "br"})

    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()
