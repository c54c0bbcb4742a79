"""Answers are compressed for those who take it; streams are not."""

import gzip
from typing import Any

import brotli
import pytest

from schema.server.transports.compression import LARGE_BYTES, SMALLEST_BYTES, coding_for, compress
from tests.kit.api import application, send
from tests.kit.toys import toy_schema


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        ("GZIP, deflate, BR", "br"),
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("br;q=0, gzip", "gzip"),
        ("br;q=x, gzip;q=0", None),
        ("*", "br"),
        ("*;q=0", None),
        ("identity;q=0, *", "br"),
        ("deflate, zstd", None),
    ],
)
def test_the_coding_is_one_that_the_client_takes(accepted: str | None, coding: str | None) -> None:
    assert coding_for(accepted) == coding


@pytest.mark.parametrize("size", [SMALLEST_BYTES, LARGE_BYTES + 1])
@pytest.mark.parametrize(("coding", "decompress"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_a_body_is_the_same_after_decompression(size: int, coding: str, decompress: Any) -> None:
    body = b"0123456789" * (size // 10 + 1)
    compressed, used = await compress(body, coding)
    assert (decompress(compressed), used) == (body, coding)
    assert len(compressed) < len(body) / 4


async def test_small_bodies_are_left_as_they_are() -> None:
    body = b"x" * (SMALLEST_BYTES - 1)
    assert await compress(body, "gzip, br") == (body, None)


MANY = {"query": "{ plainToys(count: 200) { name madeAt } }"}


@pytest.mark.parametrize(("coding", "decompress"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_answers_are_compressed(coding: str, decompress: Any) -> None:
    app = application(toy_schema())
    plain = await send(app, "POST", "/graphql", MANY)
    answer = await send(app, "POST", "/graphql", MANY, accept_encoding=coding)
    assert "content-encoding" not in plain.headers
    assert (answer.headers["content-encoding"], int(answer.headers["content-length"])) == (coding, len(answer.body))
    assert "accept-encoding" in answer.headers["vary"]
    assert decompress(answer.body).startswith(plain.body[:2_000])


async def test_streams_and_small_answers_are_not_compressed() -> None:
    app = application(toy_schema())
    accept = {"accept_encoding": "gzip, br"}
    small = await send(app, "POST", "/graphql", {"query": "{ __typename }"}, **accept)
    stream = await send(app, "POST", "/graphql", MANY, accept="text/event-stream", **accept)
    assert "content-encoding" not in small.headers
    assert "content-encoding" not in stream.headers
    assert b"event: next" in stream.body
