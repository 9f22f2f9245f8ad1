"""Read a request's body up to a size limit, without trusting the length that its sender states."""

from __future__ import annotations

import asyncio

from aiohttp import StreamReader, web

from server.http.problems import Refused

READ_SECONDS = 10.0
"""Longest time for a body; a sender that sends single bytes would otherwise hold a connection forever."""


async def read_body(request: web.BaseRequest, limit: int) -> bytes:
    """Return the body, decompressed if the header says so. Raises Refused.

    A stated length over ``limit`` bytes is refused before reading; otherwise reading stops at the limit.
    """
    content = request.content
    try:
        if content.is_eof():
            # It came with the headers, as nearly every webhook does: no await, no timer.
            body = content.read_nowait(-1)
            if len(body) > limit:
                raise _too_large(limit)
            return body
        if (request.content_length or 0) > limit:
            raise _too_large(limit)
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
            raise _too_large(limit)
    return bytes(parts)


def _too_large(limit: int) -> Refused:
    return Refused("BODY_TOO_LARGE", f"a body may be at most {limit // 1024} KiB", close=True)
