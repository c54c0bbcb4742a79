"""The URLs of the servers, and the secret that signs tokens."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from muster.errors import SetupError
from muster.local.data_dir import exclusive_use, is_in_use
from muster.local.embedded import running
from muster.local.postgres import Postgres
from muster.local.valkey import Valkey
from muster.settings import Settings

if TYPE_CHECKING:  # would load the ORM, and slow the command line
    from models.accounts.sessions import Signing


@dataclass(frozen=True)
class Installation:
    settings: Settings
    database_url: str
    redis_url: str
    secret: str


def embedded_postgres(settings: Settings) -> Postgres:
    return Postgres(settings.data_dir / "postgres")


def embedded_valkey(settings: Settings) -> Valkey:
    return Valkey(settings.data_dir / "valkey")


def embedded_servers(settings: Settings) -> list[Postgres | Valkey]:
    """Returns the servers without a URL in the settings: they run on this machine."""
    servers: list[Postgres | Valkey] = []
    if settings.database_url is None:
        servers.append(embedded_postgres(settings))
    if settings.redis_url is None:
        servers.append(embedded_valkey(settings))
    return servers


def installation_of(settings: Settings) -> Installation:
    """Reads the settings only: it starts nothing and connects to nothing."""
    return Installation(
        settings=settings,
        database_url=settings.database_url or embedded_postgres(settings).url,
        redis_url=settings.redis_url or embedded_valkey(settings).url,
        secret=_secret(settings),
    )


def secret_keys(installation: Installation) -> tuple[str, ...]:
    """The keys of the installation: the first encrypts, all decrypt."""
    keys = (*installation.settings.secret_keys, *installation.settings.sealing_keys)
    return tuple(key.get_secret_value() for key in keys) or (installation.secret,)


def use_secret_keys(installation: Installation) -> None:
    """Sets the keys that encrypt and decrypt the secrets of channels."""
    from models.accounts import secrets as stored_secrets

    stored_secrets.use_keys(secret_keys(installation))


def signing(installation: Installation) -> "Signing":
    from models.accounts.sessions import Signing

    settings = installation.settings
    return Signing(
        installation.secret, timedelta(minutes=settings.session_minutes), timedelta(days=settings.session_days)
    )


@contextmanager
def with_servers(settings: Settings) -> Iterator[Installation]:
    """Uses the servers of a running `muster up`, or starts them."""
    servers = embedded_servers(settings)
    if not servers:
        yield installation_of(settings)
    elif is_in_use(settings.data_dir):
        require_running(settings)
        yield installation_of(settings)
    else:
        with exclusive_use(settings.data_dir), running(*servers):
            yield installation_of(settings)


def require_running(settings: Settings) -> None:
    """SetupError when an embedded server does not answer."""
    silent = [server for server in embedded_servers(settings) if not server.is_ready()]
    if silent:
        names = " and ".join(type(server).__name__ for server in silent)
        raise SetupError(
            f"No embedded {names} is running under {settings.data_dir}: start everything with `make run`, or set"
            " MUSTER_DATABASE_URL and MUSTER_REDIS_URL."
        )


def _secret(settings: Settings) -> str:
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = settings.data_dir / "secret"
    try:
        if not path.exists():
            _write_once(path, secrets.token_hex(32))
        return path.read_text().strip()
    except OSError as error:
        raise SetupError(f"{path} cannot be read or made ({error.strerror}): set MUSTER_SECRET.") from None


def _write_once(path: Path, text: str) -> None:
    """Only one of two processes can make the hard link, so both get the same file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.touch(mode=0o600)
    draft.write_text(text)
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
