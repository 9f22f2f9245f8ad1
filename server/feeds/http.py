"""Requests to one vendor: time-outs, retries, rate budget, circuit breaker, and every fault as a value.

Invariants, tested under these names: a request never raises; no key and no query is in any text; a key is sent to
the configured address only, never after a redirect; an answer larger than the limit is not read to its end.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson

from server.feeds.base import FeedStatus
from server.feeds.breaker import Breaker
from server.feeds.budget import Budget, ReadRate
from server.feeds.values import Fault, Unavailable
from server.feeds.vendor import VendorTools

LATENCIES = 256
KEY_AGAIN_SECONDS = 60.0
"""Pause after a refused key: it may be renewed, but it must not be tried at every price."""
DOWN_AFTER = 3
"""Refusals in a row, of whatever kind, after which a vendor counts as down."""
CLOCK_TOLERANCE = 2.0
"""Seconds of difference between two clocks that are not told: a Date header counts whole seconds."""

_BROKEN = frozenset(
    {
        Fault.TIMED_OUT,
        Fault.UNREACHABLE,
        Fault.MALFORMED,
        Fault.TOO_LARGE,
        Fault.REDIRECTED,
        Fault.VENDOR_ERROR,
    }
)
"""Faults of the vendor or the way to it; the others are correct answers that hold no value."""
_RETRIED = frozenset({Fault.TIMED_OUT, Fault.UNREACHABLE, Fault.MALFORMED, Fault.VENDOR_ERROR})

Json = Any
"""A decoded JSON body."""
Check = Callable[[int, Json], Unavailable | None]
"""Looks at an answer's status and body for an error the vendor writes into it (the body is ``None`` if no JSON)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpLimits:
    """Seconds for a whole request and for its connection, tries of a read, first pause between them, largest body."""

    total: float = 4.0
    connect: float = 1.5
    tries: int = 3
    pause: float = 0.1
    max_bytes: int = 16 << 20


class VendorHttp:
    """Makes the requests of one vendor and keeps its statistics.

    ``headers`` hold the key. ``secrets`` are cut out of every text that a person may see. ``read_rate`` reads the
    vendor's rate headers. ``check`` is asked about every answer; what it returns is the answer.
    """

    def __init__(
        self,
        name: str,
        tools: VendorTools,
        base_url: str,
        budget: Budget,
        *,
        headers: Mapping[str, str] | None = None,
        secrets: tuple[str, ...] = (),
        read_rate: ReadRate | None = None,
        check: Check | None = None,
        limits: HttpLimits = HttpLimits(),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self.budget = budget
        self.breaker = Breaker(tools.random, monotonic=monotonic)
        self.clock_ahead: float | None = None
        """Seconds by which the vendor's clock is ahead of the engine's, by its last ``Date`` header."""
        self._tools = tools
        self._base = base_url.rstrip("/")
        self._headers = {"Accept": "application/json", **(headers or {})}
        self._secrets = tuple(secret for secret in secrets if secret)
        self._read_rate = read_rate
        self._check = check
        self._limits = limits
        self._monotonic = monotonic
        self._latencies: deque[float] = deque(maxlen=LATENCIES)
        self._requests = self._failures = self._failed_in_a_row = 0
        self._last_answer_at: datetime | None = None
        self._last_error: str | None = None
        self._last_error_at: datetime | None = None
        self._key_refused_until = -math.inf
        self._key_refused = False

    async def get(
        self,
        path: str,
        params: Mapping[str, str] | None = None,
        *,
        cost: int = 1,
        urgent: bool = False,
        check: Check | None = None,
    ) -> Json | Unavailable:
        """Return the decoded JSON of a read, or why there is none. ``check`` is asked before the vendor's own."""
        return await self._ask("GET", path, params, None, cost, urgent, check, self._limits.tries)

    async def post(
        self,
        path: str,
        form: Mapping[str, str] | None = None,
        *,
        cost: int = 1,
        urgent: bool = False,
        check: Check | None = None,
    ) -> Json | Unavailable:
        """Return the decoded JSON of a form-encoded request. It is sent once: it may have had an effect."""
        return await self._ask("POST", path, None, form or {}, cost, urgent, check, 1)

    def status(self, **given: Any) -> FeedStatus:
        """Return the statistics as a feed's status; ``given`` fields, such as offers and stream, are added."""
        state, detail = self._state()
        ahead = self.clock_ahead
        if ahead is not None and abs(ahead) > CLOCK_TOLERANCE:
            detail = ", ".join(part for part in (detail, clock_text(self.name, ahead)) if part)
        note = given.pop("note", "")
        latencies = sorted(self._latencies)
        fields: dict[str, Any] = {
            "name": self.name,
            "state": state,
            "detail": ", ".join(part for part in (detail, note) if part),
            "requests": self._requests,
            "failures": self._failures,
            "budget_left": self.budget.left,
            "budget_limit": self.budget.limit,
            "budget_resets_in": self.budget.resets_in,
            "latency_p50_ms": _percentile(latencies, 0.5),
            "latency_p99_ms": _percentile(latencies, 0.99),
            "last_answer_at": self._last_answer_at,
            "last_error": self._last_error,
            "last_error_at": self._last_error_at,
            "clock_ahead": ahead,
        }
        return FeedStatus(**{**fields, **given})

    def refuse_key(self, text: str) -> None:
        """Note that the vendor refuses the key, here or on its stream, so that it is not tried at every price."""
        self._key_refused = True
        self._key_refused_until = self._monotonic() + KEY_AGAIN_SECONDS
        self._note_error(text)

    # --- one request ---------------------------------------------------------------------------------------

    async def _ask(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        cost: int,
        urgent: bool,
        check: Check | None,
        tries: int,
    ) -> Json | Unavailable:
        found: Json | Unavailable = Unavailable(Fault.PAUSED, f"{self.name} was not asked")
        for attempt in range(tries):
            refused = self._may_ask(cost, urgent)
            if refused is not None:
                # The first fault says more than "the budget is spent" at a later try.
                return found if attempt else refused
            try:
                found = await self._once(method, path, params, form, check)
            except BaseException:
                self.breaker.given_up()
                raise
            if not isinstance(found, Unavailable):
                self.breaker.succeeded()
                self._key_refused = False
                self._failed_in_a_row = 0
                self._last_answer_at = self._tools.clock.now()
                return found
            self._count(found)
            if found.fault not in _RETRIED or attempt + 1 == tries:
                return found
            pause = self._limits.pause * 2**attempt * self._tools.random.uniform(0.5, 1.5)
            await asyncio.sleep(pause)
        return found

    def _may_ask(self, cost: int, urgent: bool) -> Unavailable | None:
        now = self._tools.clock.now()
        if self._monotonic() < self._key_refused_until:
            text = self._last_error or f"{self.name} refuses the key"
            return Unavailable(Fault.KEY_REFUSED, text)
        if not self.breaker.allow():
            seconds = self.breaker.opens_in
            text = f"{self.name} is left alone for {seconds:.0f} s after failures: {self._last_error}"
            return Unavailable(Fault.PAUSED, text, retry_at=now + timedelta(seconds=seconds))
        if not self.budget.take(cost, urgent=urgent):
            self.breaker.given_up()
            seconds = self.budget.resets_in
            text = f"the rate budget of {self.name} is spent for {seconds:.0f} s"
            return Unavailable(Fault.BUDGET_SPENT, text, retry_at=now + timedelta(seconds=seconds))
        return None

    async def _once(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        form: Mapping[str, str] | None,
        check: Check | None,
    ) -> Json | Unavailable:
        self._requests += 1
        begun = self._monotonic()
        timeout = aiohttp.ClientTimeout(
            total=self._limits.total, connect=self._limits.connect, sock_connect=self._limits.connect
        )
        try:
            async with self._tools.session.request(
                method,
                f"{self._base}{path}",
                params=params,
                data=form,
                headers=self._headers,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                body = await self._body(answer)
        except TimeoutError:
            return self._fault(Fault.TIMED_OUT, f"no answer within {self._limits.total:g} s")
        except aiohttp.ClientConnectorDNSError:
            return self._fault(Fault.UNREACHABLE, f"the name {self._host} cannot be resolved")
        except aiohttp.ClientConnectorError:
            return self._fault(Fault.UNREACHABLE, f"no connection to {self._host}")
        except aiohttp.ClientPayloadError:
            return self._fault(Fault.MALFORMED, "the answer broke off in the middle")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return self._fault(Fault.UNREACHABLE, f"the connection failed ({type(error).__name__})")
        self._latencies.append((self._monotonic() - begun) * 1000)
        if isinstance(body, Unavailable):
            return body
        at = self._vendor_time(answer.headers)
        if self._read_rate is not None:
            self.budget.learn(self._read_rate(answer.headers, at))
        return self._judge(answer, body, check)

    async def _body(self, answer: aiohttp.ClientResponse) -> bytes | Unavailable:
        """Return the body, or a fault once it is larger than the limit; the rest is not read."""
        parts, size = [], 0
        async for part in answer.content.iter_any():
            size += len(part)
            if size > self._limits.max_bytes:
                answer.close()
                most = self._limits.max_bytes >> 20
                return self._fault(Fault.TOO_LARGE, f"the answer is larger than {most} MiB")
            parts.append(part)
        return b"".join(parts)

    def _judge(self, answer: aiohttp.ClientResponse, raw: bytes, check: Check | None) -> Json | Unavailable:
        body, decoded = None, False
        with suppress(orjson.JSONDecodeError):
            body, decoded = orjson.loads(raw), True
        for each in (check, self._check):
            found = None if each is None else each(answer.status, body)
            if found is not None:
                return self._take(found, answer)
        if (fault := self._by_status(answer)) is not None:
            return self._take(fault, answer)
        if decoded and body is not None:
            return body
        kind = "is empty" if not raw.strip() or decoded else "is no JSON"
        if raw.lstrip()[:1] == b"<":
            kind = "is a web page or XML, not JSON"
        return self._fault(Fault.MALFORMED, f"the answer {kind}")

    def _by_status(self, answer: aiohttp.ClientResponse) -> Unavailable | None:
        status = answer.status
        if 200 <= status < 300:
            return None
        if 300 <= status < 400:
            return self._fault(Fault.REDIRECTED, "the answer sends elsewhere; keys are not sent there")
        if status == 401:
            return self._fault(Fault.KEY_REFUSED, "the key is refused (401)")
        if status == 403:
            return self._fault(Fault.KEY_REFUSED, "the key may not read this (403)")
        if status == 404:
            return self._fault(Fault.NO_DATA, "nothing is known of it (404)")
        if status == 429:
            return self._fault(Fault.BUDGET_SPENT, "too many requests (429)")
        if status in (408, 425):
            return self._fault(Fault.TIMED_OUT, f"the vendor waited too long ({status})")
        if status >= 500:
            return self._fault(Fault.VENDOR_ERROR, f"the vendor has an error ({status})")
        return self._fault(Fault.REFUSED, f"the request is refused ({status})")

    def _take(self, found: Unavailable, answer: aiohttp.ClientResponse) -> Unavailable:
        """Let a fault have its effect on the requests to come: a refused key, a spent budget, a wish to wait."""
        wait = self._retry_after(answer.headers)
        if found.fault is Fault.BUDGET_SPENT:
            if wait is None and found.retry_at is not None:
                wait = (found.retry_at - self._tools.clock.now()).total_seconds()
            self.budget.block(wait if wait is not None else max(1.0, self.budget.resets_in))
        elif wait is not None:
            self.budget.block(min(wait, self.budget.window))
        if found.fault is Fault.KEY_REFUSED:
            self.refuse_key(found.text)
        return replace(found, text=self._clean(found.text))

    def _retry_after(self, headers: Mapping[str, str]) -> float | None:
        given = headers.get("Retry-After")
        if given is None:
            return None
        if given.strip().isdigit():
            return float(given)
        instant = _http_date(given)
        return None if instant is None else max(0.0, (instant - self._vendor_time(headers)).total_seconds())

    def _vendor_time(self, headers: Mapping[str, str]) -> datetime:
        """Return the instant of an answer on the vendor's clock, ours where it gives none."""
        now = self._tools.clock.now()
        instant = _http_date(headers.get("Date", ""))
        if instant is None:
            return now
        self.clock_ahead = (instant - now).total_seconds()
        return instant

    # --- statistics ----------------------------------------------------------------------------------------

    def _count(self, found: Unavailable) -> None:
        if found.fault in _BROKEN:
            self.breaker.failed()
        else:
            self.breaker.succeeded()
        if found.fault not in (Fault.UNKNOWN_SYMBOL, Fault.NO_DATA):
            self._failures += 1
            self._failed_in_a_row += 1
            self._note_error(found.text)

    def _note_error(self, text: str) -> None:
        self._last_error, self._last_error_at = self._clean(text), self._tools.clock.now()

    def _fault(self, fault: Fault, text: str) -> Unavailable:
        return Unavailable(fault, self._clean(f"{self.name}: {text}"))

    def _clean(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return text

    def _state(self) -> tuple[str, str]:
        if self._key_refused:
            return "KEY_REFUSED", self._last_error or ""
        if self.breaker.is_open:
            return "DOWN", self._last_error or ""
        if self.budget.is_blocked:
            return "DOWN", f"the rate budget is spent for {self.budget.blocked_for:.0f} s"
        if self._failed_in_a_row >= DOWN_AFTER:
            return "DOWN", self._last_error or ""
        if self._last_answer_at is None:
            return "WAITING", "not asked yet"
        # A small budget is spent in part of each minute: that is no failure, but a person must see it.
        spent = self.budget.left == 0
        return "OK", f"the rate budget is spent for {self.budget.resets_in:.0f} s" if spent else ""

    @property
    def _host(self) -> str:
        return urlsplit(self._base).hostname or self._base


def clock_text(name: str, ahead: float) -> str:
    """Return in words that a vendor's clock and ours differ."""
    size = f"{abs(ahead):.0f} s" if abs(ahead) < 90 else f"{abs(ahead) / 60:.0f} min"
    return f"the clock of {name} is {size} {'ahead of' if ahead > 0 else 'behind'} this machine's"


def _http_date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _percentile(ordered: list[float], share: float) -> float | None:
    return ordered[min(len(ordered) - 1, math.floor(len(ordered) * share))] if ordered else None
