"""What the settings come to on this machine: where the servers are, and with what secret tokens are signed."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from muster.errors import SetupError
from muster.local.embedded import Postgres, Valkey, exclusive_use, is_in_use, running
from muster.settings import Settings

if TYPE_CHECKING:  # the command line answers before the ORM is loaded
    from models.accounts.sessions import Signing


@dataclass(frozen=True)
class Installation:
    """All that a process of ours needs to know to start."""

    settings: Settings
    database_url: str
    redis_url: str
    secret: str


def embedded_postgres(settings: Settings) -> Postgres:
    """The PostgreSQL of the data directory, whether it runs or not."""
    return Postgres(settings.data_dir / "postgres")


def embedded_valkey(settings: Settings) -> Valkey:
    """The Valkey of the data directory, whether it runs or not."""
    return Valkey(settings.data_dir / "valkey")


def embedded_servers(settings: Settings) -> list[Postgres | Valkey]:
    """The servers that have to run here: those for which no URL is set."""
    servers: list[Postgres | Valkey] = []
    if settings.database_url is None:
        servers.append(embedded_postgres(settings))
    if settings.redis_url is None:
        servers.append(embedded_valkey(settings))
    return servers


def installation(settings: Settings) -> Installation:
    """Where everything is. Nothing is started, and nothing is asked whether it answers."""
    return Installation(
        settings=settings,
        database_url=settings.database_url or embedded_postgres(settings).url,
        redis_url=settings.redis_url or embedded_valkey(settings).url,
        secret=_secret(settings),
    )


def use_secret_keys(place: Installation) -> None:
    """Have this process seal and unseal the secrets of channels with the keys of the installation."""
    from models.accounts import secrets as sealing

    sealing.use_keys([key.get_secret_value() for key in place.settings.secret_keys] or [place.secret])


def signing(place: Installation) -> "Signing":
    """How this installation signs sessions."""
    from models.accounts.sessions import Signing

    return Signing(place.secret, timedelta(minutes=place.settings.session_minutes))


@contextmanager
def with_servers(settings: Settings) -> Iterator[Installation]:
    """For commands that end: use the servers of a run that is up, or start them for as long as the command takes."""
    servers = embedded_servers(settings)
    if not servers:
        yield installation(settings)
    elif is_in_use(settings.data_dir):
        must_run(settings)
        yield installation(settings)
    else:
        with exclusive_use(settings.data_dir), running(*servers):
            yield installation(settings)


def must_run(settings: Settings) -> None:
    """SetupError when an embedded server that we need does not answer."""
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
    """Of two processes that start at once, both end with the same file."""
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
