"""A page of another origin calls the API in a real browser. It needs Chromium."""

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from schema.server.transports.app import ALLOWED_HEADERS
from tests.kit.api import application, serving
from tests.kit.toys import toy_schema

pytestmark = pytest.mark.slow

CHROMIUM: Final = shutil.which("chromium") or shutil.which("chromium-browser")

PAGE: Final = """
    <body>waits<script>
    const ask = (headers) => fetch(%s, {method: "POST", headers, body: '{"query": "{ toy(number: 1) { name } }"}'})
        .then((answer) => answer.json().then((json) => json.data.toy.name + " " + !!answer.headers.get("x-request-id")))
        .catch((error) => error.name);
    Promise.all(%s.map(ask)).then((answers) => { document.body.textContent = "answers: " + answers.join(", "); });
    </script></body>
"""


async def shown(url: str, profile: Path) -> str:
    """What a page shows after a while."""
    assert CHROMIUM is not None
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--virtual-time-budget=10000",
        f"--user-data-dir={profile}",
    ]
    browser = await asyncio.create_subprocess_exec(
        CHROMIUM, *options, "--dump-dom", url, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        return (await asyncio.wait_for(browser.communicate(), 60))[0].decode()
    finally:
        if browser.returncode is None:
            browser.kill()


@pytest.mark.skipif(CHROMIUM is None, reason="chromium is not on the PATH")
async def test_a_page_of_an_allowed_origin_may_send_the_headers_of_usual_clients(tmp_path: Path) -> None:
    usual = dict.fromkeys(ALLOWED_HEADERS, "x") | {"content-type": "application/json"}
    del usual["authorization"], usual["x-graphql-event-stream-token"]
    pages: dict[str, Any] = {}

    async def page(_: Request) -> Response:
        cases = [usual, {"content-type": "application/json", "x-tenant": "1"}, {**usual, "x-unknown": "1"}]
        return HTMLResponse(PAGE % (json.dumps(pages["api"]), json.dumps(cases)))

    async with serving(Starlette(routes=[Route("/", page)])) as origin:
        api = application(toy_schema(), allowed_origins=(f"http://{origin}",), allowed_headers=("x-tenant",))
        async with serving(api) as address:
            pages["api"] = f"http://{address}/graphql"
            assert "answers: toy 1 true, toy 1 true, TypeError" in await shown(f"http://{origin}/", tmp_path)
