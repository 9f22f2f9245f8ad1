"""Pages of the ledger: the query that selects one, and the page itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PageQuery:
    """One page of a list, newest first: ``what`` is decisions | ledger | receipts | trades | closed |
    approvals | risk_events.

    ``closed`` are whole ledger entries of which contracts were sold.
    """

    what: str
    limit: int = 20
    cursor: str | None = None
    filters: Mapping[str, str] = field(default_factory=dict)
    order: str = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    items: tuple[Mapping[str, Any], ...]
    next_cursor: str | None
