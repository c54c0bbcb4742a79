"""What goes wrong in a page while a test looks at something else: errors on its console, requests that fail."""

import re
from dataclasses import dataclass, field
from typing import Final

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

_TOLD_BY_RESPONSE: Final = "Failed to load resource"

_ABORTED: Final = "net::ERR_ABORTED"
"""The page itself took the request back, or was left."""


@dataclass
class Problems:
    """Each fails the test unless the test expects it."""

    found: list[str] = field(default_factory=list)
    expected: list[re.Pattern[str]] = field(default_factory=list)

    def expect(self, *patterns: str) -> None:
        """Let problems pass in which one of these regular expressions is found."""
        self.expected += map(re.compile, patterns)

    @property
    def unexpected(self) -> list[str]:
        return [one for one in self.found if not any(pattern.search(one) for pattern in self.expected)]

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and _TOLD_BY_RESPONSE not in message.text:
            self.found.append(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self.found.append(f"error: {error.error.message}")

    def _failed(self, request: Request) -> None:
        if request.failure != _ABORTED:
            self.found.append(f"{request.method} {request.url}: {request.failure}")

    def _response(self, response: Response) -> None:
        """401 is how the server says that nobody is signed in."""
        if response.status >= 400 and response.status != 401:
            self.found.append(f"{response.request.method} {response.url}: {response.status}")
