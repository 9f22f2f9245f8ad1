"""Read a request's body up to a size limit, without trusting the length that its sender states.

aiohttp does not decompress here: ``expand`` does, after the sender is known, and never more than the limit.
"""

from __future__ import annotations

import asyncio
import zlib

from aiohttp import StreamReader, hdrs, web

from server.http.problems import Refused

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
"""Content codings that are read, with zlib's parameter."""
MOST_EXPANDED = 100
"""Largest ratio of a body to its compressed form; JSON of webhooks stays under 20, and a bomb is near 1,000."""
_UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
READ_SECONDS = 10.0
"""Longest time for a body; a sender that sends single bytes would otherwise hold a connection forever."""


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """Return the body as it was sent, see ``expand``. Raises Refused.

    A stated length over ``limit`` bytes is refused before reading; otherwise reading stops at the limit.
    """
    content = request.content
    _window_bits(request)
    try:
        if content.is_eof():
            # It came with the headers, as nearly every webhook does: no await, no timer.
            body = content.read_nowait(-1)
            if len(body) > limit:
                raise too_large(limit)
            return body
        if (request.content_length or 0) > limit:
            raise too_large(limit)
        if request.headers.get("Expect", "").lower() == "100-continue":
            # The low-level server leaves this to its handler.
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0
        async with asyncio.timeout(READ_SECONDS):
            return await _read(content, limit)
    except Refused:
        raise
    except TimeoutError:
        raise Refused(
            "BODY_TIMEOUT", f"the body did not arrive within {READ_SECONDS:g} s", close=True
        ) from None
    except ConnectionError:
        raise
    except Exception as error:
        # Whatever the parser finds wrong with a foreign body is its sender's fault.
        raise Refused(
            "BAD_BODY", f"the body could not be read ({type(error).__name__})", close=True
        ) from error


async def _read(content: StreamReader, limit: int) -> bytes:
    parts = bytearray()
    while chunk := await content.readany():
        parts += chunk
        if len(parts) > limit:
            raise too_large(limit)
    return bytes(parts)


def _window_bits(request: web.BaseRequest) -> int | None:
    """Return zlib's parameter for the body's coding, ``None`` for a plain body; raises Refused naming another one."""
    coding = request.headers.get(hdrs.CONTENT_ENCODING, "").strip().lower()
    if coding in ("", "identity"):
        return None
    if coding not in _WINDOW_BITS:
        shown = coding[:40].encode("ascii", "replace").decode()
        raise Refused(
            "CODING_NOT_READ",
            f"the content coding {shown} cannot be read here; send gzip, deflate or none",
            {"Accept-Encoding": "gzip, deflate"},
            close=True,
        )
    return _WINDOW_BITS[coding]


def expand(request: web.BaseRequest, body: bytes, limit: int) -> bytes:
    """Return the body without its content coding, of at most ``limit`` bytes. Raises Refused.

    Call it only for a sender that is known. A body of more than ``MOST_EXPANDED`` times its compressed form is
    refused as well.
    """
    bits = _window_bits(request)
    if bits is None:
        return body
    try:
        reader = zlib.decompressobj(bits)
        try:
            plain = reader.decompress(body, limit + 1)
        except zlib.error:
            if bits != zlib.MAX_WBITS:
                raise
            reader = zlib.decompressobj(
                -zlib.MAX_WBITS
            )  # "deflate" without its header, as some senders write it
            plain = reader.decompress(body, limit + 1)
    except zlib.error:
        raise Refused("BAD_BODY", "the body is not of the content coding that its header states") from None
    if len(plain) > MOST_EXPANDED * len(body):
        raise Refused(
            "CODING_NOT_READ",
            f"the body is more than {MOST_EXPANDED} times its compressed form; send it without a content coding",
            close=True,
        )
    if len(plain) > limit:
        raise too_large(limit)
    if not reader.eof:
        raise Refused("BAD_BODY", "the compressed body is cut short")
    if reader.unused_data:
        raise Refused("BAD_BODY", "something follows the compressed body")
    return plain


def charset_of(request: web.BaseRequest) -> str | None:
    """Return the charset of the Content-Type; the header is parsed only if it names one, which few senders do."""
    return request.charset if "charset" in request.headers.get(hdrs.CONTENT_TYPE, "").lower() else None


def decode_body(body: bytes, charset: str | None) -> str:
    """Return the body as text; raises Refused naming an encoding that is unknown, and for UTF-16.

    JSON between programs is UTF-8; UTF-16 is known by its byte order mark or its zero bytes. A byte that does not
    fit is replaced, so that the receipt is kept and the rest can be read.
    """
    if body[:2] in _UTF16_MARKS or (len(body) >= 4 and body[:4].count(0) >= 2):
        raise Refused("BAD_BODY", "the body is in UTF-16 and is not read; send UTF-8")
    if charset is None or charset.lower() in _UTF8_NAMES:
        return body.decode("utf-8", "replace")
    if charset.lower().replace("_", "-") == "utf-16":
        # Declared, but neither mark nor zero bytes: such a sender means UTF-8.
        return body.decode("utf-8", "replace")
    return _decode(body, charset)


def _decode(body: bytes, encoding: str) -> str:
    try:
        return body.decode(encoding, "replace")
    except LookupError:
        raise Refused("BAD_BODY", f"the encoding {encoding[:40]!r} is not known; send UTF-8") from None


def too_large(limit: int) -> Refused:
    """Return the refusal of a body over ``limit`` bytes."""
    return Refused("BODY_TOO_LARGE", f"a body may be at most {limit // 1024} KiB", close=True)
