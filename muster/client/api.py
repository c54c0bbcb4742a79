"""Calls Muster's public API with a token, as any other client does."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from muster.client.exits import CommandEnds, Exit, Unreachable

TIMEOUT_SECONDS: Final = 60.0
MOST_WAITS: Final = 5
"""A throttled operation is tried again so often."""
LONGEST_WAIT_SECONDS: Final = 30.0
BLOCK_BYTES: Final = 1 << 18

Progress = Callable[[int], None]
"""Is told how many more bytes went through."""

_NOT_ALLOWED: Final = {"UNAUTHENTICATED", "FORBIDDEN"}


class Api:
    """`url` is the address of the API, without /graphql."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs each address, and links to files are secret
        self._http = httpx.Client(headers={"authorization": f"Bearer {token}"}, timeout=TIMEOUT_SECONDS)

    def close(self) -> None:
        self._http.close()

    def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        """Returns the data. Raises CommandEnds for errors, and Unreachable when there is no answer."""
        for _ in range(MOST_WAITS):
            errors, data = self._answer(document, variables)
            if not errors:
                return data
            seconds = _seconds_to_wait(errors[0])
            if seconds is None:
                raise _refused(errors)
            time.sleep(seconds)
        raise CommandEnds(Exit.FAILED, "the API is throttling this token: try again later")

    def do(self, document: str, **variables: Any) -> dict[str, Any]:
        """Returns the payload of a mutation. Raises CommandEnds when it has user errors."""
        (payload,) = self.ask(document, **variables).values()
        if payload["userErrors"]:
            raise CommandEnds(Exit.FAILED, "; ".join(_user_error(error) for error in payload["userErrors"]))
        found: dict[str, Any] = payload
        return found

    def upload(self, link: str, path: Path, progress: Progress) -> None:
        """Sends a file to an upload link."""

        def blocks() -> Iterator[bytes]:
            with path.open("rb") as file:
                while block := file.read(BLOCK_BYTES):
                    yield block
                    progress(len(block))

        headers = {"content-length": str(path.stat().st_size)}
        with _reaching(self.url):
            response = self._http.put(self._here(link, "/uploads/"), content=blocks(), headers=headers)
        if response.status_code != 200:
            raise CommandEnds(Exit.FAILED, f"the file was not taken: {_error_of(response)}")

    def download(self, link: str, path: Path, progress: Progress) -> None:
        """Writes the file of a download link. `path` is there only when the file is whole."""
        part = path.with_name(f"{path.name}.part")
        try:
            with (
                _reaching(self.url),
                self._http.stream("GET", self._here(link, "/downloads/")) as response,
                part.open("wb") as file,
            ):
                if response.status_code != 200:
                    response.read()
                    raise CommandEnds(Exit.FAILED, f"the file cannot be had: {_error_of(response)}")
                for block in response.iter_bytes(BLOCK_BYTES):
                    file.write(block)
                    progress(len(block))
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _here(self, link: str, route: str) -> str:
        """Links name the public address; MUSTER_URL may name another one of the same API."""
        return f"{self.url}{link[link.index(route) :]}"

    def _answer(self, document: str, variables: Mapping[str, Any]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
        with _reaching(self.url):
            response = self._http.post(f"{self.url}/graphql", json={"query": document, "variables": variables})
        try:
            answer = response.json()
            return answer.get("errors") or [], answer.get("data") or {}
        except (ValueError, AttributeError):
            raise Unreachable(
                f"{self.url}/graphql answers {response.status_code} and no GraphQL: set MUSTER_URL"
            ) from None


@contextmanager
def _reaching(url: str) -> Iterator[None]:
    try:
        yield
    except (httpx.TransportError, httpx.InvalidURL) as error:
        why = str(error) or type(error).__name__
        raise Unreachable(f"{url} does not answer ({why}): is the API up, and MUSTER_URL right?") from None


def _seconds_to_wait(error: Mapping[str, Any]) -> float | None:
    """Nothing was done when an operation was throttled, so a mutation may be tried again too."""
    extensions = error.get("extensions") or {}
    if extensions.get("code") != "THROTTLED":
        return None
    return min(max(float(extensions.get("retryAfterSeconds") or 1.0), 0.1), LONGEST_WAIT_SECONDS)


def _refused(errors: list[dict[str, Any]]) -> CommandEnds:
    codes = {(error.get("extensions") or {}).get("code") for error in errors}
    message = "; ".join(dict.fromkeys(error["message"] for error in errors))
    if codes & _NOT_ALLOWED:
        return CommandEnds(Exit.NOT_ALLOWED, f"{message} (MUSTER_TOKEN holds the token that is used)")
    return CommandEnds(Exit.FAILED, message)


def _user_error(error: Mapping[str, Any]) -> str:
    path = ".".join(error["field"] or ())
    return f"{path}: {error['message']}" if path else str(error["message"])


def _error_of(response: httpx.Response) -> str:
    try:
        return str(response.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"status {response.status_code}"
