"""Read a request's body up to a size limit, without trusting the length that its sender states."""

from __future__ import annotations

import asyncio

from aiohttp import StreamReader, hdrs, web

from server.http.problems import Refused

_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_CODINGS = frozenset({"identity", "gzip", "x-gzip", "deflate", "br", "zstd"})
"""Content codings that aiohttp reads or refuses by itself."""
_UTF8_NAMES = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
READ_SECONDS = 10.0
"""Longest time for a body; a sender that sends single bytes would otherwise hold a connection forever."""


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """Return the body, decompressed if the header says so. Raises Refused.

    A stated length over ``limit`` bytes is refused before reading; otherwise reading stops at the limit.
    """
    content = request.content
    coding = request.headers.get("Content-Encoding", "")
    if coding and coding.strip().lower() not in _CODINGS:
        raise Refused(
            "BAD_BODY", f"the content coding {coding[:40]} cannot be read here; send gzip, deflate or none"
        )
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
