"""A person at a browser of their own, with an empty cache, who has signed in."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, cast

from playwright.async_api import Browser, BrowserContext, Page

from bench.console.alone import Chromium, Cookies
from models.accounts import members
from models.errors import DomainError
from permissions.principal import Scope
from permissions.roles import Role

CHROMIUM = "chromium"

SIGN_IN = """
    mutation ($email: String!, $password: String!) {
        sessionStart(email: $email, password: $password) { userErrors { message } }
    }
"""

Credentials = dict[str, str]
"""`email` and `password`."""


@dataclass(frozen=True)
class Visitor:
    browser: Browser
    alone: Chromium
    url: str
    credentials: Credentials

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        context = await self.browser.new_context(base_url=self.url, viewport={"width": 1280, "height": 800})
        try:
            await self._sign_in(context)
            yield await context.new_page()
        finally:
            await context.close()

    async def cookies(self) -> Cookies:
        """Those of a session that begins now."""
        context = await self.browser.new_context(base_url=self.url)
        try:
            await self._sign_in(context)
            return [
                {name: cookie[name] for name in ("name", "value", "domain", "path", "httpOnly", "secure", "sameSite")}
                for cookie in cast("list[dict[str, Any]]", await context.cookies())
            ]
        finally:
            await context.close()

    async def _sign_in(self, context: BrowserContext) -> None:
        request = {"query": SIGN_IN, "variables": self.credentials}
        await context.request.post(f"{self.url}/graphql", data=request, headers={"origin": self.url})


async def until(page: Page, condition: str, seconds: float = 60) -> None:
    """Waits for an expression of JavaScript. Playwright's own way is refused by the policy of the console."""
    deadline = time.monotonic() + seconds
    while not await page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        await asyncio.sleep(0.05)


async def new_password(scope: Scope) -> Credentials:
    """Makes an admin of the workspace, unless there is one from an earlier run."""
    credentials = {"email": "console@bench.example", "password": "seven purple umbrellas"}
    try:
        await members.create(
            scope, name="Bench", email=credentials["email"], password=credentials["password"], role=Role.ADMIN
        )
    except DomainError:
        pass  # made by an earlier run on the same database
    return credentials
