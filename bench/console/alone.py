"""A page that nobody looks into while it is opened.

What watches a page costs it time: as soon as Playwright listens to a page, Chromium notes for each script where in its text
every piece of it is, which is a second parse of all of it (12 to 30 ms of processor time for React alone, which count four
times here). So the page is opened by Chromium's own protocol, and told nothing but how slow its processor is.
"""

import asyncio
import itertools
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ARGUMENTS = ["--headless", "--no-sandbox", "--no-first-run", "--remote-debugging-port=0"]

WITHOUT = "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup"
"""Pages of the browser itself, for its address bar, which it would load beside each first page of a window."""

VIEW = {"width": 1280, "height": 800, "deviceScaleFactor": 1, "mobile": False}

Cookies = Sequence[Mapping[str, Any]]


@dataclass
class Chromium:
    socket: aiohttp.ClientWebSocketResponse
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    async def send(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": parameters}
        await self.socket.send_json(message | ({"sessionId": session} if session else {}))
        while True:
            answer = await self.socket.receive_json()
            if answer.get("id") == number:
                assert "error" not in answer, (method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    @asynccontextmanager
    async def page(self, cookies: Cookies, script: str, slower: float) -> AsyncIterator["AlonePage"]:
        """An empty page of somebody who was never here. `script` is run in it before its own."""
        context = (await self.send("Target.createBrowserContext"))["browserContextId"]
        try:
            await self.send("Storage.setCookies", cookies=list(cookies), browserContextId=context)
            target = await self.send("Target.createTarget", url="about:blank", browserContextId=context)
            attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
            page = AlonePage(self, attached["sessionId"])
            await page.send("Emulation.setDeviceMetricsOverride", **VIEW)
            await page.send("Emulation.setCPUThrottlingRate", rate=slower)
            await page.send("Page.enable")
            await page.send("Page.addScriptToEvaluateOnNewDocument", source=script)
            yield page
        finally:
            await self.send("Target.disposeBrowserContext", browserContextId=context)


@dataclass
class AlonePage:
    chromium: Chromium
    session: str

    async def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self.chromium.send(method, self.session, **parameters)

    async def ask(self, expression: str) -> Any:
        """The value of an expression of JavaScript in the page."""
        answer = await self.send("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")


@asynccontextmanager
async def chromium(program: str) -> AsyncIterator[Chromium]:
    with tempfile.TemporaryDirectory(prefix="muster-chromium-", ignore_cleanup_errors=True) as folder:
        command = [program, *ARGUMENTS, WITHOUT, f"--user-data-dir={folder}", "about:blank"]
        quiet = asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(*command, stdout=quiet, stderr=quiet)
        try:
            port, path = await _address(Path(folder) / "DevToolsActivePort")
            address = f"http://127.0.0.1:{port}{path}"
            async with aiohttp.ClientSession() as session, session.ws_connect(address, max_msg_size=0) as socket:
                yield Chromium(socket)
        finally:
            process.terminate()
            await process.wait()


async def _address(file: Path) -> tuple[str, str]:
    for _ in range(600):
        if file.exists() and len(lines := file.read_text().split()) == 2:
            return lines[0], lines[1]
        await asyncio.sleep(0.05)
    raise AssertionError("Chromium did not start")
