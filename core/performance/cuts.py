"""Breakdowns ("cuts"): the properties trades are grouped by, and the bands of numeric ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.model import Direction, ExitReason, Quality, Session
from core.notes import TAG_CUTS
from core.performance.trade import Trade
from core.thresholds import at_least

UNKNOWN = "unknown"
RULES, PERSON = "rules", "a person"
"""The two who decide on trades: the rules, or a person against their verdict."""

Bands = tuple[tuple[float, str], ...]
"""(from this value on, label), from the lowest band up."""

MULTIPLIER_BANDS: Bands = (
    (0.0, "0.5–1×"),
    (1.0, "1–1.5×"),
    (1.5, "1.5–2×"),
    (2.0, "2–2.5×"),
    (2.5, "2.5–3×"),
)
CONFIDENCE_BANDS: Bands = (
    (0.0, "under 50"), (50.0, "50–60"), (60.0, "60–70"), (70.0, "70–80"), (80.0, "80–90"), (90.0, "90–100"),
)  # fmt: skip
DTE_BANDS: Bands = ((0, "0DTE"), (1, "1–7 days"), (8, "8–45 days"), (46, "over 45 days"))
"""Bounds in days to expiry at which the rules' spread and volatility terms change."""

_PHASES = {1: "1 accumulation", 2: "2 markup", 3: "3 distribution", 4: "4 markdown"}
_NO_PHASE = "no phase known"


def band(value: float | None, bands: Bands) -> str:
    """Return the label of the highest band that begins at or below a value."""
    if value is None:
        return UNKNOWN
    return next((label for start, label in reversed(bands) if at_least(value, start)), bands[0][1])


@dataclass(frozen=True, slots=True)
class Cut:
    """One property that trades are grouped by; buckets in the given ``order``, all others by their size."""

    name: str
    title: str
    label: Callable[[Trade], str]
    order: tuple[str, ...] = ()


def _timeframe(trade: Trade) -> str:
    minutes = trade.timeframe
    if minutes is None:
        return "not stated"
    if minutes >= 1440:
        return f"{minutes // 1440}D"
    return f"{minutes // 60}h" if minutes >= 60 and minutes % 60 == 0 else f"{minutes}m"


def _labels(bands: Bands) -> tuple[str, ...]:
    return (*(label for _, label in bands), UNKNOWN)


_ALL = (
    Cut("setup", "setup", lambda t: t.setup or "no setup named"),
    Cut(
        "multiplier",
        "size multiplier",
        lambda t: band(t.multiplier, MULTIPLIER_BANDS),
        _labels(MULTIPLIER_BANDS),
    ),
    Cut(
        "timeframe",
        "timeframe",
        _timeframe,
        (
            "1m",
            "2m",
            "3m",
            "5m",
            "10m",
            "15m",
            "30m",
            "45m",
            "1h",
            "2h",
            "3h",
            "4h",
            "1D",
            "7D",
            "not stated",
        ),
    ),
    Cut("quality", "quality", lambda t: t.quality or UNKNOWN, tuple(Quality)),
    Cut(
        "confidence",
        "confidence",
        lambda t: band(t.confidence, CONFIDENCE_BANDS),
        _labels(CONFIDENCE_BANDS),
    ),
    Cut("dte", "days to expiry", lambda t: band(t.dte, DTE_BANDS), _labels(DTE_BANDS)),
    Cut("symbol", "symbol", lambda t: t.symbol or UNKNOWN),
    Cut("direction", "direction", lambda t: t.direction or UNKNOWN, tuple(Direction)),
    Cut("session", "session", lambda t: t.session or UNKNOWN, tuple(Session)),
    Cut(
        "weekday",
        "weekday",
        lambda t: t.weekday or UNKNOWN,
        ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    ),
    Cut(
        "phase",
        "phase",
        lambda t: _NO_PHASE if t.phase is None else _PHASES.get(t.phase, str(t.phase)),
        (*_PHASES.values(), _NO_PHASE),
    ),
    Cut("exit_reason", "exit reason", lambda t: t.exit_reason or UNKNOWN, tuple(ExitReason)),
    Cut("decided_by", "decided by", lambda t: PERSON if t.by_hand else RULES, (RULES, PERSON)),
)

CUTS: Mapping[str, Cut] = {cut.name: cut for cut in _ALL}
"""Every cut by its name; ``quality``, ``session`` and ``weekday`` are those at the entry."""


CUT_TITLES: Mapping[str, str] = {**{name: cut.title for name, cut in CUTS.items()}, **TAG_CUTS}
"""Every cut that a report can be broken down by, with its title."""


def labels_of(trade: Trade) -> dict[str, str]:
    """Return the bucket of a trade in every cut."""
    return {name: cut.label(trade) for name, cut in CUTS.items()}
