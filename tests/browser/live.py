"""When a screen follows what happens elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from playwright.sync_api import Page, WebSocket, WebSocketRoute

MOST_SECONDS: Final = 60
LOOK_EVERY_MS: Final = 20


@contextmanager
def follows(page: Page, subscription: str) -> Iterator[None]:
    """For a block that opens a screen: goes on when the screen has asked for a subscription whose text holds these words."""
    sent: list[str] = []

    def watch(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(str(frame)))

    page.on("websocket", watch)
    yield
    for _ in range(MOST_SECONDS * 1000 // LOOK_EVERY_MS):
        if any(subscription in frame for frame in sent):
            page.remove_listener("websocket", watch)
            return
        page.wait_for_timeout(LOOK_EVERY_MS)
    raise AssertionError(f"the screen does not follow {subscription}")


@contextmanager
def not_following_yet(page: Page) -> Iterator[None]:
    """For a block that opens a screen: what the screen asks to follow reaches the server after the block."""
    held: list[tuple[WebSocketRoute, str | bytes]] = []
    is_held = True

    def join(to_page: WebSocketRoute) -> None:
        to_server = to_page.connect_to_server()

        def pass_on(frame: str | bytes) -> None:
            if is_held:
                held.append((to_server, frame))
            else:
                to_server.send(frame)

        to_page.on_message(pass_on)

    page.route_web_socket("**/graphql", join)
    yield
    is_held = False
    for to_server, frame in held:
        to_server.send(frame)
