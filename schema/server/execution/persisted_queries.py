"""Texts of documents by their SHA-256, so that clients need not send them each time (Apollo's "automatic persisted queries").

Each process remembers for itself, and forgets what was not used for longest. A client whose document is not known here sends it
again, so nothing depends on what is kept.
"""

import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from schema.server.refusals import BadRequest, PersistedQueryNotFound

MOST_QUERIES: Final = 2_000

MOST_CHARACTERS: Final = 8_000_000
"""The longest that all texts together may be."""


@dataclass(slots=True)
class PersistedQueries:
    most: int = MOST_QUERIES
    most_characters: int = MOST_CHARACTERS
    characters: int = 0
    texts: OrderedDict[str, str] = field(default_factory=OrderedDict)

    def find(self, digest: str) -> str:
        """Returns the text of a digest in hexadecimal digits. Raises PersistedQueryNotFound."""
        text = self.texts.get(digest)
        if text is None:
            raise PersistedQueryNotFound
        self.texts.move_to_end(digest)
        return text

    def keep(self, digest: str, text: str) -> None:
        if digest in self.texts or len(text) > self.most_characters:
            return
        self.texts[digest] = text
        self.characters += len(text)
        while len(self.texts) > self.most or self.characters > self.most_characters:
            self.characters -= len(self.texts.popitem(last=False)[1])


def check_digest(digest: str, text: str) -> None:
    """Raises BadRequest when another text has this digest."""
    if not hmac.compare_digest(sha256(text.encode()).hexdigest().encode(), digest.encode("utf-8", "replace")):
        raise BadRequest("`extensions.persistedQuery.sha256Hash` is not the SHA-256 of `query` in hexadecimal digits")
