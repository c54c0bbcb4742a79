"""The console's page and files, of a folder like the one that a build makes."""

import gzip
import re
from pathlib import Path
from typing import Any, Final

import brotli
import pytest

from schema.server.pages.console_files import BadConsole, read
from tests.kit.api import Response, application, send
from tests.kit.toys import toy_schema

PAGE: Final = (
    '<!doctype html><html><head><base href="/" /><meta name="csp-nonce" content="" />'
    '<script type="module" src="./assets/index-4f1c.js"></script></head></html>'
)
SCRIPT: Final = b"console.log('a script that is worth compressing');" * 40
ALL: Final = "gzip, deflate, br, zstd"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("built")
    (folder / "assets").mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / "icon.svg").write_text("<svg/>")
    (folder / "assets" / "index-4f1c.js.br").write_bytes(brotli.compress(SCRIPT))
    (folder / "assets" / "late-77aa.css").write_bytes(b"a{color:red}" * 400)
    (folder / "assets" / "inter-0b1d.woff2").write_bytes(b"a font")
    (folder.parent / "secret.txt").write_text("outside")
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Any:
    return application(toy_schema(), console=folder)


def nonces_in(answer: Response) -> set[str]:
    page = re.findall(r'<meta name="csp-nonce" content="([^"]+)">', answer.body.decode())
    return {*page, *re.findall(r"'nonce-([^']+)'", answer.headers["content-security-policy"])}


@pytest.mark.parametrize(
    "path", ["/", "/segments", "/segments/U2VnOjE", "/webhooks", "/settings/", "/password"] + ["/explorers", "/v10"]
)
async def test_the_page_is_at_every_address_that_a_person_can_open(app: Any, path: str) -> None:
    answer = await send(app, "GET", path)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert b'<base href="/">' in answer.body
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize(
    "path",
    ["/assets/index-0000.js", "/assets/", "/robots.txt", "/segments/a.js", "/health/other", "/v1/nothing"]
    + ["/metrics/x", "/password/a/b", "/uploads/a/b", "/webhooks/whatsapp/x", "/explorer/nothing", "/graphql/x"]
    + ["/../secret.txt", "/assets/../../secret.txt", "/assets/..%2f..%2fsecret.txt", "//secret.txt", "/index.html"],
)
async def test_nothing_else_is_found(app: Any, path: str) -> None:
    answer = await send(app, "GET", path)
    assert answer.status == 404
    assert b"outside" not in answer.body


async def test_each_page_has_a_nonce_of_its_own_and_loads_nothing_from_elsewhere(app: Any) -> None:
    answers = [await send(app, "GET", "/", host="muster.example:8000") for _ in range(2)]
    (first,), (second,) = map(nonces_in, answers)
    assert len(first) >= 20
    assert first != second
    policy = answers[0].headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-" in policy
    assert "connect-src 'self' ws://muster.example:8000 wss://muster.example:8000;" in policy
    assert "unsafe" not in policy
    assert "etag" not in answers[0].headers


async def test_a_host_that_is_none_stays_out_of_the_policy(app: Any) -> None:
    policy = (await send(app, "GET", "/", host="a; script-src *")).headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "*" not in policy


async def test_hashed_files_are_kept_for_good_and_sent_compressed(app: Any) -> None:
    answer = await send(app, "GET", "/assets/index-4f1c.js", accept_encoding=ALL)
    assert (answer.headers["content-encoding"], brotli.decompress(answer.body)) == ("br", SCRIPT)
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "accept-encoding"
    packed = await send(app, "GET", "/assets/index-4f1c.js", accept_encoding="gzip")
    assert (packed.headers["content-encoding"], gzip.decompress(packed.body)) == ("gzip", SCRIPT)
    plain = await send(app, "GET", "/assets/index-4f1c.js")
    assert ("content-encoding" in plain.headers, plain.body) == (False, SCRIPT)
    assert len({one.headers["etag"] for one in (answer, packed, plain)}) == 3


async def test_without_a_brotli_file_it_is_gzip_made_once(app: Any) -> None:
    first, second = [await send(app, "GET", "/assets/late-77aa.css", accept_encoding=ALL) for _ in range(2)]
    assert (first.headers["content-encoding"], first.body) == ("gzip", second.body)
    only_brotli = await send(app, "GET", "/assets/late-77aa.css", accept_encoding="br")
    assert "content-encoding" not in only_brotli.headers


async def test_a_font_is_compressed_already(app: Any) -> None:
    answer = await send(app, "GET", "/assets/inter-0b1d.woff2", accept_encoding=ALL)
    assert (answer.headers["content-type"], answer.body) == ("font/woff2", b"a font")
    assert "content-encoding" not in answer.headers


@pytest.mark.parametrize("path", ["/assets/index-4f1c.js", "/icon.svg"])
async def test_a_browser_that_has_a_file_gets_it_once(app: Any, path: str) -> None:
    tag = (await send(app, "GET", path, accept_encoding=ALL)).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        again = await send(app, "GET", path, accept_encoding=ALL, if_none_match=known)
        assert (again.status, again.body, again.headers["etag"]) == (304, b"", tag)
    assert (await send(app, "GET", path, accept_encoding=ALL, if_none_match='"other"')).status == 200


async def test_a_file_without_a_hash_in_its_name_is_asked_for_each_time(app: Any) -> None:
    assert (await send(app, "GET", "/icon.svg")).headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/", "/assets/index-4f1c.js"])
async def test_head_gives_the_headers_alone_and_other_methods_are_refused(app: Any, path: str) -> None:
    head, whole = await send(app, "HEAD", path), await send(app, "GET", path)
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(whole.body))
    posted = await send(app, "POST", path)
    assert (posted.status, posted.headers["allow"]) == (405, "GET, HEAD")


async def test_other_routes_keep_their_methods(app: Any) -> None:
    assert (await send(app, "GET", "/uploads/x")).status == 405
    assert (await send(app, "GET", "/health/live")).json() == {"status": "live"}


@pytest.mark.parametrize("path", ["/muster", "/muster/segments", "/segments"])
async def test_behind_a_path_everything_is_found_below_it(folder: Path, path: str) -> None:
    app = application(toy_schema(), console=folder, public_url="https://example.com/muster/")
    assert b'<base href="/muster/">' in (await send(app, "GET", path)).body
    assert (await send(app, "GET", "/muster/assets/index-4f1c.js")).body == SCRIPT
    asked = await send(app, "POST", "/muster/graphql", {"query": "{ __typename }"})
    assert asked.json()["data"] == {"__typename": "Query"}


async def test_a_checkout_without_a_console_says_how_to_make_one(tmp_path: Path) -> None:
    for app in (application(toy_schema()), application(toy_schema(), console=tmp_path / "missing")):
        answer = await send(app, "GET", "/segments")
        assert (answer.status, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
        assert b"make console" in answer.body


def test_a_page_without_its_marks_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text(PAGE.replace("csp-nonce", "nonce"))
    with pytest.raises(BadConsole, match="csp-nonce"):
        read(tmp_path)
