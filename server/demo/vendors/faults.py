"""Faults that a vendor's server makes on purpose, as data: scripted row by row, or drawn from a seed."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from aiohttp.abc import AbstractResolver, ResolveResult


class FaultKind(StrEnum):
    """Kinds of fault: of a request, of a stream, or of the data itself."""

    TIME_OUT = "time_out"
    RESET = "reset"
    HALF_BODY = "half_body"
    SLOW_BODY = "slow_body"
    UNAUTHORISED = "unauthorised"
    FORBIDDEN = "forbidden"
    TOO_MANY = "too_many"
    SERVER_ERROR = "server_error"
    HTML = "html"
    STREAM_SILENT = "stream_silent"
    STREAM_CLOSED = "stream_closed"
    STREAM_GAP = "stream_gap"
    STREAM_OUT_OF_ORDER = "stream_out_of_order"
    STREAM_DUPLICATE = "stream_duplicate"
    CLOCK_SKEW = "clock_skew"
    WRONG_PRICE = "wrong_price"


STREAM_FAULTS = tuple(kind for kind in FaultKind if kind.startswith("stream_"))
DATA_FAULTS = (FaultKind.CLOCK_SKEW, FaultKind.WRONG_PRICE)
REQUEST_FAULTS = tuple(kind for kind in FaultKind if kind not in (*STREAM_FAULTS, *DATA_FAULTS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault on the paths that begin with ``path``, from the ``first`` request or stream message on.

    It happens ``count`` times, or until it is lifted with ``None``. ``seconds`` is the Retry-After of too_many
    (0: none), the duration of slow_body or the shift of clock_skew; ``factor`` is that of wrong_price.
    """

    kind: FaultKind
    path: str = ""
    first: int = 1
    count: int | None = 1
    seconds: float = 0.0
    factor: float = 1.01


@dataclass(slots=True)
class _Row:
    fault: Fault
    seen: int = 0

    def hits(self, path: str) -> bool:
        """Count a request on ``path`` and return whether the fault happens to it."""
        if not path.startswith(self.fault.path):
            return False
        self.seen += 1
        after = self.seen - self.fault.first
        return after >= 0 and (self.fault.count is None or after < self.fault.count)


@dataclass(slots=True)
class Faults:
    """The faults of one server; rows can be added and lifted while it runs.

    With ``chance`` each request and each stream message also meets a fault of ``kinds`` with that probability, by
    a generator seeded with ``seed``. ``happened`` lists what was done, as (kind, path).
    """

    rows: Sequence[Fault] = ()
    seed: int = 0
    chance: float = 0.0
    kinds: tuple[FaultKind, ...] = ()
    happened: list[tuple[FaultKind, str]] = field(default_factory=list)
    _active: list[_Row] = field(init=False)
    _random: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._active = [_Row(fault) for fault in self.rows]
        self._random = random.Random(self.seed)

    def add(self, *faults: Fault) -> None:
        self._active.extend(_Row(fault) for fault in faults)

    def lift(self) -> None:
        """End all faults, those drawn by chance included."""
        self._active.clear()
        self.chance = 0.0

    def of_request(self, path: str) -> Fault | None:
        """Return the fault of one more request, if any."""
        return self._next(path, REQUEST_FAULTS)

    def of_stream(self, path: str) -> Fault | None:
        """Return the fault of one more stream message, if any."""
        return self._next(path, STREAM_FAULTS)

    @property
    def skew(self) -> timedelta:
        """The shift of the server's clock."""
        rows = (row.fault.seconds for row in self._active if row.fault.kind is FaultKind.CLOCK_SKEW)
        return timedelta(seconds=sum(rows))

    @property
    def price_factor(self) -> float:
        """The factor by which every price of an underlying is wrong; 1 when none is."""
        rows = (row.fault.factor for row in self._active if row.fault.kind is FaultKind.WRONG_PRICE)
        return next(rows, 1.0)

    def _next(self, path: str, kinds: tuple[FaultKind, ...]) -> Fault | None:
        hit = [row.fault for row in self._active if row.fault.kind in kinds and row.hits(path)]
        drawable = [kind for kind in self.kinds if kind in kinds]
        if not hit and drawable and self._random.random() < self.chance:
            hit = [Fault(kind=self._random.choice(drawable), seconds=0.3)]
        if not hit:
            return None
        self.happened.append((hit[0].kind, path))
        return hit[0]


class LocalNames(AbstractResolver):
    """Resolves every host name to this machine; while ``failing`` it fails as a name server does."""

    def __init__(self) -> None:
        self.failing = False

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        if self.failing:
            raise OSError(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return [
            ResolveResult(hostname=host, host="127.0.0.1", port=port, family=socket.AF_INET, proto=0, flags=0)
        ]

    async def close(self) -> None:
        return None
