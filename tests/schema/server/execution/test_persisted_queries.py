"""Documents by their SHA-256."""

from hashlib import sha256

import pytest

from schema.server.execution.persisted_queries import PersistedQueries, check_digest
from schema.server.refusals import BadRequest, PersistedQueryNotFound


def digest_of(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def keep(queries: PersistedQueries, *texts: str) -> None:
    for text in texts:
        queries.keep(digest_of(text), text)


def test_a_text_is_found_by_its_digest() -> None:
    queries = PersistedQueries()
    keep(queries, "{ a }", "{ b }")
    assert queries.find(digest_of("{ a }")) == "{ a }"
    with pytest.raises(PersistedQueryNotFound, match="^PersistedQueryNotFound$"):
        queries.find(digest_of("{ c }"))


def test_what_was_not_used_for_longest_is_forgotten() -> None:
    queries = PersistedQueries(most=2)
    keep(queries, "{ a }", "{ b }")
    queries.find(digest_of("{ a }"))
    keep(queries, "{ c }")
    assert list(queries.texts.values()) == ["{ a }", "{ c }"]


def test_all_texts_together_have_a_longest_length() -> None:
    queries = PersistedQueries(most_characters=12)
    keep(queries, "{ a }", "{ b }", "{ a }", "{ c }", "a text that is too long")
    assert (list(queries.texts.values()), queries.characters) == (["{ b }", "{ c }"], 10)


@pytest.mark.parametrize("digest", ["", "nonsense", "ü", digest_of("{ b }"), digest_of("{ a }").upper()])
def test_a_digest_of_another_text_is_refused(digest: str) -> None:
    check_digest(digest_of("{ a }"), "{ a }")
    with pytest.raises(BadRequest, match="SHA-256"):
        check_digest(digest, "{ a }")
