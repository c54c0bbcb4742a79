"""Cookies that say who is asking: of a session, and of a device on which somebody signed in before.

Scripts cannot read them, and other sites cannot send them. `__Host-` keeps subdomains from setting them.
"""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

_DEVICE_SECONDS: Final = 365 * 86_400


@dataclass(frozen=True, slots=True)
class CookieNames:
    """The names of the two cookies; `secure` stands for HTTPS."""

    secure: bool = False

    @property
    def session(self) -> str:
        return self._prefix + "muster_session"

    @property
    def device(self) -> str:
        return self._prefix + "muster_device"

    @property
    def _prefix(self) -> str:
        return "__Host-" if self.secure else ""

    def header(self, name: str, value: str, seconds: int) -> str:
        """Returns a value of `Set-Cookie`. 0 seconds remove the cookie."""
        secure = "; Secure" if self.secure else ""
        return f"{name}={value}; Max-Age={seconds}; Path=/; HttpOnly; SameSite=Strict{secure}"


@dataclass(slots=True)
class NewCookies:
    """The cookies that an operation sets. `headers` are values of `Set-Cookie`."""

    names: CookieNames
    headers: list[str] = field(default_factory=list)

    def start_session(self, token: str, seconds: float) -> None:
        self.headers.append(self.names.header(self.names.session, token, int(seconds)))

    def end_session(self) -> None:
        self.headers.append(self.names.header(self.names.session, "", 0))

    def remember_device(self, token: str) -> None:
        self.headers.append(self.names.header(self.names.device, token, _DEVICE_SECONDS))


def cookies_of(header: str | None) -> dict[str, str]:
    """Returns the values of a Cookie header, by name."""
    pairs = (pair.strip().partition("=") for pair in (header or "").split(";"))
    return {name: value for name, _, value in pairs if value}


@dataclass(frozen=True, slots=True)
class Origins:
    """The pages from which a browser may call: those of the API itself, and the `allowed` origins."""

    allowed: tuple[str, ...] = ()
    public_url: str = ""

    def allows(self, origin: str, host: str | None) -> bool:
        """Returns whether a page may call. `origin` and `host` are headers of the request; `*` allows all."""
        return "*" in self.allowed or self.allows_cookies(origin, host)

    def allows_cookies(self, origin: str, host: str | None) -> bool:
        """Returns whether a page may use a session's cookie: not by `*`, only when its origin is named."""
        own = urlsplit(self.public_url).netloc
        return origin in self.allowed or urlsplit(origin).netloc in {host, own} - {"", None}
