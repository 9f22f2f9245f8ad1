"""Pages of the ledger: the query that selects one, and the page itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """One page of a list, newest first.

    ``what`` is decisions | ledger | receipts | trades | approvals | risk_events | days | weeks | months | notes |
    setups | symbols | tags | books. ``trades`` has a row for each trade, ``days``, ``weeks`` and ``months`` the sums
    of theirs; ``setups``, ``symbols`` and ``tags`` are what trades are filtered by. A filter ``book`` asks for the
    trades of that book in place of the engine's.
    """

    what: str
    limit: int = 20
    cursor: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    order: str = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Items of a list; ``totals`` are sums over all its pages, of trades only: see ``trade_totals``."""

    items: tuple[Mapping[str, Any], ...]
    next_cursor: str | None
    totals: Mapping[str, Any] | None = None
