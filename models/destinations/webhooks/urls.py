"""Which addresses may be endpoints, by their text. When something is sent, each resolved address is checked as well."""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

from models.errors import Invalid

LONGEST: Final = 2_000

_local_allowed = False


def allow_local(allowed: bool) -> None:
    """Whether http and addresses of this machine are allowed in this process: for development and tests."""
    global _local_allowed
    _local_allowed = allowed


def is_local_allowed() -> bool:
    return _local_allowed


def check_url(url: str) -> str:
    """Returns the URL. Raises Invalid that says what is wrong and what would be right."""
    if not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise Invalid("a URL has printable ASCII characters only, without spaces: encode the others", ("url",))
    if len(url) > LONGEST:
        raise Invalid(f"this is {len(url):,} characters long: at most {LONGEST:,} fit", ("url",))
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Invalid("this is no URL: write it as https://example.com/path", ("url",)) from None
    _check_scheme(parts)
    if parts.username is not None or parts.password is not None:
        raise Invalid("a URL must not hold a user name or a password: use headers for those", ("url",))
    if parts.fragment or "#" in url:
        raise Invalid("a fragment (#...) is never sent: leave it out", ("url",))
    _check_port(port)
    _check_host(parts.hostname or "")
    return url


def _check_scheme(parts: SplitResult) -> None:
    if parts.scheme == "https" or (parts.scheme == "http" and _local_allowed):
        return
    raise Invalid("only https:// is allowed (and http:// where MUSTER_WEBHOOK_LOCAL is set)", ("url",))


def _check_port(port: int | None) -> None:
    if port is not None and port != 443 and not 1024 <= port <= 65535 and not (port == 80 and _local_allowed):
        raise Invalid("this port is not for HTTPS: use 443, or one from 1024 on", ("url",))


def _check_host(host: str) -> None:
    literal = _address(host)
    if literal is not None:
        if not is_allowed(literal):
            raise Invalid(NOT_PUBLIC, ("url",))
        return
    if not _NAME.fullmatch(host) or len(host) > 253:
        raise Invalid("this host is neither a public name nor an IP address: write it as example.com", ("url",))
    name = host.removesuffix(".")
    if not _local_allowed and (name.endswith(_INTERNAL) or "." not in name):
        raise Invalid(NOT_PUBLIC, ("url",))


NOT_PUBLIC: Final = "this is not an address of the public internet: use one that everybody can reach"

_NAME: Final = re.compile(
    r"(?!.*\.[0-9]+\.?$)(?!.*\.0x[0-9a-f]*\.?$)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.?)+", re.IGNORECASE
)
"""Names of the DNS. What ends like a number is another spelling of an IPv4 address, as WHATWG's URL standard reads it."""

_INTERNAL: Final = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".localdomain", ".corp")


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


# ---------------------------------------------------------------- addresses

_TUNNELS: Final = tuple(
    IPv6Network(network)
    for network in ("64:ff9b:1::/48", "2001::/32", "2002::/16", "fec0::/10", "::/96", "100::/64", "5f00::/16")
)
"""Local NAT64, Teredo, 6to4, site-local, IPv4-compatible, discard-only, segment routing: nothing public is only there."""

_NAT64: Final = IPv6Network("64:ff9b::/96")

_NOT_UNICAST: Final = tuple(
    map(ip_network, ("192.88.99.0/24", "192.0.0.0/24", "224.0.0.0/3", "255.255.255.255/32", "ff00::/8"))
)


def is_allowed(address: IPv4Address | IPv6Address) -> bool:
    """Whether requests may go to the address: a public one, or one of this machine where that is allowed."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped
        if inner is None and address in _NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_allowed(inner)
    if address.is_loopback:
        return _local_allowed
    networks = _TUNNELS if isinstance(address, IPv6Address) else ()
    return address.is_global and not any(address in network for network in (*networks, *_NOT_UNICAST))
