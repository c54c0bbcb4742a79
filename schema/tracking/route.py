"""The tracking endpoint: POST /v1/track and its like, as Segment's libraries call it.

It stands before the other routes, because any page may call it: a key says which origins may use it.
"""

import base64
import binascii
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
import structlog
from prometheus_client import Counter

from models import clock, db
from models.errors import Throttled
from models.tracking import keys, protocol, record, rejections
from models.tracking.keys import TrackingKey
from models.tracking.protocol import CallType
from models.tracking.rejections import Rejection, RejectionCode
from schema.server.formatted_errors import AWAY
from schema.server.throttle import Throttle

log = structlog.get_logger(__name__)

MOST_BYTES: Final = 1_048_576
"""Of a body, also after it is unpacked."""

REMEMBER_SECONDS: Final = 5.0
"""How long a process uses what it has read about a key: a revoked one goes on for so long."""

_MOST_REMEMBERED: Final = 10_000

_NAMES: Final[Mapping[str, CallType | None]] = {
    **{call.value: call for call in CallType},
    **{call.value[0]: call for call in CallType},
    **dict.fromkeys(("batch", "b", "import"), None),
}
"""The last part of the address; None: many calls."""

_events = Counter("muster_tracking_events_total", "Events of tracking keys, by outcome.", ["outcome"])


class _Refused(Exception):
    def __init__(self, status: int, message: str, *headers: tuple[bytes, bytes]) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers


@dataclass(slots=True)
class _Request:
    call: CallType | None
    headers: Mapping[bytes, bytes]

    @property
    def origin(self) -> str | None:
        origin = self.headers.get(b"origin")
        return None if origin is None else origin.decode("latin-1")


class Tracking:
    """Answers /v1/<call>, and passes everything else on."""

    def __init__(self, app: Any, throttle: Throttle) -> None:
        self.app, self.throttle = app, throttle
        self._keys: dict[str, tuple[float, TrackingKey | None]] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or not scope["path"].startswith("/v1/"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        cross_origin = _cors(headers)
        try:
            if scope["method"] == "OPTIONS":
                await _answer(send, 204, None, *cross_origin, *_PREFLIGHT)
                return
            request = _Request(_call_of(scope), headers)
            await self._take(request, await _body(receive, headers))
        except _Refused as refused:
            await _answer(send, refused.status, {"error": refused.message}, *cross_origin, *refused.headers)
        except Exception as error:
            if not db.logged_as_outage(error):
                raise
            await _answer(send, 503, {"error": AWAY}, *cross_origin, (b"retry-after", b"1"))
        else:
            await _answer(send, 200, {"success": True}, *cross_origin)

    async def _take(self, request: _Request, text: bytes) -> None:
        body = _load(text)
        key = await self._key(request, body)
        if not key.admits(request.origin):
            await self._reject(
                key, [Rejection(RejectionCode.FORBIDDEN_ORIGIN, "The page's origin is not the key's.", "origin")]
            )
            raise _Refused(403, "this key is not for pages of this origin")
        size = len(body["batch"]) if request.call is None and isinstance(body.get("batch"), list) else 1
        try:
            await self.throttle.charge(f"tracking:{key.scope.workspace_id}:{key.id}", size)
        except Throttled as throttled:
            seconds = str(max(1, round(throttled.retry_after_seconds))).encode()
            raise _Refused(429, "too many events: try again later", (b"retry-after", seconds)) from None
        calls, unread = protocol.read(body, request.call, clock.now())
        recorded, rejected = await record.record(key.scope, calls)
        _events.labels("recorded").inc(recorded)
        await self._reject(key, [*unread, *rejected])
        await keys.note_use(key)

    async def _reject(self, key: TrackingKey, rejected: list[Rejection]) -> None:
        _events.labels("rejected").inc(len(rejected))
        await rejections.count(key.scope, key.id, rejected)

    async def _key(self, request: _Request, body: Mapping[str, Any]) -> TrackingKey:
        given = _basic_user(request.headers.get(b"authorization")) or body.get("writeKey") or _first_write_key(body)
        found = await self._find(given) if isinstance(given, str) else None
        if found is None:
            raise _Refused(401, "no tracking key: send it as the user name of Basic authorization, or as `writeKey`")
        return found

    async def _find(self, given: str) -> TrackingKey | None:
        now = time.monotonic()
        known = self._keys.get(given)
        if known is None or known[0] < now:
            if len(self._keys) >= _MOST_REMEMBERED:
                self._keys.clear()
            known = self._keys[given] = (now + REMEMBER_SECONDS, await keys.find(given))
        return known[1]


def _call_of(scope: Any) -> CallType | None:
    name = scope["path"].removeprefix("/v1/").rstrip("/")
    if name not in _NAMES:
        raise _Refused(404, f"there is no such call: use one of {', '.join(CallType)} or batch")
    if scope["method"] != "POST":
        raise _Refused(405, "send it by POST", (b"allow", b"POST, OPTIONS"))
    return _NAMES[name]


def _basic_user(header: bytes | None) -> str | None:
    if header is None or not header.lower().startswith(b"basic "):
        return None
    try:
        return base64.b64decode(header[6:].strip(), validate=True).decode().split(":", 1)[0] or None
    except (binascii.Error, UnicodeDecodeError):
        return None


def _first_write_key(body: Mapping[str, Any]) -> Any:
    batch = body.get("batch")
    return batch[0].get("writeKey") if isinstance(batch, list) and batch and isinstance(batch[0], dict) else None


# ---------------------------------------------------------------- bodies


async def _body(receive: Any, headers: Mapping[bytes, bytes]) -> bytes:
    coding = headers.get(b"content-encoding", b"identity").strip().lower()
    if coding not in (b"identity", b"gzip", b""):
        raise _Refused(415, "send the body as it is, or with gzip")
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise _Refused(400, "the body did not come to its end")
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MOST_BYTES:
            raise _Refused(413, f"a body may have {MOST_BYTES:,} bytes: send fewer events at once")
        if not message.get("more_body"):
            break
    return _unpacked(b"".join(chunks)) if coding == b"gzip" else b"".join(chunks)


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        text = unpacker.decompress(packed, MOST_BYTES + 1)
    except zlib.error:
        raise _Refused(400, "the body is no gzip") from None
    if len(text) > MOST_BYTES:
        raise _Refused(413, f"a body may have {MOST_BYTES:,} bytes when it is unpacked")
    return text


def _load(text: bytes) -> Mapping[str, Any]:
    try:
        body = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _Refused(400, "the body must be JSON") from None
    if not isinstance(body, dict):
        raise _Refused(400, "the body must be a JSON object")
    return body


# ---------------------------------------------------------------- answers

_PREFLIGHT: Final = (
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (b"access-control-allow-headers", b"authorization, content-type, content-encoding, x-retry-count"),
    (b"access-control-max-age", b"86400"),
)


def _cors(headers: Mapping[bytes, bytes]) -> tuple[tuple[bytes, bytes], ...]:
    """Any page may ask; a preflight does not say with which key. Beacons send credentials, so `*` is not enough."""
    origin = headers.get(b"origin")
    if origin is None:
        return ()
    return (
        (b"access-control-allow-origin", origin),
        (b"access-control-allow-credentials", b"true"),
        (b"access-control-expose-headers", b"retry-after"),
        (b"vary", b"origin"),
    )


async def _answer(send: Any, status: int, content: Any, *headers: tuple[bytes, bytes]) -> None:
    body = b"" if content is None else orjson.dumps(content)
    kind = () if content is None else ((b"content-type", b"application/json"),)
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*kind, length, *headers]})
    await send({"type": "http.response.body", "body": body})
