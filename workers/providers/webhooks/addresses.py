"""Resolves names to addresses that requests may go to. A connection is made to the address that was checked, and to no other."""

import asyncio
import socket
from ipaddress import ip_address
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

from models.destinations.webhooks.urls import is_allowed


class AddressRefused(OSError):
    """A name has an address that is not public."""


class CheckedResolver(AbstractResolver):
    """Refuses a name when one of its addresses is not allowed. aiohttp connects to what this returns, without resolving again."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self.look_up(host, port, family)
        if not found:
            raise OSError("the name has no address")
        for _, sockaddr in found:
            check_address(str(sockaddr[0]))
        return [_result(host, port, of_family, sockaddr) for of_family, sockaddr in found]

    async def look_up(self, host: str, port: int, family: socket.AddressFamily) -> list[tuple[int, tuple[Any, ...]]]:
        """Returns (family, socket address) from the system's resolver."""
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG)
        return [(of_family, sockaddr) for of_family, _, _, _, sockaddr in found]

    async def close(self) -> None:
        return None


def check_address(address: str) -> None:
    """Raises AddressRefused."""
    if "%" in address or not is_allowed(ip_address(address)):
        raise AddressRefused("not an address of the public internet")


def _result(host: str, port: int, family: int, sockaddr: tuple[Any, ...]) -> ResolveResult:
    return ResolveResult(
        hostname=host,
        host=str(sockaddr[0]),
        port=port,
        family=family,
        proto=0,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )
