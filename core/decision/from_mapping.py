"""Facts from mappings that people write, such as golden rows and tables of tests.

Such a row is loose: sections may be absent, numbers may be texts, sessions go by several names. Stored facts are
read by ``core.from_json`` instead, which is strict.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from typing import Any, TypeVar

from core.model import (
    AlignmentFacts,
    Bias,
    Context,
    Direction,
    MarketSnapshot,
    Quality,
    RegimeFacts,
    Session,
    SignalFacts,
    SizeInputs,
    Source,
    StructureFacts,
)

E = TypeVar("E", bound=Enum)
Row = Mapping[str, Any]

UNDATED = datetime(1970, 1, 1, tzinfo=UTC)
"""Instant of a context whose mapping states none; no verdict depends on it."""

_SESSIONS = {
    **{session.value: session for session in Session},
    "REGULAR": Session.MIDDAY,
    "RTH": Session.MIDDAY,
    "CLOSED": Session.AFTERHOURS,
    "PREMARKET": Session.AFTERHOURS,
}
_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_SECTIONS = ("regime", "alignment", "structure")


class ReadingError(ValueError):
    """A mapping that cannot be read; the message names the field."""


def context_from(row: Row) -> Context:
    """Return a context from a mapping: symbol, price, regime, alignment, expert, structure, each absent or null."""
    expert = _section(row, "expert")
    given = sum(row.get(name) is not None for name in (*_SECTIONS, "expert"))
    completeness = _number(row, "completeness")
    return Context(
        symbol=str(row.get("symbol") or ""),
        as_of=_instant(row.get("as_of")) or UNDATED,
        session=_session(row),
        price=_number(row, "price"),
        regime=_regime(_section(row, "regime")),
        alignment=_alignment(_section(row, "alignment")),
        expert=None if expert is None else _expert(expert),
        structure=_structure(_section(row, "structure")),
        timeframe=_whole(row, "timeframe"),
        directions={
            str(k): _required(Direction, {"d": v}, "d") for k, v in (row.get("directions") or {}).items()
        },
        conflict=_named(Source, row, "conflict"),
        completeness=given / len(Source) if completeness is None else completeness,
    )


def market_from(row: Row) -> MarketSnapshot:
    """Return a market snapshot from a mapping; a null or absent value is unknown."""
    numbers = {name: _number(row, name) for name in _MARKET_NUMBERS}
    return MarketSnapshot(
        symbol=str(row.get("symbol") or ""),
        as_of=_instant(row.get("as_of")),
        gamma_bias=_text(row, "gamma_bias"),
        assumed=tuple(row.get("assumed") or ()),
        proxied=_text(row, "proxied"),
        feeds=dict(row.get("feeds") or {}),
        ages=dict(row.get("ages") or {}),
        **numbers,
    )


def size_inputs_from(row: Row) -> SizeInputs:
    """Return size inputs from a mapping; absent numbers are unknown, absent boosts are 0."""
    day = str(row.get("day") or "").upper()
    days = [name for name in _DAYS if len(day) >= 3 and name.startswith(day)]
    if not days:
        raise ReadingError(f"day: expected a weekday, got {row.get('day')!r}")
    return SizeInputs(
        direction=_required(Direction, row, "direction"),
        confluence=_number(row, "confluence"),
        quality=_required(Quality, row, "quality"),
        htf_alignment=str(row.get("htf_alignment") or "WEAK").upper(),
        rr1=_number(row, "rr1"),
        volume_ratio=_number(row, "volume_ratio"),
        trend_strength=_number(row, "trend_strength"),
        session=_session(row),
        day=days[0],
        phase_confidence_boost=_number(row, "phase_confidence_boost") or 0.0,
        phase_position_boost=_number(row, "phase_position_boost") or 0.0,
        trend_boost=_number(row, "trend_boost") or 0.0,
        phase=_whole(row, "phase"),
        volatility=_text(row, "volatility"),
    )


_MARKET_NUMBERS = (
    "price", "bid", "ask", "bid_size", "ask_size", "spread_bps", "depth_score", "atr14", "rsi14", "rv20",
    "volume_ratio", "trend_slope", "put_call_ratio", "iv_percentile", "max_pain",
)  # fmt: skip


def _regime(row: Row | None) -> RegimeFacts | None:
    if row is None:
        return None
    return RegimeFacts(
        phase=_whole(row, "phase"),
        confidence=_number(row, "confidence"),
        bias=_named(Bias, row, "bias"),
        volatility=_text(row, "volatility"),
        htf_alignment=bool(row.get("htf_alignment", False)),
        allows_trading=bool(row.get("allows_trading", True)),
        event=_text(row, "event"),
    )


def _alignment(row: Row | None) -> AlignmentFacts | None:
    if row is None:
        return None
    states = {str(k): _required(Bias, {"state": v}, "state") for k, v in (row.get("states") or {}).items()}
    bullish, bearish = _number(row, "bullish_pct"), _number(row, "bearish_pct")
    if bullish is None or bearish is None:
        raise ReadingError("alignment: bullish_pct and bearish_pct are needed")
    return AlignmentFacts(states=states, bullish_pct=bullish, bearish_pct=bearish)


def _expert(row: Row) -> SignalFacts:
    numbers = {name: _number(row, name) for name in _EXPERT_NUMBERS}
    return SignalFacts(
        direction=_required(Direction, row, "direction"),
        quality=_named(Quality, row, "quality"),
        event=_text(row, "event"),
        bias_4h=_named(Bias, row, "bias_4h"),
        bias_1h=_named(Bias, row, "bias_1h"),
        session=_text(row, "session"),
        day=_text(row, "day"),
        atr_is_daily=bool(row.get("atr_is_daily", False)),
        components=tuple(row.get("components") or ()),
        **numbers,
    )


_EXPERT_NUMBERS = (
    "ai_score", "entry", "stop", "target_1", "target_2", "rr1", "rr2", "volume_ratio", "trend_strength",
    "atr",
)  # fmt: skip


def _structure(row: Row | None) -> StructureFacts | None:
    if row is None:
        return None
    return StructureFacts(
        valid_setup=_flag(row, "valid_setup"),
        liquidity_ok=_flag(row, "liquidity_ok"),
        execution_quality=_text(row, "execution_quality"),
        pattern=_text(row, "pattern"),
    )


def _section(row: Row, name: str) -> Row | None:
    value = row.get(name)
    if value is None or isinstance(value, Mapping):
        return value
    raise ReadingError(f"{name}: expected an object, got {value!r}")


def _number(row: Row, name: str) -> float | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ReadingError(f"{name}: expected a number, got {value!r}") from None
    return number if isfinite(number) else None


def _flag(row: Row, name: str) -> bool:
    # A structure without this field counts as fit, like a missing structure.
    value = row.get(name)
    return True if value is None else bool(value)


def _whole(row: Row, name: str) -> int | None:
    number = _number(row, name)
    return None if number is None else int(number)


def _text(row: Row, name: str) -> str | None:
    value = row.get(name)
    return None if value is None else str(value)


def _named(kind: type[E], row: Row, name: str) -> E | None:
    value = row.get(name)
    if value is None:
        return None
    try:
        return kind(str(value).upper())
    except ValueError:
        accepted = ", ".join(str(member.value) for member in kind)
        raise ReadingError(f"{name}: {value!r} is none of {accepted}") from None


def _required(kind: type[E], row: Row, name: str) -> E:
    value = _named(kind, row, name)
    if value is None:
        raise ReadingError(f"{name}: needed")
    return value


def _session(row: Row) -> Session:
    value = row.get("session")
    if value is None:
        return Session.MIDDAY
    try:
        return _SESSIONS[str(value).upper()]
    except KeyError:
        raise ReadingError(f"session: {value!r} is none of {', '.join(_SESSIONS)}") from None


def _instant(value: Any) -> datetime | None:
    if value is None or isinstance(value, datetime):
        return value
    try:
        instant = datetime.fromisoformat(str(value))
    except ValueError:
        raise ReadingError(f"as_of: expected an ISO instant, got {value!r}") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
