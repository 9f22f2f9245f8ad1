"""The page of the API's documentation: one static file that reads /openapi.json, and nothing from elsewhere."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from functools import cache
from importlib.resources import files

from aiohttp import web

_INLINE = re.compile(r"<(script|style)>(.*?)</\1>", re.DOTALL)


async def docs_page() -> web.Response:
    """Return the page; it holds nothing of the engine, so that it is open where reading needs a token."""
    body, policy = await asyncio.to_thread(_page)
    headers = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.Response(body=body, headers=headers)


@cache
def _page() -> tuple[bytes, str]:
    """Return the page, and a policy: only its own script and styles run, and only this listener is asked."""
    text = files("server.http").joinpath("docs.html").read_text("utf-8")
    hashes = {kind: _hash(content) for kind, content in _INLINE.findall(text)}
    policy = (
        f"default-src 'none'; script-src '{hashes['script']}'; style-src '{hashes['style']}'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return text.encode(), policy


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
