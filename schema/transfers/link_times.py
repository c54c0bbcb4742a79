"""The links of this installation, and for how long they can be used."""

from datetime import timedelta
from typing import Final

from schema.server.context import Info
from schema.transfers.links import Links

LINK_TIME: Final = timedelta(hours=1)
"""How long a download link works. Reading the job again gives a new one."""


def links_of(info: Info) -> Links:
    """The links of this installation."""
    links = info.context.links
    assert links is not None, "the API was built without links"
    return links
