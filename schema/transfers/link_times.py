from datetime import timedelta
from typing import Final

from schema.server.context import Info
from schema.transfers.links import Links

LINK_TIME: Final = timedelta(hours=1)
"""Reading the job again gives a new link."""


def links_of(info: Info) -> Links:
    links = info.context.links
    assert isinstance(links, Links), "the API was built without links"
    return links
