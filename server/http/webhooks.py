"""The webhook endpoints: check the secret, read the body, store it, answer.

Invariant: once a receipt is stored its answer is never 5xx; 503 means that nothing was stored. Most webhooks take the
direct way (``direct.py``), which shares every step with this one.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Sequence
from typing import NamedTuple

from aiohttp import hdrs, web

from core.intake import extract_secrets, remove_known_secrets, split
from core.model import Intent, Source
from server.config import ENDPOINTS
from server.http.auth import EVERYTHING, Access, Admission
from server.http.bodies import charset_of, decode_body, expand, read_body, too_large
from server.http.credentials import PRICE
from server.http.limits import RateLimiter
from server.http.problems import Refused, document
from server.http.protocol import engage
from server.http.remote import Networks, Sender
from server.http.views import json_response, receipt_answer
from server.ledger.codec import encode_any
from server.runtime.ports import Intake, NotStored, Overloaded, WebhookAnswer

log = logging.getLogger("gatedeck.http")

ROOT = "/api/webhooks"
ALIASES = "/api/phase25/webhooks"
ALIASED = ("signals", "saty-phase")
RETRY_AFTER = "5"

WEBHOOK_PATHS: dict[str, str | None] = {
    ROOT: None,
    f"{ROOT}/{PRICE}": PRICE,
    **{f"{ROOT}/{name}": name for name in ENDPOINTS},
    **{f"{ALIASES}/{name}": name for name in ALIASED},
}
"""Every webhook address and its endpoint; ``None`` detects the source from the body alone."""

ENDPOINT_OF = {Source(source): name for name, source in ENDPOINTS.items()}


def hint_of(endpoint: str | None) -> str | None:
    """Return the address that the intake takes as a hint of a body's source."""
    return None if endpoint is None else f"{ROOT}/{endpoint}"


class Admitted(NamedTuple):
    """A webhook let in by its address and headers; ``charset`` and ``coded`` are what these say of its body."""

    endpoint: str | None
    sender: Sender
    admission: Admission
    charset: str | None
    coded: bool


class Webhooks:
    """Handles the webhooks of all endpoints."""

    def __init__(
        self,
        intake: Intake,
        access: Access,
        *,
        proxies: Networks,
        limiter: RateLimiter,
        max_body_bytes: int,
    ) -> None:
        self._intake = intake
        self._access = access
        self._known_secrets = access.known_secrets
        self._proxies = proxies
        self._limiter = limiter
        self._limit = max_body_bytes

    async def receive(
        self, request: web.BaseRequest, endpoint: str | None, path_secret: str | None = None
    ) -> web.Response:
        """Answer one POST. Raises Refused if it has no access, cannot be read or is not stored."""
        admitted = self.admit(request, endpoint, path_secret)
        body = await read_body(request, self._limit)
        engage(request)
        text = self.read(request, admitted, body)
        hint = hint_of(endpoint)
        if not isinstance(text, str):
            return await self.each(text, hint)
        try:
            given = await self._intake.submit(text, hint)
        except Exception as error:
            raise refusal(error) from error
        return json_response(answer_body(given), given.http_status)

    def admit(self, request: web.BaseRequest, endpoint: str | None, path_secret: str | None) -> Admitted:
        """Let a webhook in by its address and headers; raises Refused."""
        sender = Sender.of(request, self._proxies)
        if not sender.is_this_machine:
            self._charge(sender.address)
        return Admitted(
            endpoint,
            sender,
            self._access.admit(request, endpoint, path_secret, sender),
            charset_of(request),
            hdrs.CONTENT_ENCODING in request.headers,
        )

    def admit_again(self, request: web.BaseRequest, before: Admitted) -> Admitted:
        """Let in a webhook with the head of one that was let in before on its connection; raises Refused."""
        if before.admission is EVERYTHING:
            return before
        if not before.sender.is_this_machine:
            self._charge(before.sender.address)
        admission = self._access.admit(request, before.endpoint, None, before.sender)
        return before._replace(admission=admission)

    def read(self, request: web.BaseRequest, admitted: Admitted, body: bytes) -> str | tuple[str, ...]:
        """Return the text to store, or those of an array's items, without their secrets; raises Refused.

        ``body`` is as it was sent: it is decompressed here, once its sender is known.
        """
        admission, endpoint = admitted.admission, admitted.endpoint
        if len(body) > self._limit:
            raise too_large(self._limit)
        if admission.signed:
            admission = self._access.verify_signature(request, admission, body, endpoint)
        # Cut before anything is stored: receipts, the log and every answer show the text without its secrets.
        plain = expand(request, body, self._limit) if admitted.coded else body
        text, secrets = extract_secrets(decode_body(plain, admitted.charset))
        admission = self._access.verify_body_secret(admission, secrets, endpoint)
        text = remove_known_secrets(text, self._known_secrets)
        items = (text,) if text.startswith("{") else split(text)
        if self._access.by_source:
            for item in items:
                self._access.verify_source(admission, self._source_of(item, endpoint))
        if items == (text,):
            return text
        if not admitted.sender.is_this_machine:
            self._limiter.take(admitted.sender.address, len(items) - 1)
        return items

    def _source_of(self, item: str, endpoint: str | None) -> str | None:
        """Return the endpoint whose secret an item needs, by what it means; ``None`` if it cannot be read."""
        update = self._intake.read(item, hint_of(endpoint))
        if update is None:
            return None
        return PRICE if update.intent is Intent.BAR else ENDPOINT_OF[update.source]

    async def each(self, items: Sequence[str], hint: str | None) -> web.Response:
        """Store each item of an array as a receipt of its own; the answer has one element for each."""
        results = await asyncio.gather(
            *(self._intake.submit(item, hint) for item in items), return_exceptions=True
        )
        status = 200
        answers: list[bytes] = []
        for result in results:
            if isinstance(result, WebhookAnswer):
                status = max(status, result.http_status)
                answers.append(answer_body(result))
            elif isinstance(result, Exception):
                refused = refusal(result)
                status = max(status, refused.status)
                answers.append(encode_any(document(refused.code, refused.detail)))
            else:
                raise result
        response = json_response(b"[%b]" % b",".join(answers), status)
        if status in (429, 503):
            response.headers["Retry-After"] = RETRY_AFTER
        return response

    def _charge(self, remote: str) -> None:
        wait = self._limiter.take(remote)
        if wait > 0.0:
            raise Refused(
                "RATE_LIMITED",
                "too many webhooks from this address",
                {"Retry-After": str(math.ceil(wait))},
                close=True,
            )


def answer_body(given: WebhookAnswer) -> bytes:
    """Return the answer for a stored receipt. Never raises: after a 5xx the sender would send it again."""
    try:
        return encode_any(receipt_answer(given))
    except Exception as error:
        log.exception("the answer of receipt %s could not be written", given.receipt_id, exc_info=error)
        bare = WebhookAnswer(
            http_status=given.http_status, status=given.status, receipt_id=given.receipt_id, code=given.code
        )
        return encode_any(receipt_answer(bare))


def refusal(error: Exception) -> Refused:
    """Return the refusal for an error of the intake, which raises only while nothing is stored."""
    headers = {"Retry-After": RETRY_AFTER}
    if isinstance(error, Overloaded):
        return Refused("OVERLOADED", "too many webhooks are waiting; send it again later", headers)
    if not isinstance(error, NotStored):
        log.error("a receipt was not stored", exc_info=error)
    return Refused("NOT_STORED", "the receipt could not be stored; send it again", headers)
