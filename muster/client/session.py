"""What each command begins with: the API and the output."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import click

from muster.client.exits import CommandEnds, Exit
from muster.client.output import Output
from muster.settings import Settings

if TYPE_CHECKING:
    from muster.client.api import Api


class _Options(Protocol):
    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True)
class Session:
    api: "Api"
    output: Output


def with_session(command: Callable[..., None]) -> Callable[..., None]:
    """Calls `command(session, ...)`, with an option --json. Needs MUSTER_TOKEN."""

    def run(options: _Options, /, as_json: bool, **arguments: Any) -> None:
        api = _api_of(options.settings)
        try:
            command(Session(api, Output(as_json)), **arguments)
        except KeyboardInterrupt:
            raise CommandEnds(Exit.INTERRUPTED, "Stopped. `muster jobs` shows what was started.") from None
        finally:
            api.close()

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    as_json = click.option("--json", "as_json", is_flag=True, help="JSON lines, also on a terminal.")
    return as_json(click.pass_obj(run))


def _api_of(settings: Settings) -> "Api":
    from muster.client.api import Api  # httpx takes long to import

    if settings.token is None:
        raise CommandEnds(Exit.NOT_ALLOWED, "set MUSTER_TOKEN to an API token, made with apiTokenCreate")
    return Api(settings.called_url, settings.token.get_secret_value())
