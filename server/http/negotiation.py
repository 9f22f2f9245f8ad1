"""Content types and validators of HTTP: Accept, Content-Type, ETag and If-None-Match."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

from aiohttp import hdrs, web

from server.http.problems import Refused

_UNTOLD = "application/x-www-form-urlencoded"
_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_ZERO = re.compile(r"0(\.0{0,3})?")


def require_acceptable(request: web.BaseRequest, media: Sequence[str]) -> None:
    """Raise Refused if the Accept header excludes every content type that the answer can have."""
    accept = request.headers.get(hdrs.ACCEPT, "").strip()
    if not accept or accept == "*/*":
        return
    allowed: dict[str, bool] = {}
    for each in accept.lower().split(","):
        name, *parameters = (part.strip() for part in each.split(";"))
        allowed[name] = not any(p.startswith("q=") and _ZERO.fullmatch(p[2:]) for p in parameters)
    for one in media:
        # The most specific of the ranges that fit decides.
        ranges = (one, f"{one.partition('/')[0]}/*", "*/*")
        if next((allowed[name] for name in ranges if name in allowed), False):
            return
    raise Refused("NOT_ACCEPTABLE", f"the answer is {' or '.join(media)}, which the Accept header excludes")


def require_json(request: web.BaseRequest) -> None:
    """Raise Refused if the Content-Type names another form than JSON; without one the body is taken for JSON.

    So it is with the type that curl and urllib state for any body unless told otherwise: no command takes a form.
    """
    stated = request.headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    if stated in ("", "application/json", _UNTOLD) or (
        stated.startswith("application/") and stated.endswith("+json")
    ):
        return
    shown = stated[:60].encode("ascii", "replace").decode()
    raise Refused(
        "MEDIA_TYPE_NOT_READ",
        f"a command's body is application/json, not {shown}",
        {"Accept": "application/json"},
    )


def with_etag(request: web.BaseRequest, response: web.StreamResponse) -> web.StreamResponse:
    """Return the answer with its ETag, or 304 without a body if If-None-Match names it."""
    if (
        not isinstance(response, web.Response)
        or response.status != 200
        or not isinstance(response.body, bytes)
    ):
        return response
    tag = f'"{hashlib.blake2b(response.body, digest_size=12).hexdigest()}"'
    # Whoever keeps an answer has to ask whether it is still the present one.
    headers = {hdrs.ETAG: tag, hdrs.CACHE_CONTROL: "private, no-cache"}
    known = request.headers.get(hdrs.IF_NONE_MATCH, "").strip()
    if known == "*" or tag.strip('"') in _TAG.findall(known):
        return web.Response(status=304, headers=headers)
    response.headers.update(headers)
    return response
